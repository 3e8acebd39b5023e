import type { PricingRuleEvent, PricingRuleSet } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import { pricingRule, type RemovePricingRule, type SetPricingRule } from './pricing-rule';

const now = '2026-11-21T10:00:00.000Z';
const set = (changes: Partial<SetPricingRule> = {}, dwellMinutes = 15): SetPricingRule => ({
  type: 'SetPricingRule',
  cpoId: 'default',
  ruleId: 'peak',
  base: { tariffId: 'ac', version: 3n, contentHash: 'hash-3', billsParkingTime: false },
  terms: {
    tariffId: 'ac',
    baseVersion: 3n,
    locationIds: ['LOC-1'],
    steps: [
      {
        utilisationPercent: { from: 80 },
        daysOfWeek: [],
        adjustments: [{ dimension: 'ENERGY', percent: { unscaled: 20n, scale: 0 } }],
      },
    ],
    bounds: [
      {
        dimension: 'ENERGY',
        lowest: { unscaled: 4n, scale: 1 },
        highest: { unscaled: 6n, scale: 1 },
      },
    ],
    dwellMinutes,
  },
  setBy: 'operator-1',
  now,
  ...changes,
});
const setEvent = (revision: bigint, command = set()): PricingRuleSet => {
  const { cpoId, ruleId, base, setBy, now: setAt } = command;
  const { locationIds, steps, bounds, dwellMinutes } = command.terms;
  return {
    type: 'PricingRuleSet',
    cpoId,
    ruleId,
    base,
    locationIds,
    steps,
    bounds,
    dwellMinutes,
    revision,
    setBy,
    setAt,
  };
};
const remove: RemovePricingRule = {
  type: 'RemovePricingRule',
  ruleId: 'peak',
  removedBy: 'operator-2',
  now,
};
const removed = (revision: bigint): PricingRuleEvent => ({
  type: 'PricingRuleRemoved',
  cpoId: 'default',
  tariffId: 'ac',
  ruleId: 'peak',
  revision,
  removedBy: 'operator-2',
  removedAt: now,
});
const given = (...history: PricingRuleEvent[]) => specification(pricingRule).given(...history);

describe('a tariff without a rule', () => {
  it('gets one', () => given().when(set()).then(setEvent(1n)));
  it('has none to remove', () => given().when(remove).thenIgnored('no-such-rule'));
});

describe('a tariff with a rule', () => {
  it('keeps it when the same is said again, by whomever', () =>
    given(setEvent(1n))
      .when(set({ setBy: 'operator-2', now: '2026-11-22T10:00:00.000Z' }))
      .thenIgnored('rule-unchanged'));
  it('gets what is said otherwise, as the next revision', () =>
    given(setEvent(1n))
      .when(set({}, 30))
      .then(setEvent(2n, set({}, 30))));
  it('gets the same rule on another base', () => {
    const base = { ...set().base, version: 4n, contentHash: 'hash-4' };
    given(setEvent(1n))
      .when(set({ base }))
      .then(setEvent(2n, set({ base })));
  });
  it('takes no second rule', () =>
    given(setEvent(1n))
      .when(set({ ruleId: 'other' }))
      .thenRefused('tariff-has-another-rule'));
  it('loses it, and only that one', () => {
    given(setEvent(1n)).when(remove).then(removed(2n));
    given(setEvent(1n))
      .when({ ...remove, ruleId: 'other' })
      .thenIgnored('no-such-rule');
  });
});

describe('a tariff whose rule was removed', () => {
  it('counts on', () => given(setEvent(1n), removed(2n)).when(set()).then(setEvent(3n)));
  it('gets another rule', () =>
    given(setEvent(1n), removed(2n))
      .when(set({ ruleId: 'other' }))
      .then(setEvent(3n, set({ ruleId: 'other' }))));
  it('has none to remove', () =>
    given(setEvent(1n), removed(2n)).when(remove).thenIgnored('no-such-rule'));
});
