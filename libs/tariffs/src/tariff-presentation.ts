import type { Findings, JsonObject } from './json-fields';
import { warn } from './json-fields';

const tariffTypes = ['AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR'];

/**
 * What a tariff says to people and to other systems without deciding a price. What is malformed
 * there is kept and warned of: a session must not stay unpriced because of an address.
 */
export const checkPresentation = (fields: JsonObject, findings: Findings): void => {
  const check = (name: string, isFine: (value: unknown) => boolean, message: string): void => {
    const value = fields[name];
    if (value !== undefined && !isFine(value)) warn(findings, `$.${name}`, message);
  };
  check(
    'type',
    (value) => typeof value === 'string' && tariffTypes.includes(value),
    `is not one of ${tariffTypes.join(', ')}`,
  );
  check(
    'tariff_alt_text',
    (value) => Array.isArray(value) && value.every(isDisplayText),
    'is not a list of { language, text }',
  );
  check(
    'tariff_alt_url',
    (value) => typeof value === 'string' && /^https?:\/\/\S{1,247}$/.test(value),
    'is not a web address of at most 255 characters',
  );
  check('energy_mix', isEnergyMix, 'is not an OCPI EnergyMix');
  check(
    'last_updated',
    (value) =>
      typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?$/.test(value),
    'is not an OCPI DateTime such as 2026-11-21T10:00:00Z',
  );
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDisplayText = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['language'] === 'string' &&
  /^[A-Za-z]{2}$/.test(value['language']) &&
  typeof value['text'] === 'string' &&
  value['text'].length <= 512;

const isEnergyMix = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['is_green_energy'] === 'boolean' &&
  ['energy_sources', 'environ_impact'].every(
    (name) => value[name] === undefined || Array.isArray(value[name]),
  ) &&
  ['supplier_name', 'energy_product_name'].every(
    (name) => value[name] === undefined || typeof value[name] === 'string',
  );
