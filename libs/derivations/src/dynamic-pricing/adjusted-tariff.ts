import {
  canonicalJson,
  type PriceAdjustment,
  type PriceBounds,
  type PricingRuleSet,
  type TariffAdjustment,
} from '@tallywatt/contracts';
import { roundQuotient } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';
import { microOf, pricesOf, withPrices, type TariffDocument } from './tariff-prices';

export type LimitReached = TariffAdjustment['limits'][number];

/** What a step makes of a tariff, and which limits of the rule it came up against. */
export type AdjustedTariff = Readonly<{
  document: TariffDocument;
  limits: readonly LimitReached[];
  /** It says what the version in force says, but for `last_updated`. */
  isUnchanged: boolean;
  /**
   * A price of the version in force is outside the bounds, which may be narrower since. Without
   * bounds only the base price is allowed.
   */
  leavesBounds: boolean;
}>;

type Rule = Pick<PricingRuleSet, 'steps' | 'bounds'>;

/** OCPI 2.2.1, section 16.5: a number has up to four decimals. */
const microPerDecimalOfOcpi = 100n;

/**
 * The base tariff with the prices that a step asks for: rounded half away from zero to four
 * decimals, within the bounds, and no further from the version in force than the largest change.
 * Bounds win over the largest change. What is free in the base stays free.
 *
 * @param stepIndex of the step that holds; undefined: base prices.
 * @param at becomes the tariff's `last_updated`.
 */
export const adjustedTariff = (
  rule: Rule,
  stepIndex: number | undefined,
  { base, standing }: Readonly<{ base: TariffDocument; standing: TariffDocument }>,
  at: Instant,
): AdjustedTariff => {
  const step = stepIndex === undefined ? undefined : rule.steps[stepIndex];
  const standingMicro = new Map(
    pricesOf(standing).map(({ path, price }) => [path, microOf(price)]),
  );
  const prices = new Map<string, bigint>();
  const limits = new Map<string, LimitReached>();
  let [isBase, leavesBounds] = [true, false];
  for (const { path, dimension, price } of pricesOf(base)) {
    const bounds = rule.bounds.find((one) => one.dimension === dimension);
    const baseMicro = microOf(price);
    const fromMicro = standingMicro.get(path) ?? baseMicro;
    if (bounds === undefined) {
      if (fromMicro !== baseMicro) leavesBounds = true;
      continue;
    }
    const adjustment = step?.adjustments.find((one) => one.dimension === dimension);
    const reached = priceWithin(bounds, aimedMicro(baseMicro, adjustment), fromMicro);
    for (const limit of reached.limits) limits.set(`${dimension} ${limit}`, { dimension, limit });
    prices.set(path, reached.priceMicro);
    if (reached.priceMicro !== baseMicro) isBase = false;
    if (clamp(bounds, fromMicro) !== fromMicro) leavesBounds = true;
  }
  const { tariff_alt_text: text, ...adjusted } = withPrices(base, prices);
  // A text for drivers may name the base price; nobody can adjust it.
  const document = isBase && text !== undefined ? { ...adjusted, tariff_alt_text: text } : adjusted;
  return {
    document: { ...document, last_updated: at },
    limits: [...limits.values()],
    isUnchanged: undated(document) === undated(standing),
    leavesBounds,
  };
};

/** A dimension that the rule no longer names is compared as well: its price may be one of a step. */
const undated = ({ last_updated: _, ...document }: TariffDocument): string =>
  canonicalJson(document);

const aimedMicro = (baseMicro: bigint, adjustment: PriceAdjustment | undefined): bigint => {
  if (adjustment === undefined || baseMicro === 0n) return baseMicro;
  const { percent, amountPerUnit } = adjustment;
  if (percent !== undefined) {
    const whole = 100n * 10n ** BigInt(percent.scale);
    return roundedMicro(baseMicro * (whole + percent.unscaled), whole);
  }
  if (amountPerUnit !== undefined) return roundedMicro(baseMicro + microOf(amountPerUnit), 1n);
  // Such a rule is refused today. Of one that was set before, the base prices.
  return baseMicro;
};

const roundedMicro = (numerator: bigint, denominator: bigint): bigint =>
  roundQuotient(numerator, denominator * microPerDecimalOfOcpi, 'half-away-from-zero') *
  microPerDecimalOfOcpi;

const clamp = ({ lowest, highest }: PriceBounds, priceMicro: bigint): bigint => {
  const [lowestMicro, highestMicro] = [microOf(lowest), microOf(highest)];
  if (priceMicro < lowestMicro) return lowestMicro;
  return priceMicro > highestMicro ? highestMicro : priceMicro;
};

/** The clamp comes last: no path leads to a price outside of the bounds. */
const priceWithin = (
  bounds: PriceBounds,
  aimed: bigint,
  fromMicro: bigint,
): Readonly<{ priceMicro: bigint; limits: readonly string[] }> => {
  const limits: string[] = [];
  const bounded = clamp(bounds, aimed);
  if (bounded !== aimed) limits.push(aimed < bounded ? 'lowest' : 'highest');
  if (bounds.largestChange === undefined) return { priceMicro: bounded, limits };
  const change = microOf(bounds.largestChange);
  const near =
    bounded > fromMicro + change
      ? fromMicro + change
      : bounded < fromMicro - change
        ? fromMicro - change
        : bounded;
  const priceMicro = clamp(bounds, near);
  if (priceMicro !== bounded) limits.push('largest-change');
  return { priceMicro, limits };
};
