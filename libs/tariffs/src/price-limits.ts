import type { Decimal, Rational } from '@tallywatt/money';
import {
  addRational,
  compareRational,
  divideRational,
  multiplyRational,
  rationalFromDecimal,
  subtractRational,
  sumRationals,
  toMinor,
  zeroRational,
} from '@tallywatt/money';
import { explainLimit } from './explanation';
import type { PricedLine, TaxGroup } from './lines';
import { adjustmentLine, byTaxRate, sumAmounts, sumMinor, taxFactor, taxOf } from './lines';
import type { OcpiTariff } from './ocpi-tariff';
import type { TaxTotal } from './rating-report';

export type LimitedPrice = Readonly<{
  adjustments: readonly PricedLine[];
  taxes: readonly TaxTotal[];
  exclTax: Rational;
  inclTax: Rational;
}>;

/**
 * min_price and max_price (OCPI 2.2.1 mod_tariffs) against the totals excluding and including tax,
 * each on its own; where a minimum is above its maximum the maximum wins. The difference becomes an
 * adjustment line per tax rate. With two tax rates it is placed so that the tax of each rate is
 * still the rate times its base; where no placing can do that, the tax itself is what gives way.
 */
export const applyPriceLimits = (
  lines: readonly PricedLine[],
  tariff: OcpiTariff,
): LimitedPrice => {
  const exact = exactTotals(lines);
  if (tariff.minPrice === undefined && tariff.maxPrice === undefined) {
    return { adjustments: [], taxes: taxesOf(lines), ...exact };
  }
  const excl = reach(exact.exclTax, sumMinor(lines), tariff, 'exclVat');
  const before = taxesOf(lines);
  const inclBefore = sumMinor(lines) + sumTax(before);
  const incl = reach(exact.inclTax, inclBefore, tariff, 'inclVat');
  if (lines.length === 0 || (excl === undefined && incl === undefined)) {
    return { adjustments: [], taxes: before, ...exact };
  }
  const exclTax = excl?.exact ?? exact.exclTax;
  const limit = excl?.limit ?? incl?.limit ?? 'maximum';
  // A limit that names no price with tax says nothing about the tax: it follows its base.
  const named = limit === 'minimum' ? tariff.minPrice : tariff.maxPrice;
  const inclWanted = incl?.exact ?? (named?.inclVat === undefined ? undefined : exact.inclTax);
  const shares = placeAdjustment(
    lines,
    subtractRational(exclTax, exact.exclTax),
    inclWanted && subtractRational(subtractRational(inclWanted, exclTax), exact.tax),
  );
  const targetMinor = excl?.minor ?? sumMinor(lines);
  const adjustments = adjustmentLines(lines, shares, targetMinor - sumMinor(lines), limit, tariff);
  const all = [...lines, ...adjustments];
  const taxes = taxesOf(all);
  if (inclWanted === undefined) return { adjustments, taxes, ...exactTotals(all) };
  const wantedTax =
    toMinor(inclWanted, tariff.currency, 'half-away-from-zero') - sumMinor(all) - sumTax(taxes);
  return { adjustments, taxes: shiftTax(taxes, wantedTax), exclTax, inclTax: inclWanted };
};

/** Tax per rate on the sum of the rate's rounded lines. */
export const taxesOf = (lines: readonly PricedLine[]): TaxTotal[] =>
  byTaxRate(lines).map(({ ratePercent, lines: group }) => {
    const taxableMinor = sumMinor(group);
    return { ratePercent, taxableMinor, taxMinor: taxOf(taxableMinor, ratePercent) };
  });

export const sumTax = (taxes: readonly TaxTotal[]): bigint =>
  taxes.reduce((sum, { taxMinor }) => sum + taxMinor, 0n);

const exactTotals = (
  lines: readonly PricedLine[],
): { exclTax: Rational; inclTax: Rational; tax: Rational } => {
  const sums = byTaxRate(lines).map(({ ratePercent, lines: group }) => {
    const amount = sumAmounts(group);
    return { amount, tax: multiplyRational(amount, taxFactor(ratePercent)) };
  });
  const exclTax = sumRationals(sums.map(({ amount }) => amount));
  const tax = sumRationals(sums.map((one) => one.tax));
  return { exclTax, tax, inclTax: addRational(exclTax, tax) };
};

type Reached = Readonly<{ exact: Rational; minor: bigint; limit: 'minimum' | 'maximum' }>;

// Rounded totals must respect a limit as well: three lines rounded up may pass a maximum.
const reach = (
  exact: Rational,
  minor: bigint,
  tariff: OcpiTariff,
  side: 'exclVat' | 'inclVat',
): Reached | undefined => {
  const minimum = tariff.minPrice?.[side];
  const maximum = tariff.maxPrice?.[side];
  const minorOf = (value: Rational) => toMinor(value, tariff.currency, 'half-away-from-zero');
  if (maximum !== undefined) {
    const most = rationalFromDecimal(maximum);
    const least = minimum === undefined ? undefined : rationalFromDecimal(minimum);
    const passed = compareRational(exact, most) > 0 || minor > minorOf(most);
    if (passed || (least !== undefined && compareRational(least, most) > 0)) {
      return { exact: most, minor: minorOf(most), limit: 'maximum' };
    }
  }
  if (minimum !== undefined) {
    const least = rationalFromDecimal(minimum);
    if (compareRational(exact, least) < 0 || minor < minorOf(least)) {
      return { exact: least, minor: minorOf(least), limit: 'minimum' };
    }
  }
  return undefined;
};

type Share = Readonly<{ ratePercent: Decimal; amount: Rational }>;

// Splits the adjustment over the tax rates so that base and tax both arrive where they should.
const placeAdjustment = (
  lines: readonly PricedLine[],
  amount: Rational,
  tax: Rational | undefined,
): Share[] => {
  const groups = byTaxRate(lines)
    .map((group) => ({ ...group, factor: taxFactor(group.ratePercent) }))
    .sort((left, right) => compareRational(left.factor, right.factor));
  const low = groups[0];
  const high = groups.at(-1);
  if (low === undefined || high === undefined) return [];
  if (tax !== undefined && low !== high && amount.numerator !== 0) {
    const spread = subtractRational(high.factor, low.factor);
    const missing = subtractRational(tax, multiplyRational(amount, low.factor));
    const onHigh = divideRational(missing, spread);
    const onLow = subtractRational(amount, onHigh);
    const positive = (group: readonly PricedLine[], change: Rational): boolean =>
      addRational(sumAmounts(group), change).numerator >= 0;
    if (positive(low.lines, onLow) && positive(high.lines, onHigh)) {
      return [
        { ratePercent: low.ratePercent, amount: onLow },
        { ratePercent: high.ratePercent, amount: onHigh },
      ];
    }
  }
  return inProportion(groups, amount);
};

const inProportion = (groups: readonly TaxGroup[], amount: Rational): Share[] => {
  const sums = groups.map(({ lines }) => sumAmounts(lines));
  const total = sumRationals(sums);
  return groups.map(({ ratePercent }, index) => {
    const whole = index === 0 ? amount : zeroRational;
    const share =
      total.numerator === 0
        ? whole
        : divideRational(multiplyRational(amount, sums[index] ?? zeroRational), total);
    return { ratePercent, amount: share };
  });
};

const adjustmentLines = (
  lines: readonly PricedLine[],
  shares: readonly Share[],
  totalMinor: bigint,
  limit: 'minimum' | 'maximum',
  tariff: OcpiTariff,
): PricedLine[] => {
  const { currency } = tariff;
  let leftMinor = totalMinor;
  return shares.flatMap(({ ratePercent, amount }, index) => {
    const isLast = index === shares.length - 1;
    const amountMinor = isLast ? leftMinor : toMinor(amount, currency, 'half-away-from-zero');
    leftMinor -= amountMinor;
    // A limit that moves only the tax still shows, once, as a line of zero.
    if (amountMinor === 0n && amount.numerator === 0 && !(isLast && totalMinor === 0n)) return [];
    const change = { amount, amountMinor, taxRatePercent: ratePercent };
    return [adjustmentLine(lines, change, tariff, explainLimit(limit, currency))];
  });
};

// Largest base first; no tax falls below zero, and a rate of zero is asked only if there is no other.
const shiftTax = (taxes: readonly TaxTotal[], byMinor: bigint): TaxTotal[] => {
  const shifted = [...taxes];
  const isTaxed = ({ ratePercent }: TaxTotal): boolean => ratePercent.unscaled !== 0n;
  const able = taxes.some(isTaxed) ? taxes.filter(isTaxed) : taxes;
  let leftMinor = byMinor;
  for (const tax of [...able].sort((a, b) => Number(b.taxableMinor - a.taxableMinor))) {
    const changeMinor = leftMinor < -tax.taxMinor ? -tax.taxMinor : leftMinor;
    shifted[taxes.indexOf(tax)] = { ...tax, taxMinor: tax.taxMinor + changeMinor };
    leftMinor -= changeMinor;
  }
  return shifted;
};
