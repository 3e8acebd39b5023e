import type { Decimal } from '@tallywatt/money';
import { decimalFromJsonNumber, decimalToString, trimDecimal } from '@tallywatt/money';
import { instantFromEpochMs, InvalidInstant, parseInstant } from '@tallywatt/time';
import type { JsonObject, TariffFault } from './json-fields';
import { present } from './json-fields';
import type {
  OcpiTariff,
  PriceComponent,
  PriceLimit,
  TariffElement,
  TariffRestrictions,
} from './ocpi-tariff';
import type { EnergyCost, FleetPlan, MembershipTerms } from './tariff-extension';
import { asksBeyondOcpi } from './tariff-extension';

export type ExportedTariff = Readonly<{
  /** An OCPI 2.2.1 Tariff object. */
  json: JsonObject;
  /** What a reader of plain OCPI does not see or does not get, each at its place in the tariff. */
  flags: readonly TariffFault[];
}>;

/**
 * The tariff as OCPI 2.2.1 JSON, which `parseTariff` reads back as the same tariff. Every field of
 * OCPI is kept, also those that decide no price. With `extension: 'leave-out'` the JSON is what a
 * reader of plain OCPI makes of it; the flags are the same either way.
 */
export const exportTariff = (
  tariff: OcpiTariff,
  { extension = 'keep' }: Readonly<{ extension?: 'keep' | 'leave-out' }> = {},
): ExportedTariff => {
  const keep = extension === 'keep';
  const own = extensionOf(tariff);
  const { countryCode, partyId, id, currency, minPrice, maxPrice, elements } = tariff;
  return {
    json: present({
      country_code: countryCode,
      party_id: partyId,
      id,
      currency,
      ...presentationOf(tariff),
      min_price: minPrice && priceOf(minPrice),
      max_price: maxPrice && priceOf(maxPrice),
      elements: elements.map((element) => elementOf(element, keep)),
      tallywatt: keep && Object.keys(own).length > 0 ? own : undefined,
    }),
    flags: [...missing(tariff), ...unseen(tariff, own)],
  };
};

// An instant is said in the words of its author, unless the tariff has another one by now.
const presentationOf = ({ presentation = {}, startAtMs, endAtMs }: OcpiTariff): JsonObject => ({
  ...presentation,
  start_date_time: dateTimeOf(startAtMs, presentation['start_date_time']),
  end_date_time: dateTimeOf(endAtMs, presentation['end_date_time']),
});

const dateTimeOf = (atMs: number | undefined, written: unknown): string | undefined =>
  atMs === undefined
    ? undefined
    : typeof written === 'string' && says(written, atMs)
      ? written
      : instantFromEpochMs(atMs);

const says = (text: string, atMs: number): boolean => {
  try {
    return parseInstant(/[Zz]|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`) === atMs;
  } catch (error) {
    if (error instanceof InvalidInstant) return false;
    throw error;
  }
};

const elementOf = ({ priceComponents, restrictions }: TariffElement, keep: boolean): JsonObject => {
  const asked = restrictionsOf(restrictions, keep);
  return present({
    price_components: priceComponents.map(componentOf),
    restrictions: Object.keys(asked).length > 0 ? asked : undefined,
  });
};

const componentOf = ({ type, price, vatPercent, stepSize }: PriceComponent): JsonObject =>
  present({
    type,
    price: numberOf(price),
    vat: vatPercent && numberOf(vatPercent),
    step_size: Number(stepSize),
  });

const restrictionsOf = (asked: TariffRestrictions, keep: boolean): JsonObject =>
  present({
    start_time: asked.startTime,
    end_time: asked.endTime,
    start_date: asked.startDate,
    end_date: asked.endDate,
    min_kwh: scaledNumberOf(asked.minEnergyMilliWh, 6),
    max_kwh: scaledNumberOf(asked.maxEnergyMilliWh, 6),
    min_current: scaledNumberOf(asked.minCurrentMilliA, 3),
    max_current: scaledNumberOf(asked.maxCurrentMilliA, 3),
    min_power: scaledNumberOf(asked.minPowerMilliW, 6),
    max_power: scaledNumberOf(asked.maxPowerMilliW, 6),
    min_duration: scaledNumberOf(asked.minDurationSeconds, 0),
    max_duration: scaledNumberOf(asked.maxDurationSeconds, 0),
    day_of_week: asked.dayOfWeek,
    reservation: asked.reservation,
    tallywatt: keep && asksBeyondOcpi(asked) ? ownRestrictionsOf(asked) : undefined,
  });

const ownRestrictionsOf = (asked: TariffRestrictions): JsonObject =>
  present({
    holiday: asked.holiday,
    season_start: asked.seasonStart,
    season_end: asked.seasonEnd,
    min_idle_seconds: scaledNumberOf(asked.minIdleSeconds, 0),
    max_idle_seconds: scaledNumberOf(asked.maxIdleSeconds, 0),
  });

const extensionOf = (tariff: OcpiTariff): JsonObject => {
  const { idleGraceSeconds, idleMaxPrice, holidays, memberships, fleets, energyCost } = tariff;
  return present({
    idle_grace_seconds: idleGraceSeconds === 0n ? undefined : Number(idleGraceSeconds),
    idle_max_price: idleMaxPrice && { excl_vat: numberOf(idleMaxPrice) },
    holidays,
    memberships: memberships?.map(membershipOf),
    fleets: fleets?.map(fleetOf),
    energy_cost: energyCost && energyCostOf(energyCost),
  });
};

const membershipOf = (terms: MembershipTerms): JsonObject =>
  present({
    tier: terms.tier,
    site_groups: terms.siteGroups,
    discount_percent: terms.discountPercent && numberOf(terms.discountPercent),
    discount_per_kwh: terms.discountPerKwh && numberOf(terms.discountPerKwh),
    unlimited: terms.unlimited,
    included_kwh_per_month: scaledNumberOf(terms.includedMilliWhPerMonth, 6),
    applies_to: terms.appliesTo,
  });

const fleetOf = (terms: FleetPlan): JsonObject => ({
  plan: terms.plan,
  monthly_fee: priceOf(terms.monthlyFee),
  included_kwh_per_month: scaledNumberOf(terms.includedMilliWhPerMonth, 6),
  overage_price_per_kwh: numberOf(terms.overagePricePerKwh),
});

const energyCostOf = ({ currency, elements }: EnergyCost): JsonObject =>
  present({
    currency,
    elements: elements.map(({ pricePerKwh, restrictions }) => {
      const asked = restrictionsOf(restrictions, true);
      return present({
        price_per_kwh: numberOf(pricePerKwh),
        restrictions: Object.keys(asked).length > 0 ? asked : undefined,
      });
    }),
  });

const priceOf = ({ exclVat, inclVat }: PriceLimit): JsonObject =>
  present({ excl_vat: numberOf(exclVat), incl_vat: inclVat && numberOf(inclVat) });

const scaledNumberOf = (unscaled: bigint | undefined, scale: number): number | undefined =>
  unscaled === undefined ? undefined : numberOf({ unscaled, scale });

// OCPI prices are JSON numbers, which hold about 15 digits; more would be said differently.
const numberOf = (decimal: Decimal): number => {
  const text = decimalToString(decimal);
  const number = Number(text);
  const read = trimDecimal(decimalFromJsonNumber(number));
  const meant = trimDecimal(decimal);
  if (read.unscaled !== meant.unscaled || read.scale !== meant.scale) {
    throw new RangeError(`${text} has more digits than a JSON number of OCPI holds`);
  }
  return number;
};

const missing = (tariff: OcpiTariff): TariffFault[] => {
  const required = [
    ['country_code', tariff.countryCode],
    ['party_id', tariff.partyId],
    ['last_updated', tariff.presentation?.['last_updated']],
  ] as const;
  return required
    .filter(([, value]) => value === undefined)
    .map(([name]) => ({ path: `$.${name}`, message: 'is missing, and OCPI 2.2.1 requires it' }));
};

const sentences: Readonly<Record<string, string>> = {
  idle_grace_seconds: 'is not seen: idle time seems billed from its first second',
  idle_max_price: 'is not seen: idle time seems to have no limit',
  holidays: 'is not seen: no day seems to be a holiday',
  memberships: 'is not seen: everyone seems to pay the same',
  fleets: 'is not seen: fleets seem to pay what everyone pays',
  energy_cost: 'is not seen, and decides no price',
};

const unseen = (tariff: OcpiTariff, own: JsonObject): TariffFault[] => [
  ...tariff.elements.flatMap(({ restrictions }, index) => {
    const path = `$.elements[${index}].restrictions.tallywatt`;
    return Object.keys(ownRestrictionsOf(restrictions)).map((name) => ({
      path: `${path}.${name}`,
      message: 'is not seen: the element seems to apply whatever it asks for here',
    }));
  }),
  ...Object.keys(own).map((name) => ({
    path: `$.tallywatt.${name}`,
    message: sentences[name] ?? 'is not seen',
  })),
];
