import type { CdrIssued, SessionCostEstimated } from '@tallywatt/contracts';
import { currencyExponent, decimalToString, isCurrency } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

/** What a session costs, as pricing has said it, for the driver who stands at the charger. */
export type SessionCost = Readonly<{
  cpoId: string;
  chargePointId: string;
  sessionId: string;
  /** With tax, as OCPP 2.0.1 wants it (part 2, I02). */
  totalInclTaxMinor: bigint;
  currency: string;
  energyMilliWh: bigint;
  /** Of the newest fact that it rests on; of a CDR the end of billing. */
  asOf: Instant;
  /** A running cost is replaced by one of a higher number; the final one by none. */
  sequence: bigint | 'final';
}>;

/**
 * The cost that an event tells a driver, undefined where it tells none: a price before included
 * energy has come off would frighten, and the CDR that replaces a credited one comes to nobody who
 * still stands there.
 */
export const costToldBy = (event: SessionCostEstimated | CdrIssued): SessionCost | undefined => {
  const { cpoId, chargePointId, sessionId, totalInclTaxMinor, currency, energyMilliWh } = event;
  const cost = { cpoId, chargePointId, sessionId, totalInclTaxMinor, currency, energyMilliWh };
  if (event.type === 'CdrIssued') {
    return event.replacesCdrId === undefined
      ? { ...cost, asOf: event.closedAt, sequence: 'final' }
      : undefined;
  }
  return event.beforeIncludedEnergy === true
    ? undefined
    : { ...cost, asOf: event.asOf, sequence: event.sessionSequence };
};

/** Whether a cost takes the place of another of its session. */
export const replacesCost = (one: SessionCost, known: SessionCost | undefined): boolean => {
  if (known === undefined) return true;
  if (known.sequence === 'final') return false;
  return one.sequence === 'final' || one.sequence > known.sequence;
};

/** Whether a driver who has seen the one sees nothing new in the other. */
export const showsTheSame = (one: SessionCost, seen: SessionCost | undefined): boolean =>
  seen !== undefined &&
  (one.sequence === 'final') === (seen.sequence === 'final') &&
  one.totalInclTaxMinor === seen.totalInclTaxMinor &&
  one.energyMilliWh === seen.energyMilliWh;

/** A number of JSON holds so many digits of an amount exactly. */
const digitsMax = 15;

/**
 * An amount in whole units of its currency, as OCPP has it in JSON: 1230 EUR minor is 12.3, 500 JPY is
 * 500, 1234 KWD is 1.234. Undefined where a JSON number could not hold it exactly.
 */
export const costNumber = (amountMinor: bigint, currency: string): number | undefined => {
  if (!isCurrency(currency) || amountMinor.toString().length > digitsMax) return undefined;
  return Number(decimalToString({ unscaled: amountMinor, scale: currencyExponent(currency) }));
};
