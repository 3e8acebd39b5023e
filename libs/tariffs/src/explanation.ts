import type { Decimal, Rational, Whole } from '@tallywatt/money';
import {
  currencyExponent,
  decimalToString,
  divideWhole,
  multiplyWhole,
  powerOfTen,
  rational,
  rationalToText,
  roundQuotient,
  subtractRational,
  subtractWhole,
  wholeOf,
} from '@tallywatt/money';
import { wallClockText } from '@tallywatt/time';
import type { Charge } from './charges';
import type { RatingInput } from './rated-session';

/** The sentence a driver reads beside a charge. Quantities are rounded for the eye only. */
export const explainCharge = (
  charge: Charge,
  { tariff: { currency, idleGraceSeconds }, timeZone }: RatingInput,
): string => {
  const { dimension, component, reserved, inGrace } = charge;
  const price = `${priceForPeople(component.price, currency)} ${currency}`;
  const when = `from ${wallClockText(charge.fromMs, timeZone)} to ${wallClockText(charge.toMs, timeZone)}`;
  switch (dimension) {
    case 'FLAT':
      return reserved ? `Reservation fee of ${price}.` : `Session fee of ${price}, charged once.`;
    case 'ENERGY':
      return (
        `${forPeople(charge.quantity, 1_000_000, 3)} kWh ${when} at ${price} per kWh` +
        `${steps(charge)}.${estimated(charge)}`
      );
    case 'TIME': {
      const doing = reserved ? 'reserved' : 'charging';
      return `${duration(charge.quantity)} ${doing} ${when} at ${price} per hour${steps(charge)}.`;
    }
    case 'PARKING_TIME':
      return inGrace
        ? `${duration(charge.quantity)} connected without charging, free of charge as grace.`
        : `${duration(charge.quantity)} connected without charging` +
            `${afterGrace(idleGraceSeconds)}, ${when}, at ${price} per hour${steps(charge)}.`;
  }
};

/** The sentence beside an adjustment to a price limit. */
export const explainLimit = (limit: 'minimum' | 'maximum', currency: string): string =>
  limit === 'minimum'
    ? `Raised to the minimum price of this tariff, in ${currency}.`
    : `Lowered to the maximum price of this tariff, in ${currency}.`;

/** Value / divisor with at most `decimals` decimals, for people. */
export const forPeople = (value: Rational, divisor: number, decimals: number): string => {
  const scale = powerOfTen(decimals);
  const rounded = roundQuotient(
    multiplyWhole(value.numerator, scale),
    multiplyWhole(value.denominator, divisor),
    'half-away-from-zero',
  );
  return rationalToText(rational(rounded, scale));
};

const afterGrace = (idleGraceSeconds: bigint): string =>
  idleGraceSeconds === 0n ? '' : ` after the first ${durationText(wholeOf(idleGraceSeconds))}`;

/** 0.5 EUR reads as 0.50; finer prices such as 0.4999 stay as they are. */
export const priceForPeople = (price: Decimal, currency: string): string => {
  const missing = currencyExponent(currency) - price.scale;
  if (missing <= 0) return decimalToString(price);
  const unscaled = multiplyWhole(wholeOf(price.unscaled), powerOfTen(missing));
  return decimalToString({ unscaled, scale: price.scale + missing });
};

const estimated = ({ fromBoundary, toBoundary }: Charge): string =>
  fromBoundary === 'measured' && toBoundary === 'measured'
    ? ''
    : ' The meter value where the price changed was calculated between two readings.';

const steps = ({ stepExcess, quantity, component, dimension }: Charge): string => {
  if (stepExcess.numerator === 0) return '';
  const before = subtractRational(quantity, stepExcess);
  return dimension === 'ENERGY'
    ? `, rounded up from ${forPeople(before, 1_000_000, 4)} kWh ` +
        `to steps of ${component.stepSize} Wh`
    : `, rounded up from ${duration(before)} ` +
        `to steps of ${durationText(wholeOf(component.stepSize))}`;
};

const duration = ({ numerator, denominator }: Rational): string =>
  durationText(
    wholeOf(roundQuotient(numerator, multiplyWhole(denominator, 1000), 'half-away-from-zero')),
  );

const durationText = (seconds: Whole): string => {
  const minutes = divideWhole(seconds, 60);
  const text =
    counted(divideWhole(minutes, 60), 'h') +
    counted(modulo(minutes, 60), 'min') +
    counted(modulo(seconds, 60), 's');
  return text === '' ? '0 s' : text.slice(1);
};

const counted = (count: Whole, unit: string): string => (count > 0 ? ` ${count} ${unit}` : '');

const modulo = (value: Whole, divisor: number): Whole =>
  subtractWhole(value, multiplyWhole(divideWhole(value, divisor), divisor));
