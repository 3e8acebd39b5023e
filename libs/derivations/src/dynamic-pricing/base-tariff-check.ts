import { decimalToString } from '@tallywatt/money';
import type { TariffFault } from '@tallywatt/tariffs';
import type { PricingRuleTerms } from './pricing-rule-parsing';
import { microOf, pricesOf, type TariffDocument, type TariffPrice } from './tariff-prices';

/** What of a rule does not go with the tariff it is to adjust: faults, and what its author may miss. */
export const checkAgainstBase = (
  { steps, bounds }: Pick<PricingRuleTerms, 'steps' | 'bounds'>,
  base: TariffDocument,
): Readonly<{ faults: readonly TariffFault[]; warnings: readonly TariffFault[] }> => {
  const prices = pricesOf(base);
  const faults: TariffFault[] = [];
  bounds.forEach((bound, index) => {
    const path = `$.bounds[${index}]`;
    const priced = prices.filter(({ dimension }) => dimension === bound.dimension);
    if (priced.length === 0) {
      faults.push({ path, message: `the base tariff has no price for ${bound.dimension}` });
    }
    for (const price of priced) {
      const message = faultOf(price, microOf(bound.lowest), microOf(bound.highest));
      if (message !== undefined) faults.push({ path, message: `${price.path} ${message}` });
    }
  });
  const namesPrices = base['tariff_alt_text'] !== undefined && steps.length > 0;
  const message = 'tariff_alt_text of the base is left out while its prices are others';
  return { faults, warnings: namesPrices ? [{ path: '$.baseVersion', message }] : [] };
};

const faultOf = (
  { price }: TariffPrice,
  lowestMicro: bigint,
  highestMicro: bigint,
): string | undefined => {
  if (price.scale > 6) return 'of the base tariff has more than six decimals';
  const text = `of the base tariff is ${decimalToString(price)}`;
  const priceMicro = microOf(price);
  if (priceMicro < lowestMicro) return `${text}, below the lowest allowed`;
  return priceMicro > highestMicro ? `${text}, above the highest allowed` : undefined;
};
