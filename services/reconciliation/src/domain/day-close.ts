import type { DayClosed } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { Amounts, Match } from './match';

/** One session of a day, as reconciliation sees it at the close. */
export type DaySubject = Readonly<{
  status: Match['status'];
  currency: string;
  openFindings: number;
  amounts: Amounts;
}>;

/** Sums a day's sessions, by currency in alphabetical order. */
export const closeDay = (
  cpoId: string,
  day: string,
  subjects: readonly DaySubject[],
  closedAt: Instant,
): DayClosed => {
  const currencies = [...new Set(subjects.map(({ currency }) => currency))].sort();
  const count = (status: Match['status']): bigint =>
    BigInt(subjects.filter((subject) => subject.status === status).length);
  return {
    type: 'DayClosed',
    cpoId,
    day,
    sessions: BigInt(subjects.length),
    reconciled: count('reconciled'),
    openFindings: subjects.reduce((total, { openFindings }) => total + BigInt(openFindings), 0n),
    quarantined: count('quarantined'),
    totals: currencies.map((currency) => {
      const of = (pick: (amounts: Amounts) => bigint): bigint =>
        subjects
          .filter((subject) => subject.currency === currency)
          .reduce((total, { amounts }) => total + pick(amounts), 0n);
      return {
        currency,
        billedMinor: of(({ billedMinor }) => billedMinor),
        capturedMinor: of(({ capturedMinor }) => capturedMinor),
        refundedMinor: of(({ refundedMinor }) => refundedMinor),
        feesMinor: of(({ feesMinor }) => feesMinor),
        receivableMinor: of(({ receivableMinor }) => receivableMinor),
      };
    }),
    closedAt,
  };
};
