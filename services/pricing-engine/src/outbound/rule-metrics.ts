import type { TariffAdjustment } from '@tallywatt/contracts';
import type { SiteUnknown } from '@tallywatt/derivations';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Whether a rule adjusts its tariff, or why it stands still. */
export type RuleState =
  | 'in-force'
  | 'base-superseded'
  | 'tariff-withdrawn'
  | 'observation-stale'
  | 'failed'
  | SiteUnknown['unknown'];

/** What is counted of pricing rules. */
export type RuleMetrics = Readonly<{
  /** How all rules stand after a round. */
  evaluated(states: readonly RuleState[]): void;
  published(adjustment: TariffAdjustment): void;
}>;

export const ruleMetrics = (registry: Registry): RuleMetrics => {
  const registers = [registry];
  const rules = new Gauge({
    name: 'tallywatt_pricing_rules',
    help: 'Pricing rules by whether they adjust their tariff, or why they stand still',
    labelNames: ['state'],
    registers,
  });
  const versions = new Counter({
    name: 'tallywatt_pricing_rule_versions_total',
    help: 'Tariff versions that pricing rules published',
    labelNames: ['rule'],
    registers,
  });
  const limited = new Counter({
    name: 'tallywatt_pricing_rule_limited_total',
    help: 'Prices that would have been others without a limit of their rule',
    labelNames: ['rule', 'limit'],
    registers,
  });
  return {
    evaluated: (states) => {
      rules.reset();
      for (const state of states) rules.inc({ state });
    },
    published: ({ ruleId, limits }) => {
      versions.inc({ rule: ruleId });
      for (const { limit } of limits) limited.inc({ rule: ruleId, limit });
    },
  };
};
