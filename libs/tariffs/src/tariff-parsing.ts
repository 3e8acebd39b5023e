import type { Decimal } from '@tallywatt/money';
import { compareRational, isCurrency, rationalFromDecimal } from '@tallywatt/money';
import { InvalidInstant, parseInstant } from '@tallywatt/time';
import type { Findings, TariffFault } from './json-fields';
import {
  decimalAt,
  fault,
  listAt,
  objectAt,
  present,
  textAt,
  unknownFields,
  warn,
  wholeNumberAt,
  wordAt,
} from './json-fields';
import type {
  OcpiTariff,
  PriceComponent,
  PriceLimit,
  TariffDimension,
  TariffElement,
} from './ocpi-tariff';
import { componentOf } from './ocpi-tariff';
import { parseRestrictions } from './restriction-parsing';

/** A tariff that can be priced with, or every reason why not. */
export type ParsedTariff =
  | Readonly<{ ok: true; tariff: OcpiTariff; warnings: readonly TariffFault[] }>
  | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

const dimensions: readonly TariffDimension[] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'];

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
  const idleGraceSeconds = parseIdleGrace(object['tallywatt'], findings);

  if (findings.faults.length > 0 || id === undefined || currency === undefined) {
    return { ok: false, faults: findings.faults };
  }
  const tariff: OcpiTariff = { id, currency, elements, idleGraceSeconds, ...optional };
  warnOfSurprises(tariff, findings);
  return { ok: true, tariff, warnings: findings.warnings };
};

const tariffFields = [
  'country_code',
  'party_id',
  'id',
  'currency',
  'type',
  'tariff_alt_text',
  'tariff_alt_url',
  'min_price',
  'max_price',
  'elements',
  'start_date_time',
  'end_date_time',
  'energy_mix',
  'last_updated',
  'tallywatt',
];

const whenGiven = <Value>(
  value: unknown,
  parse: (given: unknown) => Value | undefined,
): Value | undefined => (value === undefined || value === null ? undefined : parse(value));

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

const parseComponents = (value: unknown, path: string, findings: Findings): PriceComponent[] => {
  const list = listAt(value, path, findings) ?? [];
  if (list.length === 0 && Array.isArray(value)) {
    fault(findings, path, 'expected at least one price component');
  }
  const seen = new Set<string>();
  return list.flatMap((entry, index) => {
    const at = `${path}[${index}]`;
    const json = objectAt(entry, at, findings);
    if (json === undefined) return [];
    unknownFields(json, at, ['type', 'price', 'vat', 'step_size'], findings.faults);
    const type = wordAt(json['type'], `${at}.type`, findings, dimensions);
    const price = decimalAt(json['price'], `${at}.price`, findings);
    const stepSize = wholeNumberAt(json['step_size'], `${at}.step_size`, findings);
    const vatPercent = whenGiven(json['vat'], (vat) => percentAt(vat, `${at}.vat`, findings));
    if (type === undefined || price === undefined || stepSize === undefined) return [];
    if (seen.has(type))
      fault(findings, `${at}.type`, `a second ${type} in one element never applies`);
    seen.add(type);
    return [{ type, price, stepSize, ...present({ vatPercent }) }];
  });
};

const percentAt = (value: unknown, path: string, findings: Findings): Decimal | undefined => {
  const decimal = decimalAt(value, path, findings);
  if (typeof value === 'number' && value > 100) {
    return fault(findings, path, `expected a percentage up to 100, found ${value}`);
  }
  return decimal;
};

const parseLimit = (value: unknown, path: string, findings: Findings): PriceLimit | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  unknownFields(json, path, ['excl_vat', 'incl_vat'], findings.faults);
  const exclVat = decimalAt(json['excl_vat'], `${path}.excl_vat`, findings);
  const inclVat = whenGiven(json['incl_vat'], (incl) =>
    decimalAt(incl, `${path}.incl_vat`, findings),
  );
  if (exclVat === undefined) return undefined;
  if (inclVat !== undefined && isAbove(exclVat, inclVat)) {
    return fault(findings, `${path}.incl_vat`, 'is below excl_vat, which no tax can make it');
  }
  return { exclVat, ...present({ inclVat }) };
};

const isAbove = (left: Decimal, right: Decimal): boolean =>
  compareRational(rationalFromDecimal(left), rationalFromDecimal(right)) > 0;

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

const parseIdleGrace = (value: unknown, findings: Findings): bigint => {
  const json = whenGiven(value, (given) => objectAt(given, '$.tallywatt', findings));
  if (json === undefined) return 0n;
  unknownFields(json, '$.tallywatt', ['idle_grace_seconds'], findings.faults);
  const path = '$.tallywatt.idle_grace_seconds';
  return whenGiven(json['idle_grace_seconds'], (s) => wholeNumberAt(s, path, findings)) ?? 0n;
};

// Legal, but rarely what the author meant.
const warnOfSurprises = (tariff: OcpiTariff, findings: Findings): void => {
  const { minPrice, maxPrice } = tariff;
  const above = (min: Decimal | undefined, max: Decimal | undefined): boolean =>
    min !== undefined && max !== undefined && isAbove(min, max);
  if (above(minPrice?.exclVat, maxPrice?.exclVat) || above(minPrice?.inclVat, maxPrice?.inclVat)) {
    warn(findings, '$.min_price', 'is above max_price; max_price wins');
  }
  const { startAtMs, endAtMs } = tariff;
  if (startAtMs !== undefined && endAtMs !== undefined && startAtMs >= endAtMs) {
    warn(findings, '$.end_date_time', 'is not after start_date_time, so the tariff is never valid');
  }
  for (const dimension of dimensions.slice(0, 3)) {
    const having = tariff.elements.filter((e) => componentOf(e, dimension) !== undefined);
    const always = having.some((element) => Object.keys(element.restrictions).length === 0);
    if (having.length > 0 && !always) {
      warn(findings, '$.elements', `${dimension} is free whenever no element with it matches`);
    }
  }
  tariff.elements.forEach((element, elementIndex) =>
    element.priceComponents.forEach((component, index) => {
      if (component.vatPercent !== undefined || component.price.unscaled === 0n) return;
      const path = `$.elements[${elementIndex}].price_components[${index}].vat`;
      warn(findings, path, 'is left out: sessions at taxed locations cannot be priced with it');
    }),
  );
};
