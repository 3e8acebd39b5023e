import type { Observation, SeenEntry } from './observation';

/** What a charger says of a session it ran. */
export type ChargedSession = Readonly<{
  chargePointId: string;
  transactionId: number | string;
  energyWh: bigint;
}>;

const driver = 'assets:receivable:driver';
const bank = 'assets:bank:operating';
const fees = 'expenses:fees:processing';

const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

const debitMinor = (entries: readonly SeenEntry[], account: string): bigint =>
  sum(
    entries.flatMap(({ lines }) =>
      lines
        .filter((line) => line.account === account)
        .map(({ side, amountMinor }) => BigInt(amountMinor) * (side === 'debit' ? 1n : -1n)),
    ),
  );

/** A fault in words, or none. */
export const differs = (what: string, expected: unknown, found: unknown): readonly string[] =>
  String(expected) === String(found)
    ? []
    : [`${what}: expected ${String(expected)}, found ${String(found)}`];

const ofSession = <T extends Readonly<{ sessionId?: string }>>(
  all: readonly T[],
  sessionId: string,
): readonly T[] => all.filter((one) => one.sessionId === sessionId);

/** One session through every hop: billed once, for its energy, collected once, booked once. */
const sessionFaults = (
  charged: ChargedSession,
  seen: Observation,
  priceMinor: (energyWh: bigint) => bigint,
): readonly string[] => {
  const name = `${charged.chargePointId} transaction ${charged.transactionId}`;
  const found = seen.sessions.filter(
    ({ chargePointId, ocppTransactionId }) =>
      chargePointId === charged.chargePointId &&
      ocppTransactionId === String(charged.transactionId),
  );
  const [session] = found;
  if (session === undefined || found.length > 1) return [`${name}: ${found.length} sessions`];
  const total = priceMinor(charged.energyWh);
  const cdrs = ofSession(seen.cdrs, session.id);
  const captures = ofSession(seen.payments, session.id).filter(({ captured }) => captured !== null);
  const charges = seen.processor.charges.filter(
    ({ metadata, captured }) => captured && metadata['sessionId'] === session.id,
  );
  const entries = ofSession(seen.entries, session.id);
  const subjects = ofSession(seen.subjects, session.id);
  return [
    ...differs('status at the gateway', 'closed', session.status),
    ...differs('energy at the gateway, Wh', charged.energyWh.toString(), session.energyWh),
    ...differs('CDRs', 1, cdrs.length),
    ...cdrs.flatMap((cdr) => [
      ...differs('billed mWh', charged.energyWh * 1_000n, cdr.energyMilliWh),
      ...differs('billed', total, cdr.totalInclTaxMinor),
    ]),
    ...differs('captured payments', 1, captures.length),
    ...captures.flatMap(({ captured }) => differs('captured', total, captured?.amountMinor)),
    ...differs('charges at the processor', 1, charges.length),
    ...charges.flatMap((charge) => differs('charged', total, charge.amount_captured)),
    ...['cdr.issued', 'payment.captured', 'processor.settled'].flatMap((rule) =>
      differs(
        `entries ${rule}`,
        1,
        entries.filter(({ postingRule }) => postingRule === rule).length,
      ),
    ),
    ...differs('left on the driver', 0n, debitMinor(entries, driver)),
    ...differs('subjects', 1, subjects.length),
    ...subjects.flatMap(({ status, awaited, openFindings }) =>
      status === 'reconciled' && openFindings === 0
        ? []
        : [`${status}, awaits ${awaited.join(', ')}, ${openFindings} open findings`],
    ),
  ].map((fault) => `${name}: ${fault}`);
};

/** The books as a whole against themselves and against the processor. */
const bookFaults = (seen: Observation, currency: string): readonly string[] => {
  const balance = (account: string): bigint =>
    sum(
      seen.balances
        .filter((row) => row.account === account && row.currency === currency)
        .map(({ balanceMinor }) => BigInt(balanceMinor)),
    );
  const lower = currency.toLowerCase();
  const { captured, fees: processorFees, paidOut, charges } = seen.processor;
  const capturesBooked = seen.entries.filter(
    ({ postingRule }) => postingRule === 'payment.captured',
  );
  return [
    ...differs(
      'sum of all balances',
      0n,
      sum(seen.balances.map((row) => BigInt(row.balanceMinor))),
    ),
    ...seen.entries.flatMap((entry) => {
      const accounts = new Set(entry.lines.map(({ account }) => account));
      const left = sum([...accounts].map((account) => debitMinor([entry], account)));
      return differs(`entry ${entry.entryId} (${entry.postingRule})`, 0n, left);
    }),
    ...differs(
      'charges at the processor and captures in the books',
      charges.filter((charge) => charge.captured).length,
      capturesBooked.length,
    ),
    ...differs(
      'captured at the processor and in the books',
      captured[lower] ?? 0,
      -debitMinor(capturesBooked, driver),
    ),
    ...differs('fees', processorFees[lower] ?? 0, balance(fees)),
    ...differs('paid out', paidOut[lower] ?? 0, balance(bank)),
  ];
};

/**
 * Everything in which the services, the processor and the chargers do not agree; nothing when all
 * is as it has to be once the money has settled. Each charged session must have been paid by card.
 */
export const disagreements = (
  charged: readonly ChargedSession[],
  seen: Observation,
  rules: Readonly<{ currency: string; priceMinor: (energyWh: bigint) => bigint }>,
): readonly string[] => [
  ...differs('sessions at the gateway', charged.length, seen.sessions.length),
  ...differs('CDRs in all', charged.length, seen.cdrs.length),
  ...charged.flatMap((session) => sessionFaults(session, seen, rules.priceMinor)),
  ...bookFaults(seen, rules.currency),
  ...seen.openFindings.map(
    ({ kind, sessionId, detail }) => `finding ${kind} ${sessionId}: ${detail}`,
  ),
  ...seen.parked.map((what) => `parked: ${what}`),
  ...seen.unpublished.map((what) => `not in Kafka: ${what}`),
];

/** The flat tariff of the demonstration: 0.45 EUR a kWh and 0.50 EUR a session, 19 % VAT. */
export const flatPriceMinor = (energyWh: bigint): bigint => {
  // 0.45 EUR/kWh is 45 minor units per 1000 Wh; halves are rounded up.
  const energyMinor = (energyWh * 45n * 2n + 1_000n) / 2_000n;
  const netMinor = energyMinor + 50n;
  return netMinor + (netMinor * 19n * 2n + 100n) / 200n;
};
