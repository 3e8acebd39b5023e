import { rational, rationalToText } from '@tallywatt/money';
import { matchSegments, sessionCharges } from './charges';
import { sessionCost } from './energy-cost';
import { energyCurve } from './energy-curve';
import { occupancyTimeline } from './occupancy-timeline';
import {
  billedText,
  checkInForce,
  checkPlace,
  priceOfCharges,
  ratingOf,
  rulesOfReport,
} from './price-report';
import type { RatedSession, RatingInput, RatingRefusal } from './rated-session';
import { CannotRate } from './rated-session';
import type { RatingReport, RatingResult } from './rating-report';
import { ratedPeriods } from './rated-periods';
import { sessionSegments } from './session-segments';

/**
 * The one rating function: the price shown, the cost so far, the hold and the CDR are all this.
 * Depends on nothing but its input, the policies named in the report, and the time zone data whose
 * version the report carries. Never throws for a session or tariff it cannot price.
 */
export const rate = (input: RatingInput): RatingResult =>
  ratingOf(() => {
    checkInput(input);
    return { report: report(input) };
  });

/** What a session took, or why its meter cannot tell: the refusal that its price would have. */
export type MeteredEnergy =
  | Readonly<{ ok: true; energyMilliWh: bigint }>
  | Readonly<{ ok: false; reason: RatingRefusal; detail: string }>;

/** The energy that `rate` prices of a session; it depends on no tariff. */
export const meteredEnergy = (session: RatedSession): MeteredEnergy =>
  ratingOf(() => {
    checkTimes(session);
    return { energyMilliWh: BigInt(energyCurve(session).totalMilliWh) };
  });

const checkInput = (input: RatingInput): void => {
  checkPlace(input);
  checkTimes(input.session);
  checkInForce(input.tariff, input.session.startMs, 'session');
};

const checkTimes = ({ startMs, stopMs, endMs }: RatedSession): void => {
  const usable = [startMs, stopMs, endMs].every(Number.isSafeInteger);
  if (!usable || stopMs < startMs || endMs < stopMs) {
    const found = `start ${startMs}, stop ${stopMs}, end ${endMs} are not in order`;
    throw new CannotRate('session-times-unusable', found);
  }
};

const report = (input: RatingInput): RatingReport => {
  const { tariff, session } = input;
  const curve = energyCurve(session);
  const stretches = occupancyTimeline(session, tariff.idleGraceSeconds);
  const matched = matchSegments(tariff, sessionSegments(input, curve, stretches));
  const charges = sessionCharges(matched);
  const { exclTax, said } = priceOfCharges(charges, input);
  const price = { exact: exclTax, minor: said.totals.exclTaxMinor };
  const cost = sessionCost(input, curve, stretches, price);
  const metered = rational(curve.totalMilliWh, 1000);
  const chargingMs = millisecondsOf(stretches, 'charging');
  const parkingMs = millisecondsOf(stretches, 'parking');
  return {
    ...said,
    energyMilliWh: BigInt(curve.totalMilliWh),
    energyWhExact: rationalToText(metered),
    chargingSeconds: BigInt(Math.floor(chargingMs / 1000)),
    parkingSeconds: BigInt(Math.floor(parkingMs / 1000)),
    billedEnergyWhExact: billedText(metered, charges, 'ENERGY'),
    billedChargingSecondsExact: billedText(rational(chargingMs, 1000), charges, 'TIME'),
    billedParkingSecondsExact: billedText(rational(parkingMs, 1000), charges, 'PARKING_TIME'),
    periods: ratedPeriods(matched),
    ...(cost === undefined ? {} : { energyCost: cost }),
    marks: curve.marks,
    ...rulesOfReport(),
  };
};

const millisecondsOf = (
  stretches: readonly { fromMs: number; toMs: number; use: string }[],
  use: string,
): number =>
  stretches.reduce((sum, one) => (one.use === use ? sum + one.toMs - one.fromMs : sum), 0);
