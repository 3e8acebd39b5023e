import type { Decimal, Rational } from '@tallywatt/money';
import {
  compareRational,
  multiplyRational,
  multiplyWhole,
  rational,
  rationalFromDecimal,
  rationalToText,
  subtractRational,
  sumRationals,
  toMinor,
  trimDecimal,
  wholeOf,
  zeroRational,
} from '@tallywatt/money';
import type { Charge } from './charges';
import type { AppliedTerms } from './entitlement';
import {
  explainDiscount,
  explainIncluded,
  explainPerKwh,
  explainUnlimited,
} from './member-explanation';
import type { PricedLine } from './lines';
import { byTaxRate, spanOf, sumAmounts, sumMinor } from './lines';
import type { RatingInput } from './rated-session';
import type { DiscountableDimension } from './tariff-extension';

/**
 * What a tier pays less: first the energy that is included, then the percentage or the amount per
 * kWh off what is left. Each is a negative line of its own that never exceeds the rounded lines it
 * is taken from; all of them is all of them to the unit.
 */
export const memberLines = (
  charges: readonly Charge[],
  charged: readonly PricedLine[],
  terms: AppliedTerms,
  { tariff: { currency } }: Pick<RatingInput, 'tariff'>,
): PricedLine[] => {
  const energy = paidEnergy(charges, charged);
  const included = includedLines(energy, terms, currency);
  const { off } = terms;
  if (off === undefined) return included;
  if (off.kind === 'per-kwh') {
    return [...included, ...perKwhLines(energy, off.amount, terms, currency)];
  }
  const names: readonly string[] = off.appliesTo;
  const discounted = [
    ...charged.filter(({ line }) => names.includes(line.dimension)),
    ...(off.appliesTo.includes('ENERGY') ? included : []),
  ];
  return [...included, ...shareLines(discounted, off, terms.tier, currency)];
};

/** Energy that costs something, and how much of it is left to pay for. */
type PaidEnergy = {
  readonly price: Decimal;
  readonly priced: PricedLine;
  /** Without what step_size added. */
  readonly meteredKwh: Rational;
  leftKwh: Rational;
  leftMinor: bigint;
};

const paidEnergy = (charges: readonly Charge[], charged: readonly PricedLine[]): PaidEnergy[] =>
  charged.flatMap((priced, index) => {
    const charge = charges[index];
    if (charge?.dimension !== 'ENERGY' || charge.component.price.unscaled === 0n) return [];
    return [
      {
        price: charge.component.price,
        priced,
        meteredKwh: kwhOf(subtractRational(charge.quantity, charge.stepExcess)),
        leftKwh: kwhOf(charge.quantity),
        leftMinor: priced.line.amountMinor,
      },
    ];
  });

const kwhOf = ({ numerator, denominator }: Rational): Rational =>
  rational(numerator, multiplyWhole(denominator, 1_000_000));

// The first energy that costs something is the one that is included. Once it covers all that was
// metered, what step_size added is no more paid for than what it was added to.
const includedLines = (
  energy: readonly PaidEnergy[],
  { includedMilliWh, tier }: AppliedTerms,
  currency: string,
): PricedLine[] => {
  const drawnKwh = rational(wholeOf(includedMilliWh), 1_000_000);
  if (drawnKwh.numerator === 0) return [];
  const meteredKwh = sumRationals(energy.map((one) => one.meteredKwh));
  const coversAll = compareRational(drawnKwh, meteredKwh) >= 0;
  let left = coversAll ? sumRationals(energy.map(({ leftKwh }) => leftKwh)) : drawnKwh;
  const lines: PricedLine[] = [];
  for (const one of energy) {
    if (left.numerator === 0) break;
    const isAll = compareRational(left, one.leftKwh) >= 0;
    const kwh = isAll ? one.leftKwh : left;
    const line = reduction([one.priced], kwh, one.price, one.leftMinor, isAll, currency);
    lines.push({ ...line, line: { ...line.line, explanation: explainIncluded(kwh, tier) } });
    left = subtractRational(left, kwh);
    one.leftKwh = subtractRational(one.leftKwh, kwh);
    one.leftMinor += line.line.amountMinor;
  }
  return lines;
};

const perKwhLines = (
  energy: readonly PaidEnergy[],
  amount: Decimal,
  { tier }: AppliedTerms,
  currency: string,
): PricedLine[] => {
  const groups: { off: Decimal; of: PaidEnergy[] }[] = [];
  for (const one of energy) {
    if (one.leftKwh.numerator === 0) continue;
    const isCheaper =
      compareRational(rationalFromDecimal(one.price), rationalFromDecimal(amount)) < 0;
    const off = isCheaper ? one.price : amount;
    const rate = one.priced.line.taxRatePercent;
    const group = groups.find(
      (known) =>
        isEqual(known.off, off) &&
        known.of.every(({ priced }) => isEqual(priced.line.taxRatePercent, rate)),
    );
    if (group === undefined) groups.push({ off, of: [one] });
    else group.of.push(one);
  }
  return groups.map(({ off, of }) => {
    const kwh = sumRationals(of.map(({ leftKwh }) => leftKwh));
    const mostMinor = of.reduce((sum, { leftMinor }) => sum + leftMinor, 0n);
    const isAll = of.every(({ price }) => isEqual(price, off));
    const lines = of.map(({ priced }) => priced);
    const line = reduction(lines, kwh, off, mostMinor, isAll, currency);
    const explanation = explainPerKwh(off, tier, currency);
    return { ...line, line: { ...line.line, explanation } };
  });
};

const isEqual = (left: Decimal, right: Decimal): boolean =>
  compareRational(rationalFromDecimal(left), rationalFromDecimal(right)) === 0;

// A number of kWh at a price that is taken off lines of one tax rate.
const reduction = (
  lines: readonly PricedLine[],
  kwh: Rational,
  price: Decimal,
  mostMinor: bigint,
  isAll: boolean,
  currency: string,
): PricedLine => {
  const unitPrice = trimDecimal({ unscaled: -price.unscaled, scale: price.scale });
  const amount = multiplyRational(kwh, rationalFromDecimal(unitPrice));
  const rounded = toMinor(amount, currency, 'half-away-from-zero');
  return {
    amount,
    line: {
      dimension: 'DISCOUNT',
      quantityExact: rationalToText(kwh),
      unit: 'kWh',
      unitPrice,
      amountExact: rationalToText(amount),
      amountMinor: isAll || rounded < -mostMinor ? -mostMinor : rounded,
      taxRatePercent: lines[0]?.line.taxRatePercent ?? { unscaled: 0n, scale: 0 },
      ...spanOf(lines),
      explanation: '',
    },
  };
};

type Share =
  | Readonly<{ kind: 'percent'; percent: Decimal; appliesTo: readonly DiscountableDimension[] }>
  | Readonly<{ kind: 'unlimited'; appliesTo: readonly DiscountableDimension[] }>;

const shareLines = (
  discounted: readonly PricedLine[],
  off: Share,
  tier: string,
  currency: string,
): PricedLine[] => {
  const percent = off.kind === 'percent' ? off.percent : hundred;
  const factor: Decimal = { unscaled: -percent.unscaled, scale: percent.scale + 2 };
  const isWhole = isEqual(percent, hundred);
  return byTaxRate(discounted).flatMap(({ ratePercent, lines }) => {
    const subtotal = sumAmounts(lines);
    if (compareRational(subtotal, zeroRational) === 0) return [];
    const amount = multiplyRational(subtotal, rationalFromDecimal(factor));
    const rounded = toMinor(amount, currency, 'half-away-from-zero');
    const mostMinor = -sumMinor(lines);
    return [
      {
        amount,
        line: {
          dimension: 'DISCOUNT',
          quantityExact: rationalToText(subtotal),
          unit: currency,
          unitPrice: trimDecimal(factor),
          amountExact: rationalToText(amount),
          amountMinor: isWhole || rounded < mostMinor ? mostMinor : rounded,
          taxRatePercent: ratePercent,
          ...spanOf(lines),
          explanation:
            off.kind === 'percent'
              ? explainDiscount(percent, off.appliesTo, tier)
              : explainUnlimited(off.appliesTo, tier),
        },
      },
    ];
  });
};

const hundred: Decimal = { unscaled: 100n, scale: 0 };
