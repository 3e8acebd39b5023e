import {
  compareRational,
  divideRational,
  multiplyRational,
  rationalFromDecimal,
  subtractRational,
  toMinor,
  zeroRational,
} from '@tallywatt/money';
import { explainIdleLimit } from './member-explanation';
import type { PricedLine } from './lines';
import { adjustmentLine, byTaxRate, sumAmounts, sumMinor } from './lines';
import type { OcpiTariff } from './ocpi-tariff';

/**
 * What takes idle time down to `tallywatt.idle_max_price`: an adjustment per tax rate, in
 * proportion to what the rates have. The exact and the rounded sum each respect the limit.
 */
export const idleLimitLines = (
  charged: readonly PricedLine[],
  tariff: OcpiTariff,
): PricedLine[] => {
  const { currency, idleMaxPrice } = tariff;
  const idle = charged.filter(({ line }) => line.dimension === 'PARKING_TIME');
  if (idleMaxPrice === undefined || idle.length === 0) return [];
  const most = rationalFromDecimal(idleMaxPrice);
  const total = sumAmounts(idle);
  const isExact = compareRational(total, most) > 0;
  const excess = isExact ? subtractRational(most, total) : zeroRational;
  const missing = toMinor(most, currency, 'half-away-from-zero') - sumMinor(idle);
  if (missing >= 0n && !isExact) return [];
  let leftMinor = missing < 0n ? missing : 0n;
  // A rate of which nothing is due has no part in it; the last one takes what rounding leaves.
  const groups = byTaxRate(idle).filter(({ lines }) => sumAmounts(lines).numerator !== 0);
  return groups.map(({ ratePercent, lines }, index) => {
    const amount = divideRational(multiplyRational(excess, sumAmounts(lines)), total);
    const isLast = index === groups.length - 1;
    const amountMinor = isLast ? leftMinor : toMinor(amount, currency, 'half-away-from-zero');
    leftMinor -= amountMinor;
    const change = { amount, amountMinor, taxRatePercent: ratePercent };
    return adjustmentLine(lines, change, tariff, explainIdleLimit(idleMaxPrice, currency));
  });
};
