import type { PriceAdjustment, PricingRuleSet } from '@tallywatt/contracts';
import { decimalToString, type Decimal } from '@tallywatt/money';
import { present } from '@tallywatt/tariffs';

const numberOf = (decimal: Decimal): number => Number(decimalToString(decimal));
const numberIfGiven = (decimal: Decimal | undefined): number | undefined =>
  decimal === undefined ? undefined : numberOf(decimal);

const adjustmentJson = ({ dimension, percent, amountPerUnit }: PriceAdjustment) => ({
  dimension,
  ...present({ percent: numberIfGiven(percent), amountPerUnit: numberIfGiven(amountPerUnit) }),
});

/** A rule as a person writes it: what `parsePricingRule` reads. */
export const pricingRuleJson = ({
  base,
  locationIds,
  steps,
  bounds,
  dwellMinutes,
}: Pick<PricingRuleSet, 'base' | 'locationIds' | 'steps' | 'bounds' | 'dwellMinutes'>) => ({
  tariffId: base.tariffId,
  baseVersion: Number(base.version),
  locationIds,
  steps: steps.map(({ daysOfWeek, adjustments, ...conditions }) => ({
    ...conditions,
    ...(daysOfWeek.length === 0 ? {} : { daysOfWeek }),
    adjustments: adjustments.map(adjustmentJson),
  })),
  bounds: bounds.map(({ dimension, lowest, highest, largestChange }) => ({
    dimension,
    lowest: numberOf(lowest),
    highest: numberOf(highest),
    ...present({ largestChange: numberIfGiven(largestChange) }),
  })),
  dwellMinutes,
});
