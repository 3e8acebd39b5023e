import type { ChargingDecision, TariffReference } from '@tallywatt/contracts';
import { includedEnergyPerMonth, type TariffOffer } from '@tallywatt/tariffs';

/** Who would draw, and where. */
export type Drawer = Readonly<{
  tier: string;
  driverRef: string | undefined;
  siteGroups: readonly string[];
}>;

/**
 * The energy that the session may draw from: what its tariff version includes each month for the
 * tier, of the driver's. Nothing for a token that stands for no driver, and where nothing is
 * included; how much is left is asked when the session is over.
 */
export const includedEnergyOf = (
  { versionsOf }: Pick<TariffOffer, 'versionsOf'>,
  tariff: TariffReference | undefined,
  { tier, driverRef, siteGroups }: Drawer,
): Pick<ChargingDecision, 'includedEnergy'> => {
  if (tariff === undefined || driverRef === undefined) return {};
  const terms = versionsOf(tariff.tariffId)?.versions.find(
    ({ reference }) => reference.version === tariff.version,
  )?.memberTerms;
  const monthlyMilliWh = terms && includedEnergyPerMonth(terms, tier, siteGroups);
  return monthlyMilliWh === undefined
    ? {}
    : { includedEnergy: { subjectRef: driverRef, monthlyMilliWh } };
};
