import type { Decimal } from '@tallywatt/money';
import { compareRational, rationalFromDecimal } from '@tallywatt/money';
import type { Findings } from './json-fields';
import {
  decimalAt,
  fault,
  listAt,
  objectAt,
  percentAt,
  present,
  unknownFields,
  whenGiven,
  wholeNumberAt,
  wordAt,
} from './json-fields';
import type { PriceComponent, PriceLimit, TariffDimension } from './ocpi-tariff';

/** OCPI's dimensions in the order in which prices are shown. */
export const tariffDimensions: readonly TariffDimension[] = [
  'ENERGY',
  'TIME',
  'PARKING_TIME',
  'FLAT',
];

/** OCPI PriceComponents of one element. */
export const parseComponents = (
  value: unknown,
  path: string,
  findings: Findings,
): PriceComponent[] => {
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
    const type = wordAt(json['type'], `${at}.type`, findings, tariffDimensions);
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

/** OCPI Price: an amount excluding tax and, where given, the one including it. */
export const parseLimit = (
  value: unknown,
  path: string,
  findings: Findings,
): PriceLimit | undefined => {
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

export const isAbove = (left: Decimal, right: Decimal): boolean =>
  compareRational(rationalFromDecimal(left), rationalFromDecimal(right)) > 0;
