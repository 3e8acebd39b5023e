import type Stripe from 'stripe';
import { schedule, type Account, type ApiRequest, type Route } from '../account';
import { businessDaysAfter } from '../business-days';
import { newId } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { missing } from '../stripe-error';
import { balanceOf } from './balance';
import { recordMovement } from './balance-transaction';
import { emit } from './event';

const bankAccount = 'ba_1TallywattSandboxAccount1';
const hourMs = 3_600_000;

const releaseDue = (account: Account): Stripe.BalanceTransaction[] => {
  const now = account.clock.nowSeconds();
  return account.store
    .all('balance_transaction')
    .filter((row) => row.status === 'pending' && row.available_on <= now)
    .map((row) => account.store.put('balance_transaction', { ...row, status: 'available' }));
};

const makePayout = (
  account: Account,
  currency: string,
  members: readonly Stripe.BalanceTransaction[],
  amountMinor: number,
): void => {
  const { clock, store } = account;
  const now = clock.nowSeconds();
  const arrival = businessDaysAfter(now, 1);
  const id = newId('po');
  const own = recordMovement(account, {
    amount: -amountMinor,
    availableOn: arrival,
    currency,
    description: 'STRIPE PAYOUT',
    fee: 0,
    reportingCategory: 'payout',
    source: id,
    type: 'payout',
  });
  // The payout's own row is listed among its members, so their net amounts sum to zero.
  for (const row of [...members, own]) store.put('payout_member', { id: row.id, payout: id });
  const payout = store.put('payout', {
    id,
    object: 'payout',
    amount: amountMinor,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: arrival,
    automatic: true,
    balance_transaction: own.id,
    created: now,
    currency,
    description: 'STRIPE PAYOUT',
    destination: bankAccount,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: {},
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'in_progress',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'pending',
    trace_id: { status: 'pending', value: null },
    type: 'bank_account',
  });
  emit(account, 'payout.created', payout);
  schedule(account, 'send-payout', id, clock.nowMs() + hourMs);
  schedule(account, 'arrive-payout', id, arrival * 1000);
};

/** A settlement day: what is due becomes available, and what is available is paid out. */
export const settleDay = (account: Account): void => {
  const released = releaseDue(account);
  if (released.some(({ type }) => type !== 'payout')) {
    emit(account, 'balance.available', balanceOf(account));
  }
  const open = new Map<string, Stripe.BalanceTransaction[]>();
  for (const row of account.store.all('balance_transaction')) {
    if (row.status !== 'available') continue;
    if (account.store.get('payout_member', row.id) !== undefined) continue;
    open.set(row.currency, [...(open.get(row.currency) ?? []), row]);
  }
  for (const [currency, members] of open) {
    const amountMinor = members.reduce((sum, { net }) => sum + net, 0);
    // A balance that refunds made negative waits until new money covers it.
    if (amountMinor > 0) makePayout(account, currency, members, amountMinor);
  }
};

export const sendPayout = (account: Account, payoutId: string): void => {
  const payout = account.store.get('payout', payoutId);
  if (payout?.status !== 'pending') return;
  const sent = account.store.put('payout', { ...payout, status: 'in_transit' });
  emit(account, 'payout.updated', sent, { status: payout.status });
};

export const arrivePayout = (account: Account, payoutId: string): void => {
  const payout = account.store.get('payout', payoutId);
  if (payout?.status !== 'in_transit') return;
  const trace = { status: 'supported', value: `SANDBOX-${payout.id.slice(3, 15)}` };
  const paid = account.store.put('payout', { ...payout, status: 'paid', trace_id: trace });
  emit(account, 'payout.paid', paid);
  const reconciled = account.store.put('payout', { ...paid, reconciliation_status: 'completed' });
  emit(account, 'payout.reconciliation_completed', reconciled);
};

const list = (request: ApiRequest) => {
  const { account, parameters } = request;
  const arrival = parameters.range('arrival_date');
  const created = parameters.range('created');
  const status = parameters.text('status');
  const payouts = account.store
    .all('payout')
    .filter((payout) => within(payout.arrival_date, arrival) && within(payout.created, created))
    .filter((payout) => status === undefined || payout.status === status);
  return pageOf(request, 'payout', '/v1/payouts', payouts);
};

export const payoutRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/payouts',
    accepts: ['arrival_date', 'created', 'status', ...pageParameters],
    answer: list,
  },
  {
    method: 'GET',
    path: '/v1/payouts/:id',
    accepts: [],
    answer: ({ account, path }) => {
      const id = path['id'] ?? '';
      const payout = account.store.get('payout', id);
      if (payout === undefined) throw missing('payout', id);
      return payout;
    },
  },
];
