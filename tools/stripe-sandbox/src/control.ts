import type { Account } from './account';
import { faultKinds, type Fault, type FaultKind } from './faults';
import { runDue } from './timers';

/** An unusable request to the sandbox's own endpoints. */
export class ControlError extends Error {}

type Body = Record<string, unknown>;

const wholeNumber = (body: Body, name: string, otherwise: number): number => {
  const value = body[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ControlError(`${name} must be a whole number of at least 0`);
  }
  return value;
};

export const clockReading = ({ clock }: Account) => ({
  now: clock.nowSeconds(),
  iso: new Date(clock.nowMs()).toISOString(),
});

/** Moves the clock by `advanceSeconds`, or to `now` (seconds), and lets happen what was due. */
export const moveClock = (account: Account, body: Body): void => {
  const { clock, store } = account;
  const milliseconds =
    body['now'] === undefined
      ? wholeNumber(body, 'advanceSeconds', NaN) * 1000
      : wholeNumber(body, 'now', NaN) * 1000 - clock.nowMs();
  if (milliseconds < 0) throw new ControlError('the clock does not run backwards');
  store.transaction(() => clock.advance(milliseconds));
  runDue(account);
};

const textOf = (match: Body, name: string): Record<string, string> => {
  const value = match[name];
  if (value === undefined) return {};
  if (typeof value !== 'string') throw new ControlError(`match.${name} must be text`);
  return { [name]: value };
};

export const plantFault = (account: Account, body: Body): Fault => {
  const kind = faultKinds.find((known): known is FaultKind => known === body['kind']);
  if (kind === undefined) throw new ControlError(`kind must be one of ${faultKinds.join(', ')}`);
  const match = (body['match'] ?? {}) as Body;
  return account.faults.add({
    kind,
    match: { ...textOf(match, 'method'), ...textOf(match, 'path'), ...textOf(match, 'eventType') },
    times: wholeNumber(body, 'times', 1),
    delayMilliseconds: wholeNumber(body, 'delayMilliseconds', kind === 'slow' ? 1000 : 60_000),
    delaySeconds: wholeNumber(body, 'delaySeconds', 60),
    remembered: body['remembered'] !== false,
  });
};

/** The account in sums per currency (minor units) and charges, to compare with someone's books. */
export const summary = (account: Account): object => {
  const { store } = account;
  const add = (sums: Record<string, number>, currency: string, amountMinor: number) => {
    sums[currency] = (sums[currency] ?? 0) + amountMinor;
    return sums;
  };
  const charges = store.all('charge');
  const rows = store.all('balance_transaction');
  return {
    ...clockReading(account),
    captured: charges.reduce((sums, c) => add(sums, c.currency, c.amount_captured), {}),
    refunded: charges.reduce((sums, c) => add(sums, c.currency, c.amount_refunded), {}),
    fees: rows.reduce((sums, row) => add(sums, row.currency, row.fee), {}),
    paidOut: store.all('payout').reduce((sums, p) => add(sums, p.currency, p.amount), {}),
    charges: charges.map((charge) => ({
      id: charge.id,
      amount: charge.amount,
      amount_captured: charge.amount_captured,
      amount_refunded: charge.amount_refunded,
      balance_transaction: charge.balance_transaction,
      captured: charge.captured,
      created: charge.created,
      currency: charge.currency,
      customer: charge.customer,
      metadata: charge.metadata,
      payment_intent: charge.payment_intent,
      status: charge.status,
    })),
    pendingWebhooks: store.all('delivery').filter(({ status }) => status === 'pending').length,
  };
};
