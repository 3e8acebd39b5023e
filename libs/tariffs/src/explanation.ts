import type { Decimal, Rational } from '@tallywatt/money';
import {
  currencyExponent,
  decimalToString,
  rational,
  roundQuotient,
  subtractRational,
} from '@tallywatt/money';
import { localParts } from '@tallywatt/time';
import type { Charge } from './charges';
import type { RatingInput } from './rated-session';

/** The sentence a driver reads beside a charge. Quantities are rounded for the eye only. */
export const explainCharge = (
  charge: Charge,
  { tariff: { currency, idleGraceSeconds }, timeZone }: RatingInput,
): string => {
  const { dimension, component, reserved, inGrace } = charge;
  const price = `${priceForPeople(component.price, currency)} ${currency}`;
  const when = `from ${clock(charge.fromMs, timeZone)} to ${clock(charge.toMs, timeZone)}`;
  switch (dimension) {
    case 'FLAT':
      return reserved ? `Reservation fee of ${price}.` : `Session fee of ${price}, charged once.`;
    case 'ENERGY':
      return (
        `${forPeople(charge.quantity, 1_000_000n, 3)} kWh ${when} at ${price} per kWh` +
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

/** The sentence beside a member discount. */
export const explainDiscount = (percent: Decimal, tier: string): string =>
  `${decimalToString(percent)} % off energy, charging time and session fee for tier ${tier}; ` +
  'idle time is not discounted.';

/** The sentence beside an adjustment to a price limit. */
export const explainLimit = (limit: 'minimum' | 'maximum', currency: string): string =>
  limit === 'minimum'
    ? `Raised to the minimum price of this tariff, in ${currency}.`
    : `Lowered to the maximum price of this tariff, in ${currency}.`;

/** Value / divisor with at most `decimals` decimals, for people. */
export const forPeople = (value: Rational, divisor: bigint, decimals: number): string => {
  const scale = 10n ** BigInt(decimals);
  const unscaled = roundQuotient(
    value.numerator * scale,
    value.denominator * divisor,
    'half-away-from-zero',
  );
  const text = decimalToString({ unscaled, scale: decimals });
  return decimals === 0 ? text : text.replace(/\.?0+$/, '');
};

const afterGrace = (idleGraceSeconds: bigint): string =>
  idleGraceSeconds === 0n
    ? ''
    : ` after the first ${duration(rational(idleGraceSeconds * 1000n, 1n))}`;

// 0.5 EUR reads as 0.50; finer prices such as 0.4999 stay as they are.
const priceForPeople = (price: Decimal, currency: string): string => {
  const missing = currencyExponent(currency) - price.scale;
  if (missing <= 0) return decimalToString(price);
  const scale = price.scale + missing;
  return decimalToString({ unscaled: price.unscaled * 10n ** BigInt(missing), scale });
};

const estimated = ({ fromBoundary, toBoundary }: Charge): string =>
  fromBoundary === 'measured' && toBoundary === 'measured'
    ? ''
    : ' The meter value where the price changed was calculated between two readings.';

const steps = ({ stepExcess, quantity, component, dimension }: Charge): string => {
  if (stepExcess.numerator === 0n) return '';
  const before = subtractRational(quantity, stepExcess);
  return dimension === 'ENERGY'
    ? `, rounded up from ${forPeople(before, 1_000_000n, 4)} kWh ` +
        `to steps of ${component.stepSize} Wh`
    : `, rounded up from ${duration(before)} to steps of ${duration(
        rational(component.stepSize * 1000n, 1n),
      )}`;
};

const duration = (quantityMs: Rational): string => {
  const seconds = roundQuotient(
    quantityMs.numerator,
    quantityMs.denominator * 1000n,
    'half-away-from-zero',
  );
  const parts = [
    [seconds / 3600n, 'h'],
    [(seconds / 60n) % 60n, 'min'],
    [seconds % 60n, 's'],
  ] as const;
  const text = parts.filter(([count]) => count > 0n).map(([count, unit]) => `${count} ${unit}`);
  return text.length === 0 ? '0 s' : text.join(' ');
};

const clock = (atMs: number, timeZone: string): string =>
  localParts(atMs, timeZone).time.replace(/:00$/, '');
