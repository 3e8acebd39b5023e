import { checkOf, expectationOf, type Expectation, type Violation } from './judge';
import type { Observation, SeenEntry } from './observation';
import type { RanSession } from './ran-session';

const currency = 'EUR';

const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

const balanceOf = ({ balances }: Observation, account: string): bigint =>
  sum(
    balances
      .filter((row) => row.currency === currency && row.account === account)
      .map(({ balanceMinor }) => BigInt(balanceMinor)),
  );

const leftOf = ({ lines }: SeenEntry): bigint =>
  sum(lines.map(({ side, amountMinor }) => BigInt(amountMinor) * (side === 'debit' ? 1n : -1n)));

const expectedSum = (
  ran: readonly RanSession[],
  pick: (expectation: Expectation) => bigint,
): bigint =>
  sum(
    ran.flatMap((one) => {
      const expectation = expectationOf(one);
      return expectation === undefined ? [] : [pick(expectation)];
    }),
  );

/** The books as a whole: against themselves, against the processor, and against the chargers. */
export const judgeBooks = (ran: readonly RanSession[], seen: Observation): readonly Violation[] => {
  const check = checkOf('books');
  const { captured, fees, paidOut, refunded } = seen.processor;
  const cents = (sums: Readonly<Record<string, number>>): bigint =>
    BigInt(sums[currency.toLowerCase()] ?? 0);
  const capturedMinor = expectedSum(ran, (expectation) => expectation.capturedMinor);
  const refundedMinor = expectedSum(ran, (expectation) => expectation.refundedMinor);
  const clearing = seen.balances.filter(({ account }) => account.startsWith('assets:processor:'));
  return [
    ...check(
      'trial-balance',
      0n,
      sum(seen.balances.map(({ balanceMinor }) => BigInt(balanceMinor))),
    ),
    ...seen.entries.flatMap((entry) =>
      checkOf(`entry ${entry.entryId} ${entry.postingRule}`)('entry-balance', 0n, leftOf(entry)),
    ),
    ...check('captured-in-all', capturedMinor, cents(captured)),
    ...check('refunded-in-all', refundedMinor, cents(refunded)),
    ...check('fees', cents(fees), balanceOf(seen, 'expenses:fees:processing')),
    ...check('paid-out', cents(paidOut), balanceOf(seen, 'assets:bank:operating')),
    ...check(
      'left-at-the-processor',
      cents(captured) - cents(refunded) - cents(fees) - cents(paidOut),
      sum(clearing.map(({ balanceMinor }) => BigInt(balanceMinor))),
    ),
    ...check('left-on-drivers', 0n, balanceOf(seen, 'assets:receivable:driver')),
    ...check(
      'uncollected',
      expectedSum(ran, (expectation) => expectation.receivableMinor),
      balanceOf(seen, 'assets:receivable:uncollected'),
    ),
    ...check('suspense', 0n, balanceOf(seen, 'assets:suspense')),
  ];
};
