import type { Decimal, Rational } from '@tallywatt/money';
import { decimalToString } from '@tallywatt/money';
import { forPeople, priceForPeople } from './explanation';
import type { DiscountableDimension } from './tariff-extension';

/** The sentence beside a member's percentage. */
export const explainDiscount = (
  percent: Decimal,
  appliesTo: readonly DiscountableDimension[],
  tier: string,
): string =>
  `${decimalToString(percent)} % off ${listed(appliesTo)} for tier ${tier}; ` +
  'idle time is not discounted.';

/** The sentence beside what an unlimited membership pays for. */
export const explainUnlimited = (
  appliesTo: readonly DiscountableDimension[],
  tier: string,
): string => `Unlimited for tier ${tier}: ${listed(appliesTo)}; idle time is not included.`;

/** The sentence beside energy that a membership or fleet plan includes. */
export const explainIncluded = (kwh: Rational, tier: string): string =>
  `${forPeople(kwh, 1, 3)} kWh are included for ${tier}.`;

/** The sentence beside an amount off each kWh. */
export const explainPerKwh = (amount: Decimal, tier: string, currency: string): string =>
  `${priceForPeople(amount, currency)} ${currency} off each kWh for tier ${tier}.`;

/** The sentence beside the limit of idle fees. */
export const explainIdleLimit = (limit: Decimal, currency: string): string =>
  `Idle time of one session costs at most ${priceForPeople(limit, currency)} ${currency}.`;

const words: Readonly<Record<DiscountableDimension, string>> = {
  ENERGY: 'energy',
  TIME: 'charging time',
  FLAT: 'session fee',
};

const listed = (appliesTo: readonly DiscountableDimension[]): string => {
  const names = appliesTo.map((dimension) => words[dimension]);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
};
