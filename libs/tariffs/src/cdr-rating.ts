import type { Rational } from '@tallywatt/money';
import {
  addRational,
  multiplyWhole,
  rational,
  rationalToText,
  roundQuotient,
  zeroRational,
} from '@tallywatt/money';
import { isTimeZone, timeZoneDataVersion } from '@tallywatt/time';
import type { CdrMark, CdrPeriod } from './cdr-periods';
import { cdrSegments } from './cdr-periods';
import type { Charge, MatchedSegment } from './charges';
import { matchSegments, sessionCharges } from './charges';
import type { PricedLine } from './lines';
import { sumAmounts, sumMinor, unchargedLine } from './lines';
import type { TariffDimension } from './ocpi-tariff';
import { interpolationPolicyId, ratingPolicyId, roundingPolicyId } from './policies';
import { applyPriceLimits, sumTax } from './price-limits';
import { periodOf } from './rated-periods';
import type { RatingInput } from './rated-session';
import { CannotRate } from './rated-session';
import type { AmountTotals, LineDimension, RatingReport } from './rating-report';
import type { RatingResult } from './rating-report';
import { sessionLines } from './session-lines';

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
export const rateCdr = (input: CdrRatingInput): CdrRatingResult => {
  try {
    checkCdr(input);
    return { ok: true, ...cdrReport(input) };
  } catch (error) {
    if (error instanceof CannotRate) {
      return { ok: false, reason: error.reason, detail: error.detail };
    }
    throw error;
  }
};

const checkCdr = ({ tariff, timeZone, currency, cdr }: CdrRatingInput): void => {
  if (!isTimeZone(timeZone)) {
    throw new CannotRate('time-zone-unknown', `${JSON.stringify(timeZone)} is not an IANA zone`);
  }
  if (currency !== undefined && currency !== tariff.currency) {
    const found = `the location charges in ${currency}, the tariff in ${tariff.currency}`;
    throw new CannotRate('currency-mismatch', found);
  }
  const { startMs, endMs, periods } = cdr;
  const inside = ({ fromMs }: CdrPeriod): boolean =>
    Number.isSafeInteger(fromMs) && fromMs >= startMs && fromMs <= endMs;
  if (!Number.isSafeInteger(startMs) || !Number.isSafeInteger(endMs) || !periods.every(inside)) {
    throw new CannotRate('session-times-unusable', 'a period starts outside of its CDR');
  }
  if (startMs < (tariff.startAtMs ?? -Infinity) || startMs >= (tariff.endAtMs ?? Infinity)) {
    throw new CannotRate('tariff-not-in-force', 'the CDR starts outside its validity');
  }
};

const cdrReport = (input: CdrRatingInput): { report: RatingReport; marks: readonly CdrMark[] } => {
  const { tariff, cdr } = input;
  const { parts, sessionStartMs, marks } = cdrSegments(input);
  const matched = parts.flatMap(({ segment, tariffHere }) => matchSegments(tariffHere, [segment]));
  // The lines ask the session for nothing but its times.
  const times = { startMs: sessionStartMs, stopMs: cdr.endMs, endMs: cdr.endMs };
  const meterless = { meterStartMilliWh: 0n, meterStopMilliWh: 0n, readings: [] };
  const asked: RatingInput = { ...input, session: { ...times, ...meterless } };
  const charges = sessionCharges(matched);
  const priced = sessionLines(charges, asked);
  const isMinimumDue = (tariff.minPrice?.exclVat.unscaled ?? 0n) !== 0n;
  const limited = priced.length === 0 && isMinimumDue ? [unchargedLine(asked)] : priced;
  const { adjustments, taxes, exclTax, inclTax } = applyPriceLimits(limited, tariff);
  const all = [...priced, ...adjustments];
  const exclTaxMinor = sumMinor(all);
  const taxMinor = sumTax(taxes);
  const energy = matched.at(-1)?.segment.toEnergyMilliWh ?? zeroRational;
  const chargingMs = millisecondsOf(matched, 'charging');
  const parkingMs = millisecondsOf(matched, 'parking');
  const report: RatingReport = {
    currency: tariff.currency,
    lines: all.map(({ line }) => line),
    taxes,
    totals: {
      exclTaxMinor,
      taxMinor,
      inclTaxMinor: exclTaxMinor + taxMinor,
      exclTaxExact: rationalToText(exclTax),
      inclTaxExact: rationalToText(inclTax),
      byDimension: totalsByDimension(all),
    },
    energyMilliWh: roundQuotient(energy.numerator, energy.denominator, 'half-away-from-zero'),
    energyWhExact: rationalToText(thousandth(energy)),
    chargingSeconds: chargingMs / 1000n,
    parkingSeconds: parkingMs / 1000n,
    billedEnergyWhExact: billed(energy, charges, 'ENERGY'),
    billedChargingSecondsExact: billed(rational(chargingMs, 1n), charges, 'TIME'),
    billedParkingSecondsExact: billed(rational(parkingMs, 1n), charges, 'PARKING_TIME'),
    periods: matched.map((one) => periodOf(one, one)),
    marks: [],
    ratingPolicyId,
    roundingPolicyId,
    interpolationPolicyId,
    timeZoneDataVersion: timeZoneDataVersion(),
  };
  return { report, marks };
};

const thousandth = ({ numerator, denominator }: Rational): Rational =>
  rational(numerator, multiplyWhole(denominator, 1000));

const millisecondsOf = (matched: readonly MatchedSegment[], use: string): bigint =>
  BigInt(
    matched.reduce(
      (sum, { segment }) => (segment.use === use ? sum + segment.toMs - segment.fromMs : sum),
      0,
    ),
  );

const billed = (
  quantity: Rational,
  charges: readonly Charge[],
  dimension: TariffDimension,
): string =>
  rationalToText(
    thousandth(
      charges
        .filter((charge) => charge.dimension === dimension && !charge.reserved)
        .reduce((sum, { stepExcess }) => addRational(sum, stepExcess), quantity),
    ),
  );

const totalsByDimension = (lines: readonly PricedLine[]): AmountTotals['byDimension'] => {
  const kinds = [...new Set(lines.map(({ line }) => line.dimension))];
  return Object.fromEntries(
    kinds.map((kind: LineDimension) => {
      const group = lines.filter(({ line }) => line.dimension === kind);
      return [
        kind,
        { amountExact: rationalToText(sumAmounts(group)), amountMinor: sumMinor(group) },
      ];
    }),
  );
};
