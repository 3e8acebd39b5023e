import {
  fault,
  listAt,
  objectAt,
  present,
  textAt,
  type Entitlement,
  type Findings,
} from '@tallywatt/tariffs';
import { decimalAt, found, optional, percentAt } from './quote-fields';

const fields = [
  'tier',
  'discountPercent',
  'discountPerKwh',
  'unlimited',
  'includedEnergyMilliWh',
] as const;

/** On whose terms a quote is priced. To leave a term out would change the price. */
export const parseEntitlement = (value: unknown, findings: Findings): Entitlement | undefined => {
  const path = '$.entitlement';
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  for (const name of Object.keys(json)) {
    if ((fields as readonly string[]).includes(name)) continue;
    fault(findings, `${path}.${name.slice(0, 60)}`, `expected ${fields.join(', ')} only`);
  }
  const read = <Value>(
    name: (typeof fields)[number],
    parse: (given: unknown, at: string, findings: Findings) => Value | undefined,
  ): Value | undefined =>
    optional(json[name], (given) => parse(given, `${path}.${name}`, findings));
  const terms = {
    discountPercent: read('discountPercent', percentAt),
    discountPerKwh: read('discountPerKwh', decimalAt),
    unlimited: read('unlimited', booleanAt),
  };
  const off = Object.entries(terms).filter(([, term]) => term !== undefined && term !== false);
  if (off.length > 1) {
    const names = off.map(([name]) => name).join(' and ');
    fault(findings, path, `${names} exclude each other`);
  }
  const tier = read('tier', (given, at) => textAt(given, at, findings, 100));
  const includedEnergyMilliWh = read('includedEnergyMilliWh', wholeAt);
  return { tier: tier ?? 'member', ...present({ ...terms, includedEnergyMilliWh }) };
};

/** The site groups a location is in. */
export const parseSiteGroups = (value: unknown, findings: Findings): string[] | undefined =>
  listAt(value, '$.siteGroups', findings)?.flatMap(
    (group, index) => textAt(group, `$.siteGroups[${index}]`, findings, 64) ?? [],
  );

const booleanAt = (value: unknown, path: string, findings: Findings): boolean | undefined =>
  typeof value === 'boolean'
    ? value
    : fault(findings, path, `expected true or false, found ${found(value)}`);

const wholeAt = (value: unknown, path: string, findings: Findings): bigint | undefined => {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  const isText = typeof value === 'string' && /^\d{1,24}$/.test(value);
  return isNumber || isText
    ? BigInt(value)
    : fault(findings, path, `expected a whole number of 0 or more, found ${found(value)}`);
};
