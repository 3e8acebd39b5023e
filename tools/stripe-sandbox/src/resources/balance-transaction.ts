import type Stripe from 'stripe';
import { schedule, type Account, type ApiRequest, type Route } from '../account';
import { businessDaysAfter } from '../business-days';
import { feeMinor } from '../fees';
import { newId } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { missing } from '../stripe-error';
import { testCardOf } from './payment-method';
import { emit } from './event';

interface Movement {
  /** Minor units, negative when money leaves the balance. */
  amount: number;
  currency: string;
  type: Stripe.BalanceTransaction.Type;
  reportingCategory: string;
  source: string;
  description: string | null;
  fee: number;
  availableOn: number;
}

/** Adds one row to the account's balance and sees to it that it becomes available in time. */
export const recordMovement = (account: Account, movement: Movement): Stripe.BalanceTransaction => {
  const { clock, store } = account;
  const { amount, availableOn, currency, fee } = movement;
  const now = clock.nowSeconds();
  const row = store.put('balance_transaction', {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: availableOn,
    balance_type: 'payments',
    created: now,
    currency,
    description: movement.description,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency,
              description: 'Stripe processing fees',
              type: 'stripe_fee',
            },
          ],
    net: amount - fee,
    reporting_category: movement.reportingCategory,
    source: movement.source,
    status: availableOn <= now ? 'available' : 'pending',
    type: movement.type,
  });
  // What is available at once goes out with the payout of the next business day.
  const day = availableOn <= now ? businessDaysAfter(now, 1) : availableOn;
  schedule(account, 'settle-day', String(day), day * 1000);
  return row;
};

/** Stores a charge that was just captured, with its balance transaction. */
export const recordCapture = (account: Account, captured: Stripe.Charge): Stripe.Charge => {
  const { clock, settings, store } = account;
  const method = captured.payment_method ?? '';
  const now = clock.nowSeconds();
  const row = recordMovement(account, {
    amount: captured.amount_captured,
    availableOn: testCardOf(account, method).bypassesPending
      ? now
      : businessDaysAfter(now, settings.settlementBusinessDays),
    currency: captured.currency,
    description: captured.description,
    fee: feeMinor(captured.amount_captured, captured.currency, settings.fees),
    reportingCategory: 'charge',
    source: captured.id,
    type: 'charge',
  });
  return store.put('charge', { ...captured, balance_transaction: row.id });
};

/** Gives an asynchronously captured charge its balance transaction. */
export const settleCharge = (account: Account, chargeId: string): Stripe.Charge | undefined => {
  const charge = account.store.get('charge', chargeId);
  if (charge === undefined || charge.balance_transaction !== null) return charge;
  const settled = recordCapture(account, charge);
  emit(account, 'charge.updated', settled, { balance_transaction: null });
  return settled;
};

const list = (request: ApiRequest) => {
  const { account, parameters } = request;
  const created = parameters.range('created');
  const available = parameters.range('available_on');
  const matchers: [string, (row: Stripe.BalanceTransaction, wanted: string) => boolean][] = [
    ['currency', (row, wanted) => row.currency === wanted.toLowerCase()],
    ['payout', (row, wanted) => account.store.get('payout_member', row.id)?.payout === wanted],
    ['source', (row, wanted) => row.source === wanted],
    ['type', (row, wanted) => row.type === wanted],
  ];
  const payout = parameters.text('payout');
  if (payout !== undefined && account.store.get('payout', payout) === undefined) {
    throw missing('payout', payout, 'payout', 400);
  }
  let rows = account.store
    .all('balance_transaction')
    .filter((row) => within(row.created, created) && within(row.available_on, available));
  for (const [name, matches] of matchers) {
    const wanted = parameters.text(name);
    if (wanted !== undefined) rows = rows.filter((row) => matches(row, wanted));
  }
  return pageOf(request, 'balance_transaction', '/v1/balance_transactions', rows);
};

export const balanceTransactionRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/balance_transactions',
    accepts: ['available_on', 'created', 'currency', 'payout', 'source', 'type', ...pageParameters],
    answer: list,
  },
  {
    method: 'GET',
    path: '/v1/balance_transactions/:id',
    accepts: [],
    answer: ({ account, path }) => {
      const id = path['id'] ?? '';
      const row = account.store.get('balance_transaction', id);
      if (row === undefined) throw missing('balance transaction', id);
      return row;
    },
  },
];
