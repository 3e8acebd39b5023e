import { rationalToText, subtractRational } from '@tallywatt/money';
import type { Matches, MatchedSegment } from './charges';
import type { TariffDimension } from './ocpi-tariff';
import type { RatedPeriod } from './rating-report';

/** The session's segments, those that are used and priced alike in one period. */
export const ratedPeriods = (matched: readonly MatchedSegment[]): RatedPeriod[] => {
  const periods: RatedPeriod[] = [];
  let first = matched[0];
  matched.forEach((last, index) => {
    const next = matched[index + 1];
    if (first === undefined || (next !== undefined && continues(last, next))) return;
    periods.push(periodOf(first, last));
    first = next;
  });
  return periods;
};

const continues = (one: MatchedSegment, next: MatchedSegment): boolean =>
  one.matches === next.matches &&
  one.segment.use === next.segment.use &&
  one.segment.inGrace === next.segment.inGrace &&
  one.segment.toMs === next.segment.fromMs;

/** From the first to the last of some segments that are used and priced alike. */
export const periodOf = (
  { segment: first, matches }: MatchedSegment,
  { segment: last }: MatchedSegment,
): RatedPeriod => ({
  fromMs: first.fromMs,
  toMs: last.toMs,
  use: last.use,
  inGrace: last.inGrace,
  energyMilliWhExact: rationalToText(
    subtractRational(last.toEnergyMilliWh, first.fromEnergyMilliWh),
  ),
  fromBoundary: first.fromBoundary,
  toBoundary: last.toBoundary,
  elementIndexes: elementIndexesOf(matches),
});

const elementIndexesOf = (matches: Matches): RatedPeriod['elementIndexes'] => {
  const indexes: Partial<Record<TariffDimension, number>> = {};
  if (matches.ENERGY !== undefined) indexes.ENERGY = matches.ENERGY.elementIndex;
  if (matches.TIME !== undefined) indexes.TIME = matches.TIME.elementIndex;
  if (matches.PARKING_TIME !== undefined) indexes.PARKING_TIME = matches.PARKING_TIME.elementIndex;
  if (matches.FLAT !== undefined) indexes.FLAT = matches.FLAT.elementIndex;
  return indexes;
};
