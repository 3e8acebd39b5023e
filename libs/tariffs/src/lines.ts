import type { Decimal, Rational } from '@tallywatt/money';
import {
  currencyExponent,
  multiplyWhole,
  powerOfTen,
  rational,
  rationalFromDecimal,
  rationalToText,
  roundQuotient,
  sumRationals,
  toMinor,
  trimDecimal,
  wholeOf,
  zeroRational,
} from '@tallywatt/money';
import type { Charge } from './charges';
import { explainCharge } from './explanation';
import type { OcpiTariff, PriceComponent, TariffDimension } from './ocpi-tariff';
import type { RatingInput } from './rated-session';
import { CannotRate } from './rated-session';
import type { RatingLine } from './rating-report';

/** A line and its exact amount before it was rounded. */
export type PricedLine = Readonly<{ line: RatingLine; amount: Rational }>;

const zeroDecimal: Decimal = { unscaled: 0n, scale: 0 };

/** One line per charge, each rounded once. */
export const chargeLines = (charges: readonly Charge[], input: RatingInput): PricedLine[] =>
  charges.map((charge) => {
    const { unit, perUnit } = units[charge.dimension];
    const { numerator, denominator } = charge.quantity;
    const quantity = rational(numerator, multiplyWhole(denominator, perUnit));
    const unitPrice = charge.inGrace ? zeroDecimal : charge.component.price;
    const amount = rational(
      multiplyWhole(quantity.numerator, wholeOf(unitPrice.unscaled)),
      multiplyWhole(quantity.denominator, powerOfTen(unitPrice.scale)),
    );
    return {
      amount,
      line: {
        dimension: charge.dimension,
        quantityExact: rationalToText(quantity),
        unit,
        unitPrice,
        amountExact: rationalToText(amount),
        amountMinor: toMinor(amount, input.tariff.currency, 'half-away-from-zero'),
        taxRatePercent: taxRateOf(charge.component, input),
        tariffElementIndex: charge.elementIndex,
        fromMs: charge.fromMs,
        toMs: charge.toMs,
        fromBoundary: charge.fromBoundary,
        toBoundary: charge.toBoundary,
        explanation: explainCharge(charge, input),
      },
    };
  });

/**
 * A line of nothing, for a session that no component charges for. What a minimum price adds to it
 * is taxed at the only rate of the tariff; with several, the tax is unknown.
 */
export const unchargedLine = (input: RatingInput): PricedLine => {
  const { tariff, session } = input;
  const priced = tariff.elements
    .flatMap(({ priceComponents }) => priceComponents)
    .filter(({ price }) => price.unscaled !== 0n);
  const rates: Decimal[] = [];
  for (const component of priced) {
    const rate = taxRateOf(component, input);
    if (!rates.some((known) => sameRate(known, rate))) rates.push(rate);
  }
  const [rate, ...others] = rates;
  if (rate === undefined || others.length > 0) {
    const found = `the minimum price is due without a charge, of ${rates.length} tax rates`;
    throw new CannotRate('tax-rate-unknown', found);
  }
  return {
    amount: zeroRational,
    line: {
      dimension: 'ADJUSTMENT',
      quantityExact: '0',
      unit: 'session',
      unitPrice: zeroDecimal,
      amountExact: '0',
      amountMinor: 0n,
      taxRatePercent: rate,
      fromMs: session.startMs,
      toMs: session.endMs,
      fromBoundary: 'measured',
      toBoundary: 'measured',
      explanation: '',
    },
  };
};

/** What takes lines of one tax rate up or down to a limit, over the time that they span. */
export const adjustmentLine = (
  adjusted: readonly PricedLine[],
  change: Readonly<{ amount: Rational; amountMinor: bigint; taxRatePercent: Decimal }>,
  { currency }: OcpiTariff,
  explanation: string,
): PricedLine => {
  const { amount, amountMinor, taxRatePercent } = change;
  return {
    amount,
    line: {
      dimension: 'ADJUSTMENT',
      quantityExact: '1',
      unit: 'session',
      unitPrice: { unscaled: amountMinor, scale: currencyExponent(currency) },
      amountExact: rationalToText(amount),
      amountMinor,
      taxRatePercent,
      ...spanOf(adjusted),
      explanation,
    },
  };
};

/** The lines of one tax rate. */
export type TaxGroup = Readonly<{ ratePercent: Decimal; lines: readonly PricedLine[] }>;

/** Lines by their tax rate, rates in the order in which they first appear. */
export const byTaxRate = (lines: readonly PricedLine[]): TaxGroup[] => {
  const groups: { ratePercent: Decimal; lines: PricedLine[] }[] = [];
  for (const one of lines) {
    const ratePercent = one.line.taxRatePercent;
    const group = groups.find((known) => sameRate(known.ratePercent, ratePercent));
    if (group === undefined) groups.push({ ratePercent, lines: [one] });
    else group.lines.push(one);
  }
  return groups;
};

// Rates have no trailing zeros.
const sameRate = (one: Decimal, other: Decimal): boolean =>
  one.unscaled === other.unscaled && one.scale === other.scale;

export const sumAmounts = (lines: readonly PricedLine[]): Rational =>
  sumRationals(lines.map(({ amount }) => amount));

export const sumMinor = (lines: readonly PricedLine[]): bigint =>
  lines.reduce((sum, { line }) => sum + line.amountMinor, 0n);

/** A tax rate in percent as a factor: 20 is 1/5. */
export const taxFactor = (ratePercent: Decimal): Rational =>
  rationalFromDecimal({ unscaled: ratePercent.unscaled, scale: ratePercent.scale + 2 });

/** Tax of one rate in minor units. */
export const taxOf = (taxableMinor: bigint, { unscaled, scale }: Decimal): bigint =>
  roundQuotient(
    multiplyWhole(wholeOf(taxableMinor), wholeOf(unscaled)),
    powerOfTen(scale + 2),
    'half-away-from-zero',
  );

/** From the first to the last moment of some lines; there is at least one. */
export const spanOf = (
  lines: readonly PricedLine[],
): Pick<RatingLine, 'fromMs' | 'toMs' | 'fromBoundary' | 'toBoundary'> => {
  const all = lines.map(({ line }) => line);
  const first = all.reduce((a, b) => (b.fromMs < a.fromMs ? b : a));
  const last = all.reduce((a, b) => (b.toMs > a.toMs ? b : a));
  const { fromMs, fromBoundary } = first;
  return { fromMs, toMs: last.toMs, fromBoundary, toBoundary: last.toBoundary };
};

const units: Readonly<Record<TariffDimension, Readonly<{ unit: string; perUnit: number }>>> = {
  ENERGY: { unit: 'kWh', perUnit: 1_000_000 },
  TIME: { unit: 'h', perUnit: 3_600_000 },
  PARKING_TIME: { unit: 'h', perUnit: 3_600_000 },
  FLAT: { unit: 'session', perUnit: 1 },
};

// A component without vat leaves the tax unknown, unless nothing is taxed there or nothing is due.
const taxRateOf = (component: PriceComponent, { taxRatePercent }: RatingInput): Decimal => {
  if (component.vatPercent !== undefined) return trimDecimal(component.vatPercent);
  if (taxRatePercent?.unscaled === 0n) return zeroDecimal;
  if (component.price.unscaled === 0n) return trimDecimal(taxRatePercent ?? zeroDecimal);
  throw new CannotRate(
    'tax-rate-unknown',
    `the ${component.type} component states no vat and the location is not known to be untaxed`,
  );
};
