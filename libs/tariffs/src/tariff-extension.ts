import type { Currency, Decimal } from '@tallywatt/money';
import type { PriceLimit, TariffRestrictions } from './ocpi-tariff';

/** What a membership or a fleet plan can be taken off. Idle time is never discounted. */
export type DiscountableDimension = 'ENERGY' | 'TIME' | 'FLAT';

export const discountableDimensions: readonly DiscountableDimension[] = ['ENERGY', 'TIME', 'FLAT'];

/** What a tier pays less. At most one of percent, per kWh and unlimited is given. */
export type MembershipTerms = Readonly<{
  tier: string;
  /** Only at locations of one of these groups; left out: everywhere. */
  siteGroups?: readonly string[];
  discountPercent?: Decimal;
  /** In the currency of the tariff, excluding tax; never more than the energy costs. */
  discountPerKwh?: Decimal;
  unlimited?: true;
  /** How much of it a session may use is decided before it is priced, and handed in. */
  includedMilliWhPerMonth?: bigint;
  /** What a percentage or unlimited is taken off; left out: all of them. */
  appliesTo?: readonly DiscountableDimension[];
}>;

/** A fixed monthly fee, the energy it includes, and the price of energy above that. */
export type FleetPlan = Readonly<{
  plan: string;
  monthlyFee: PriceLimit;
  includedMilliWhPerMonth: bigint;
  /** Excluding tax; takes the place of the ENERGY prices of the tariff. */
  overagePricePerKwh: Decimal;
}>;

/** What the operator pays its utility. The first element whose restrictions hold counts. */
export type EnergyCost = Readonly<{
  /** Left out: that of the tariff. */
  currency?: Currency;
  elements: readonly EnergyCostElement[];
}>;

export type EnergyCostElement = Readonly<{
  pricePerKwh: Decimal;
  /** Of the calendar only: a utility knows no session. */
  restrictions: TariffRestrictions;
}>;

/** Whether some elements ask for what plain OCPI cannot. */
export const asksBeyondOcpi = (restrictions: TariffRestrictions): boolean =>
  (restrictions.holiday ??
    restrictions.seasonStart ??
    restrictions.minIdleSeconds ??
    restrictions.maxIdleSeconds) !== undefined;
