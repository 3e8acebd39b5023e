import type { ChargingDecision, TariffReference } from '@tallywatt/contracts';
import { localMonth } from '@tallywatt/derivations';
import { includedEnergyPerMonth, type TariffOffer } from '@tallywatt/tariffs';
import type { Instant } from '@tallywatt/time';

/** Who would draw, where and when. */
export type Drawer = Readonly<{
  tier: string;
  /** Whose energy it would be: the driver's, or that of the fleet that pays. */
  subjectRef: string | undefined;
  siteGroups: readonly string[];
  /** IANA zone of the location, where it is known. */
  timeZone?: string | undefined;
  /** The moment decided for. */
  at: Instant;
}>;

/**
 * The energy that the session may draw from: what its tariff version includes each month for the
 * tier, of the driver's or of the fleet's, whose tokens share it. Nothing for a token that stands for
 * nobody, and where nothing is included; how much is left is asked when the session is over. The month is pinned with it: no
 * later word of the charger can choose another.
 */
export const includedEnergyOf = (
  { versionsOf }: Pick<TariffOffer, 'versionsOf'>,
  tariff: TariffReference | undefined,
  { tier, subjectRef, siteGroups, timeZone, at }: Drawer,
): Pick<ChargingDecision, 'includedEnergy'> => {
  if (tariff === undefined || subjectRef === undefined) return {};
  const terms = versionsOf(tariff.tariffId)?.versions.find(
    ({ reference }) => reference.version === tariff.version,
  )?.memberTerms;
  const monthlyMilliWh = terms && includedEnergyPerMonth(terms, tier, siteGroups);
  if (monthlyMilliWh === undefined) return {};
  const period = timeZone === undefined ? undefined : localMonth(at, timeZone);
  return {
    includedEnergy: {
      subjectRef,
      monthlyMilliWh,
      ...(period === undefined ? {} : { period }),
    },
  };
};
