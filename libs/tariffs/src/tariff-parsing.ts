import { isCurrency } from '@tallywatt/money';
import { InvalidInstant, parseInstant } from '@tallywatt/time';
import { checkExtension, parseExtension } from './extension-parsing';
import type { Findings, JsonObject, TariffFault } from './json-fields';
import { fault, listAt, objectAt, present, textAt, unknownFields, whenGiven } from './json-fields';
import type { OcpiTariff, TariffElement } from './ocpi-tariff';
import { parseComponents, parseLimit } from './price-parsing';
import { parseRestrictions } from './restriction-parsing';
import { checkPresentation } from './tariff-presentation';
import { warnOfSurprises } from './tariff-surprises';

/** A tariff that can be priced with, or every reason why not. */
export type ParsedTariff =
  | Readonly<{ ok: true; tariff: OcpiTariff; warnings: readonly TariffFault[] }>
  | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

/**
 * Reads an OCPI 2.2.1 Tariff (mod_tariffs) with our `tallywatt` extension. All faults are reported
 * at once by JSON path. Numbers become the exact decimals their author wrote.
 */
export const parseTariff = (json: unknown): ParsedTariff => {
  const findings: Findings = { faults: [], warnings: [] };
  const object = objectAt(json, '$', findings);
  if (object === undefined) return { ok: false, faults: findings.faults };
  unknownFields(object, '$', tariffFields, findings.warnings);

  const id = textAt(object['id'], '$.id', findings, 36);
  const currency = textAt(object['currency'], '$.currency', findings, 3);
  if (currency !== undefined && !isCurrency(currency)) {
    fault(findings, '$.currency', `expected an ISO 4217 code, found ${JSON.stringify(currency)}`);
  }
  const elements = parseElements(object['elements'], findings);
  const optional = present({
    countryCode: whenGiven(object['country_code'], (value) =>
      textAt(value, '$.country_code', findings, 2),
    ),
    partyId: whenGiven(object['party_id'], (value) => textAt(value, '$.party_id', findings, 3)),
    minPrice: whenGiven(object['min_price'], (value) => parseLimit(value, '$.min_price', findings)),
    maxPrice: whenGiven(object['max_price'], (value) => parseLimit(value, '$.max_price', findings)),
    startAtMs: whenGiven(object['start_date_time'], (value) =>
      instantAt(value, '$.start_date_time', findings),
    ),
    endAtMs: whenGiven(object['end_date_time'], (value) =>
      instantAt(value, '$.end_date_time', findings),
    ),
  });
  const extension = parseExtension(object['tallywatt'], findings);
  const presentation = presentationOf(object);
  checkPresentation(presentation, findings);

  const tariff: OcpiTariff = {
    id: id ?? '',
    currency: currency ?? '',
    elements,
    ...optional,
    ...(Object.keys(presentation).length > 0 ? { presentation } : {}),
    ...extension,
  };
  checkExtension(tariff, findings);
  if (findings.faults.length > 0) return { ok: false, faults: findings.faults };
  warnOfSurprises(tariff, findings);
  return { ok: true, tariff, warnings: findings.warnings };
};

// Read into fields of their own; all others decide no price and are kept as they are.
const pricedFields = [
  'country_code',
  'party_id',
  'id',
  'currency',
  'min_price',
  'max_price',
  'elements',
  'tallywatt',
];

const tariffFields = [
  ...pricedFields,
  'type',
  'tariff_alt_text',
  'tariff_alt_url',
  'start_date_time',
  'end_date_time',
  'energy_mix',
  'last_updated',
];

// start_date_time and end_date_time are here as well: an instant can be written in several ways.
const presentationOf = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).filter(
      ([name, value]) => !pricedFields.includes(name) && value !== undefined && value !== null,
    ),
  );

const parseElements = (value: unknown, findings: Findings): TariffElement[] => {
  const list = listAt(value, '$.elements', findings) ?? [];
  if (list.length === 0 && Array.isArray(value)) {
    fault(findings, '$.elements', 'expected at least one element');
  }
  return list.flatMap((entry, index) => {
    const path = `$.elements[${index}]`;
    const json = objectAt(entry, path, findings);
    if (json === undefined) return [];
    unknownFields(json, path, ['price_components', 'restrictions'], findings.faults);
    const components = parseComponents(
      json['price_components'],
      `${path}.price_components`,
      findings,
    );
    const restrictions = parseRestrictions(json['restrictions'], `${path}.restrictions`, findings);
    if (restrictions.reservation !== undefined) {
      for (const { type } of components) {
        if (type === 'ENERGY' || type === 'PARKING_TIME') {
          fault(findings, path, `a reservation has no ${type}; only FLAT and TIME are allowed`);
        }
      }
    }
    return [{ priceComponents: components, restrictions }];
  });
};

const instantAt = (value: unknown, path: string, findings: Findings): number | undefined => {
  const text = textAt(value, path, findings, 40);
  if (text === undefined) return undefined;
  try {
    // OCPI DateTime is UTC and may leave the Z out.
    return parseInstant(/[Zz]|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
  } catch (error) {
    if (error instanceof InvalidInstant) return fault(findings, path, error.message);
    throw error;
  }
};
