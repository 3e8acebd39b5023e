import { rational, rationalToText, roundQuotient, zeroRational } from '@tallywatt/money';
import type { CdrMark, CdrPeriod } from './cdr-periods';
import { cdrSegments } from './cdr-periods';
import type { MatchedSegment } from './charges';
import { matchSegments, sessionCharges } from './charges';
import {
  billedText,
  checkInForce,
  checkPlace,
  priceOfCharges,
  ratingOf,
  rulesOfReport,
  thousandth,
} from './price-report';
import { periodOf } from './rated-periods';
import type { RatingInput } from './rated-session';
import { CannotRate } from './rated-session';
import type { RatingReport, RatingResult } from './rating-report';

/** A CDR of somebody's, to be priced by its own charging periods. */
export type CdrRatingInput = Omit<RatingInput, 'session'> &
  Readonly<{
    cdr: Readonly<{ startMs: number; endMs: number; periods: readonly CdrPeriod[] }>;
  }>;

export type CdrRatingResult =
  | Readonly<{ ok: true; report: RatingReport; marks: readonly CdrMark[] }>
  | Extract<RatingResult, { ok: false }>;

/**
 * Prices the charging periods of an OCPI 2.2.1 CDR as they stand: nothing is cut, and each
 * period is priced by the elements that hold at its start, with the energy and the duration that
 * have accumulated until then. Steps, rounding, discount, limits and taxes are those of `rate`.
 */
export const rateCdr = (input: CdrRatingInput): CdrRatingResult =>
  ratingOf(() => {
    checkCdr(input);
    return cdrReport(input);
  });

const checkCdr = (input: CdrRatingInput): void => {
  checkPlace(input);
  const { startMs, endMs, periods } = input.cdr;
  const inside = ({ fromMs }: CdrPeriod): boolean =>
    Number.isSafeInteger(fromMs) && fromMs >= startMs && fromMs <= endMs;
  if (!Number.isSafeInteger(startMs) || !Number.isSafeInteger(endMs) || !periods.every(inside)) {
    throw new CannotRate('session-times-unusable', 'a period starts outside of its CDR');
  }
  checkInForce(input.tariff, startMs, 'CDR');
};

const cdrReport = (input: CdrRatingInput): { report: RatingReport; marks: readonly CdrMark[] } => {
  const { cdr } = input;
  const { parts, sessionStartMs, marks } = cdrSegments(input);
  const matched = parts.flatMap(({ segment, tariffHere }) => matchSegments(tariffHere, [segment]));
  // The lines ask the session for nothing but its times.
  const times = { startMs: sessionStartMs, stopMs: cdr.endMs, endMs: cdr.endMs };
  const meterless = { meterStartMilliWh: 0n, meterStopMilliWh: 0n, readings: [] };
  const charges = sessionCharges(matched);
  const { said } = priceOfCharges(charges, { ...input, session: { ...times, ...meterless } });
  const energy = matched.at(-1)?.segment.toEnergyMilliWh ?? zeroRational;
  const metered = thousandth(energy);
  const chargingMs = millisecondsOf(matched, 'charging');
  const parkingMs = millisecondsOf(matched, 'parking');
  const report: RatingReport = {
    ...said,
    energyMilliWh: roundQuotient(energy.numerator, energy.denominator, 'half-away-from-zero'),
    energyWhExact: rationalToText(metered),
    chargingSeconds: BigInt(Math.floor(chargingMs / 1000)),
    parkingSeconds: BigInt(Math.floor(parkingMs / 1000)),
    billedEnergyWhExact: billedText(metered, charges, 'ENERGY'),
    billedChargingSecondsExact: billedText(rational(chargingMs, 1000), charges, 'TIME'),
    billedParkingSecondsExact: billedText(rational(parkingMs, 1000), charges, 'PARKING_TIME'),
    periods: matched.map((one) => periodOf(one, one)),
    marks: [],
    ...rulesOfReport(),
  };
  return { report, marks };
};

const millisecondsOf = (matched: readonly MatchedSegment[], use: string): number =>
  matched.reduce(
    (sum, { segment }) => (segment.use === use ? sum + segment.toMs - segment.fromMs : sum),
    0,
  );
