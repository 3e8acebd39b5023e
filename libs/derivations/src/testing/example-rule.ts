import { canonicalJson, sha256Hex, type PricingRuleSet } from '@tallywatt/contracts';
import { parsePricingRule } from '../dynamic-pricing/pricing-rule-parsing';

/** 0.50 a kWh, 6.00 an hour of idle time. */
export const baseTariff = {
  id: 'ac',
  currency: 'EUR',
  elements: [
    {
      price_components: [
        { type: 'ENERGY', price: 0.5, vat: 19, step_size: 1 },
        { type: 'PARKING_TIME', price: 6, vat: 19, step_size: 60 },
      ],
    },
  ],
  last_updated: '2026-11-01T00:00:00Z',
  tariff_alt_text: [{ language: 'en', text: '0.50 per kWh' }],
};

/** Dearer from 80 % on until it falls below 60 %, cheaper at night and when hardly anybody comes. */
export const ruleJson = {
  tariffId: 'ac',
  baseVersion: 3,
  locationIds: ['LOC-1'],
  steps: [
    {
      utilisationPercent: { from: 80, stayFrom: 60 },
      adjustments: [
        { dimension: 'ENERGY', percent: 25 },
        { dimension: 'PARKING_TIME', amountPerUnit: 3 },
      ],
    },
    {
      startTime: '22:00',
      endTime: '06:00',
      sessionsStartedInHour: { to: 2, stayTo: 4 },
      adjustments: [{ dimension: 'ENERGY', amountPerUnit: -0.08 }],
    },
  ],
  bounds: [
    { dimension: 'ENERGY', lowest: 0.4, highest: 0.6, largestChange: 0.2 },
    { dimension: 'PARKING_TIME', lowest: 6, highest: 12 },
  ],
  dwellMinutes: 15,
};

/** The rule as a person set it. @throws when it has faults. */
export const ruleOf = (json: unknown = ruleJson, base: object = baseTariff): PricingRuleSet => {
  const parsed = parsePricingRule(json);
  if (!parsed.ok) throw new Error(canonicalJson(parsed.faults));
  const { tariffId, baseVersion, ...terms } = parsed.terms;
  return {
    type: 'PricingRuleSet',
    cpoId: 'default',
    ruleId: 'rule-1',
    revision: 1n,
    base: {
      tariffId,
      version: baseVersion,
      contentHash: sha256Hex(canonicalJson(base)),
      billsParkingTime: true,
    },
    ...terms,
    setBy: 'operator-1',
    setAt: '2026-11-20T12:00:00.000Z',
  };
};
