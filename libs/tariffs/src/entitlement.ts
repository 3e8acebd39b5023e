import type { Decimal } from '@tallywatt/money';
import { compareRational, rationalFromDecimal } from '@tallywatt/money';
import type { OcpiTariff } from './ocpi-tariff';
import { CannotRate } from './rated-session';
import type { DiscountableDimension, FleetPlan, MembershipTerms } from './tariff-extension';
import { discountableDimensions } from './tariff-extension';

/**
 * On whose terms a session is priced, all decided before. One of `discountPercent`,
 * `discountPerKwh` and `unlimited` at most; where one is given it takes the place of what the
 * tariff says for the tier, so nothing is taken off twice.
 */
export type Entitlement = Readonly<{
  /** A tier of the tariff's memberships, a fleet plan, or a name that the tariff does not know. */
  tier: string;
  discountPercent?: Decimal | undefined;
  /** In the currency of the tariff, excluding tax. */
  discountPerKwh?: Decimal | undefined;
  /** Energy, charging time and session fee are paid for. */
  unlimited?: boolean | undefined;
  /** How much of this session's energy is included: drawn from an allowance for this session. */
  includedEnergyMilliWh?: bigint | undefined;
}>;

/** What comes off the price of one session, and on which plan its energy is. */
export type AppliedTerms = Readonly<{
  tier: string;
  fleet: FleetPlan | undefined;
  includedMilliWh: bigint;
  off:
    | undefined
    | Readonly<{ kind: 'percent'; percent: Decimal; appliesTo: readonly DiscountableDimension[] }>
    | Readonly<{ kind: 'unlimited'; appliesTo: readonly DiscountableDimension[] }>
    | Readonly<{ kind: 'per-kwh'; amount: Decimal }>;
}>;

/** What a tariff says of tiers and plans. */
export type MemberTerms = Pick<OcpiTariff, 'memberships' | 'fleets'>;

/**
 * How much energy a tariff includes each calendar month for a tier, or a fleet plan of that name, at
 * a location of these site groups, in mWh; undefined where it includes nothing.
 */
export const includedEnergyPerMonth = (
  terms: MemberTerms,
  tier: string,
  siteGroups?: readonly string[],
): bigint | undefined => {
  const included = (
    terms.fleets?.find(({ plan }) => plan === tier) ?? membershipTerms(terms, tier, siteGroups)
  )?.includedMilliWhPerMonth;
  return included === 0n ? undefined : included;
};

const membershipTerms = (
  { memberships }: MemberTerms,
  tier: string,
  siteGroups: readonly string[] | undefined,
): MembershipTerms | undefined =>
  memberships?.find(
    (terms) =>
      terms.tier === tier &&
      (terms.siteGroups?.some((group) => siteGroups?.includes(group) ?? false) ?? true),
  );

type Asked = Readonly<{
  tariff: OcpiTariff;
  entitlement?: Entitlement | undefined;
  siteGroups?: readonly string[] | undefined;
}>;

/** The terms of a session; undefined where nothing is different for its tier. */
export const appliedTerms = ({
  tariff,
  entitlement,
  siteGroups,
}: Asked): AppliedTerms | undefined => {
  if (entitlement === undefined) return undefined;
  const { tier, includedEnergyMilliWh: includedMilliWh = 0n } = entitlement;
  const fleet = tariff.fleets?.find(({ plan }) => plan === tier);
  const stated = isStated(entitlement) ? entitlement : membershipTerms(tariff, tier, siteGroups);
  const off = stated && reductionOf(stated);
  if (fleet === undefined && off === undefined && includedMilliWh === 0n) return undefined;
  if (includedMilliWh < 0n) {
    throw new CannotRate('discount-unusable', 'the included energy is less than nothing');
  }
  return { tier, fleet, includedMilliWh, off };
};

const isStated = ({ discountPercent, discountPerKwh, unlimited }: Entitlement): boolean =>
  discountPercent !== undefined || discountPerKwh !== undefined || unlimited === true;

type Stated = Pick<Entitlement, 'discountPercent' | 'discountPerKwh' | 'unlimited'> &
  Readonly<{ appliesTo?: readonly DiscountableDimension[] }>;

const reductionOf = (stated: Stated): AppliedTerms['off'] => {
  const { discountPercent: percent, discountPerKwh, unlimited } = stated;
  const { appliesTo = discountableDimensions } = stated;
  const given = [percent, discountPerKwh, unlimited === true ? unlimited : undefined];
  if (given.filter((one) => one !== undefined).length > 1) {
    throw new CannotRate('discount-unusable', 'more than one discount is given');
  }
  if (unlimited === true) return { kind: 'unlimited', appliesTo };
  if (percent !== undefined) {
    if (percent.unscaled < 0n || compareRational(rationalFromDecimal(percent), hundred) > 0) {
      throw new CannotRate('discount-unusable', 'the discount is not between 0 and 100 percent');
    }
    return percent.unscaled === 0n ? undefined : { kind: 'percent', percent, appliesTo };
  }
  if (discountPerKwh === undefined || discountPerKwh.unscaled === 0n) return undefined;
  if (discountPerKwh.unscaled < 0n) {
    throw new CannotRate('discount-unusable', 'the discount per kWh is less than nothing');
  }
  return { kind: 'per-kwh', amount: discountPerKwh };
};

const hundred = rationalFromDecimal({ unscaled: 100n, scale: 0 });
