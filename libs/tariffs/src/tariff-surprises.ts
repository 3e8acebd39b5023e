import type { Decimal } from '@tallywatt/money';
import type { Findings } from './json-fields';
import { warn } from './json-fields';
import type { OcpiTariff, TariffDimension } from './ocpi-tariff';
import { componentOf } from './ocpi-tariff';
import { isAbove } from './price-parsing';

/** Legal, but rarely what the author meant; what takes longer to find is in tariff-analysis. */
export const warnOfSurprises = (tariff: OcpiTariff, findings: Findings): void => {
  warnOfLimits(tariff, findings);
  warnOfTax(tariff, findings);
  warnOfExtension(tariff, findings);
};

const warnOfLimits = (
  { minPrice, maxPrice, startAtMs, endAtMs }: OcpiTariff,
  findings: Findings,
): void => {
  const above = (min: Decimal | undefined, max: Decimal | undefined): boolean =>
    min !== undefined && max !== undefined && isAbove(min, max);
  if (above(minPrice?.exclVat, maxPrice?.exclVat) || above(minPrice?.inclVat, maxPrice?.inclVat)) {
    warn(findings, '$.min_price', 'is above max_price; max_price wins');
  }
  if (startAtMs !== undefined && endAtMs !== undefined && startAtMs >= endAtMs) {
    warn(findings, '$.end_date_time', 'is not after start_date_time, so the tariff is never valid');
  }
};

const warnOfTax = (tariff: OcpiTariff, findings: Findings): void =>
  tariff.elements.forEach((element, elementIndex) =>
    element.priceComponents.forEach((component, index) => {
      if (component.vatPercent !== undefined || component.price.unscaled === 0n) return;
      const path = `$.elements[${elementIndex}].price_components[${index}].vat`;
      warn(findings, path, 'is left out: sessions at taxed locations cannot be priced with it');
    }),
  );

const warnOfExtension = (tariff: OcpiTariff, findings: Findings): void => {
  const { holidays, fleets, memberships = [], energyCost } = tariff;
  const prices = (dimension: TariffDimension): boolean =>
    tariff.elements.some((element) => componentOf(element, dimension) !== undefined);
  const asked = [...tariff.elements, ...(energyCost?.elements ?? [])];
  if (tariff.idleMaxPrice !== undefined && !prices('PARKING_TIME')) {
    warn(findings, '$.tallywatt.idle_max_price', 'limits nothing: no element has PARKING_TIME');
  }
  if (holidays !== undefined && asked.every((one) => one.restrictions.holiday === undefined)) {
    warn(findings, '$.tallywatt.holidays', 'changes nothing: no restriction asks for a holiday');
  }
  if (fleets !== undefined && !prices('ENERGY')) {
    warn(findings, '$.tallywatt.fleets', 'changes nothing: no element has ENERGY');
  }
  memberships.forEach(({ tier, siteGroups }, index) => {
    const before = memberships
      .slice(0, index)
      .filter((other) => other.tier === tier)
      .findLast(
        (other) => siteGroups?.every((group) => other.siteGroups?.includes(group)) ?? false,
      );
    const open = memberships.findIndex(
      (other) => other.tier === tier && other.siteGroups === undefined,
    );
    if (before !== undefined || (open >= 0 && open < index)) {
      const path = `$.tallywatt.memberships[${index}]`;
      warn(findings, path, `never applies: an entry before it has tier ${tier} there already`);
    }
  });
};
