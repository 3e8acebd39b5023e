import { isCurrency } from '@tallywatt/money';
import { instantFromEpochMs, InvalidInstant, parseInstant } from '@tallywatt/time';
import type { Findings, JsonObject } from './json-fields';
import {
  decimalAt,
  extensionFields,
  fault,
  listAt,
  objectAt,
  percentAt,
  present,
  scaledAt,
  textAt,
  whenGiven,
  wholeNumberAt,
  wordAt,
} from './json-fields';
import type { OcpiTariff } from './ocpi-tariff';
import { parseLimit } from './price-parsing';
import { parseRestrictions } from './restriction-parsing';
import type { EnergyCost, EnergyCostElement, FleetPlan, MembershipTerms } from './tariff-extension';
import { discountableDimensions } from './tariff-extension';

type Extension = Pick<
  OcpiTariff,
  'idleGraceSeconds' | 'idleMaxPrice' | 'holidays' | 'memberships' | 'fleets' | 'energyCost'
>;

const at = '$.tallywatt';

/** The extension object of a tariff (docs/tariff-extension.md). An unknown field is a fault. */
export const parseExtension = (value: unknown, findings: Findings): Extension => {
  const json = whenGiven(value, (given) => objectAt(given, at, findings));
  if (json === undefined) return { idleGraceSeconds: 0n };
  extensionFields(json, at, fields, findings);
  const read = <Value>(name: string, parse: (field: unknown, path: string) => Value | undefined) =>
    whenGiven(json[name], (field) => parse(field, `${at}.${name}`));
  return {
    idleGraceSeconds:
      read('idle_grace_seconds', (field, path) => wholeNumberAt(field, path, findings)) ?? 0n,
    ...present({
      idleMaxPrice: read('idle_max_price', (field, path) => exclVatAt(field, path, findings)),
      holidays: read('holidays', (field, path) => parseHolidays(field, path, findings)),
      memberships: read('memberships', (field, path) =>
        parseEach(field, path, findings, parseMembership),
      ),
      fleets: read('fleets', (field, path) => parseFleets(field, path, findings)),
      energyCost: read('energy_cost', (field, path) => parseEnergyCost(field, path, findings)),
    }),
  };
};

const fields = [
  'idle_grace_seconds',
  'idle_max_price',
  'holidays',
  'memberships',
  'fleets',
  'energy_cost',
];

/** Entries of the extension that a tariff's own elements rest on, or that name each other. */
export const checkExtension = (tariff: OcpiTariff, findings: Findings): void => {
  tariff.elements.forEach(({ restrictions, priceComponents }, index) => {
    const path = `$.elements[${index}].restrictions.tallywatt`;
    checkHoliday(restrictions.holiday, tariff.holidays, path, findings);
    const asksIdle = (restrictions.minIdleSeconds ?? restrictions.maxIdleSeconds) !== undefined;
    for (const { type } of priceComponents) {
      if (asksIdle && type !== 'PARKING_TIME') {
        fault(findings, path, `idle seconds restrict PARKING_TIME, and the element has ${type}`);
      }
    }
  });
  tariff.energyCost?.elements.forEach(({ restrictions }, index) =>
    checkHoliday(
      restrictions.holiday,
      tariff.holidays,
      `${at}.energy_cost.elements[${index}].restrictions.tallywatt`,
      findings,
    ),
  );
  const tiers = new Set(tariff.memberships?.map(({ tier }) => tier));
  tariff.fleets?.forEach(({ plan }, index) => {
    if (tiers.has(plan)) {
      fault(findings, `${at}.fleets[${index}].plan`, 'is the name of a membership as well');
    }
  });
};

const checkHoliday = (
  holiday: unknown,
  holidays: readonly string[] | undefined,
  path: string,
  findings: Findings,
): void => {
  if (holiday === undefined || holidays !== undefined) return;
  fault(findings, `${path}.holiday`, `needs the dates in ${at}.holidays`);
};

const parseEach = <Entry>(
  value: unknown,
  path: string,
  findings: Findings,
  parse: (json: JsonObject, path: string, findings: Findings) => Entry | undefined,
): Entry[] | undefined => {
  const list = listAt(value, path, findings);
  if (list?.length === 0) return fault(findings, path, 'expected at least one entry');
  return list?.flatMap((entry, index) => {
    const json = objectAt(entry, `${path}[${index}]`, findings);
    return (json && parse(json, `${path}[${index}]`, findings)) ?? [];
  });
};

const exclVatAt = (value: unknown, path: string, findings: Findings) => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  extensionFields(json, path, ['excl_vat'], findings);
  return decimalAt(json['excl_vat'], `${path}.excl_vat`, findings);
};

const parseHolidays = (value: unknown, path: string, findings: Findings) => {
  const seen = new Set<unknown>();
  return listAt(value, path, findings)?.flatMap((date, index) => {
    const here = `${path}[${index}]`;
    if (!isCalendarDate(date)) {
      return fault(findings, here, `expected a date YYYY-MM-DD of the calendar`) ?? [];
    }
    if (seen.has(date)) fault(findings, here, `${date} is listed twice`);
    seen.add(date);
    return [date];
  });
};

const isCalendarDate = (value: unknown): value is string => {
  if (typeof value !== 'string' || !/^20\d\d-\d\d-\d\d$/.test(value)) return false;
  try {
    return instantFromEpochMs(parseInstant(`${value}T00:00:00Z`)).startsWith(value);
  } catch (error) {
    if (error instanceof InvalidInstant) return false;
    throw error;
  }
};

const parseMembership = (
  json: JsonObject,
  path: string,
  findings: Findings,
): MembershipTerms | undefined => {
  extensionFields(json, path, membershipFields, findings);
  const read = <Value>(name: string, parse: (field: unknown, at: string) => Value | undefined) =>
    whenGiven(json[name], (field) => parse(field, `${path}.${name}`));
  const tier = textAt(json['tier'], `${path}.tier`, findings, 64);
  const terms = {
    discountPercent: read('discount_percent', (field, p) => percentAt(field, p, findings)),
    discountPerKwh: read('discount_per_kwh', (field, p) => decimalAt(field, p, findings)),
    unlimited: read('unlimited', (field, p) => trueAt(field, p, findings)),
  };
  const given = ['discount_percent', 'discount_per_kwh', 'unlimited'].filter(
    (name) => json[name] !== undefined && json[name] !== null,
  );
  if (given.length > 1) fault(findings, path, `${given.join(' and ')} exclude each other`);
  const includedMilliWhPerMonth = read('included_kwh_per_month', (field, p) =>
    scaledAt(field, p, findings, 6),
  );
  if (given.length === 0 && includedMilliWhPerMonth === undefined) {
    fault(findings, path, 'says nothing that the tier pays less');
  }
  const appliesTo = read('applies_to', (field, p) =>
    wordsAt(field, p, findings, (word, at) => wordAt(word, at, findings, discountableDimensions)),
  );
  if (appliesTo !== undefined && given[0] !== 'discount_percent' && given[0] !== 'unlimited') {
    fault(findings, `${path}.applies_to`, 'goes with discount_percent or unlimited only');
  }
  const siteGroups = read('site_groups', (field, p) =>
    wordsAt(field, p, findings, (word, at) => textAt(word, at, findings, 64)),
  );
  if (tier === undefined) return undefined;
  return { tier, ...present({ siteGroups, ...terms, includedMilliWhPerMonth, appliesTo }) };
};

const membershipFields = [
  'tier',
  'site_groups',
  'discount_percent',
  'discount_per_kwh',
  'unlimited',
  'included_kwh_per_month',
  'applies_to',
];

const trueAt = (value: unknown, path: string, findings: Findings): true | undefined =>
  value === true ? value : fault(findings, path, 'expected true, or nothing');

const wordsAt = <Word>(
  value: unknown,
  path: string,
  findings: Findings,
  parse: (word: unknown, path: string) => Word | undefined,
): Word[] | undefined => {
  const list = listAt(value, path, findings);
  if (list?.length === 0) return fault(findings, path, 'expected at least one entry');
  if (list !== undefined && new Set(list).size < list.length) {
    fault(findings, path, 'lists an entry twice');
  }
  return list?.flatMap((word, index) => parse(word, `${path}[${index}]`) ?? []);
};

const parseFleets = (value: unknown, path: string, findings: Findings): FleetPlan[] | undefined => {
  const plans = parseEach(value, path, findings, parseFleet);
  plans?.forEach(({ plan }, index) => {
    if (plans.findIndex((other) => other.plan === plan) < index) {
      fault(findings, `${path}[${index}].plan`, `${JSON.stringify(plan)} is listed twice`);
    }
  });
  return plans;
};

const parseFleet = (json: JsonObject, path: string, findings: Findings): FleetPlan | undefined => {
  extensionFields(json, path, fleetFields, findings);
  const plan = textAt(json['plan'], `${path}.plan`, findings, 64);
  const monthlyFee = parseLimit(json['monthly_fee'], `${path}.monthly_fee`, findings);
  const included = `${path}.included_kwh_per_month`;
  const includedMilliWhPerMonth = scaledAt(json['included_kwh_per_month'], included, findings, 6);
  const overage = `${path}.overage_price_per_kwh`;
  const overagePricePerKwh = decimalAt(json['overage_price_per_kwh'], overage, findings);
  return plan === undefined ||
    monthlyFee === undefined ||
    includedMilliWhPerMonth === undefined ||
    overagePricePerKwh === undefined
    ? undefined
    : { plan, monthlyFee, includedMilliWhPerMonth, overagePricePerKwh };
};

const fleetFields = ['plan', 'monthly_fee', 'included_kwh_per_month', 'overage_price_per_kwh'];

const parseEnergyCost = (
  value: unknown,
  path: string,
  findings: Findings,
): EnergyCost | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  extensionFields(json, path, ['currency', 'elements'], findings);
  const currency = whenGiven(json['currency'], (field) =>
    typeof field === 'string' && isCurrency(field)
      ? field
      : fault(findings, `${path}.currency`, 'expected an ISO 4217 code'),
  );
  const elements = parseEach(json['elements'], `${path}.elements`, findings, parseCostElement);
  return elements === undefined ? undefined : { elements, ...present({ currency }) };
};

const parseCostElement = (
  json: JsonObject,
  path: string,
  findings: Findings,
): EnergyCostElement | undefined => {
  extensionFields(json, path, ['price_per_kwh', 'restrictions'], findings);
  const pricePerKwh = decimalAt(json['price_per_kwh'], `${path}.price_per_kwh`, findings);
  const where = `${path}.restrictions`;
  const restrictions = parseRestrictions(json['restrictions'], where, findings);
  const known: readonly string[] = calendarRestrictions;
  if (Object.keys(restrictions).some((name) => !known.includes(name))) {
    fault(findings, where, 'a utility knows times, dates, weekdays, holidays and seasons only');
  }
  return pricePerKwh === undefined ? undefined : { pricePerKwh, restrictions };
};

const calendarRestrictions = [
  'startTime',
  'endTime',
  'startDate',
  'endDate',
  'dayOfWeek',
  'holiday',
  'seasonStart',
  'seasonEnd',
];
