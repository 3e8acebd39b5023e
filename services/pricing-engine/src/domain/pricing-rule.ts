import {
  encodeEvent,
  type PricingRuleEvent,
  type PricingRuleSet,
  type TariffReference,
} from '@tallywatt/contracts';
import {
  accept,
  ignore,
  refuse,
  unreachable,
  type Decider,
  type Decision,
} from '@tallywatt/decider';
import type { PricingRuleTerms } from '@tallywatt/derivations';
import type { Instant } from '@tallywatt/time';

/** What adjusts one tariff. */
export type PricingRule =
  | Readonly<{ status: 'absent' }>
  | Readonly<{ status: 'set'; rule: PricingRuleSet }>
  | Readonly<{ status: 'removed'; ruleId: string; revision: bigint }>;

export type SetPricingRule = Readonly<{
  type: 'SetPricingRule';
  cpoId: string;
  ruleId: string;
  /** What a person published last of the tariff. */
  base: TariffReference;
  terms: PricingRuleTerms;
  setBy: string;
  now: Instant;
}>;

export type RemovePricingRule = Readonly<{
  type: 'RemovePricingRule';
  ruleId: string;
  removedBy: string;
  now: Instant;
}>;

type Command = SetPricingRule | RemovePricingRule;
type Reason = 'rule-unchanged' | 'no-such-rule' | 'tariff-has-another-rule';

const evolve = (_state: PricingRule, event: PricingRuleEvent): PricingRule =>
  event.type === 'PricingRuleSet'
    ? { status: 'set', rule: event }
    : { status: 'removed', ruleId: event.ruleId, revision: event.revision };

const decide = (command: Command, state: PricingRule): Decision<PricingRuleEvent, Reason> => {
  switch (command.type) {
    case 'SetPricingRule':
      return decideSet(command, state);
    case 'RemovePricingRule': {
      const { ruleId, removedBy, now } = command;
      if (state.status !== 'set' || state.rule.ruleId !== ruleId) return ignore('no-such-rule');
      const { cpoId, base } = state.rule;
      return accept({
        type: 'PricingRuleRemoved',
        cpoId,
        tariffId: base.tariffId,
        ruleId,
        revision: revisionAfter(state),
        removedBy,
        removedAt: now,
      });
    }
    default:
      return unreachable(command);
  }
};

const decideSet = (
  { cpoId, ruleId, base, terms, setBy, now }: SetPricingRule,
  state: PricingRule,
): Decision<PricingRuleEvent, Reason> => {
  const { locationIds, steps, bounds, dwellMinutes } = terms;
  const asked = { ruleId, base, locationIds, steps, bounds, dwellMinutes };
  if (state.status === 'set') {
    const { rule } = state;
    // Two rules would pull one price to and fro.
    if (rule.ruleId !== ruleId) return refuse('tariff-has-another-rule', rule.ruleId);
    const { contentHash } = encodeEvent({ ...rule, ...asked });
    if (contentHash === encodeEvent(rule).contentHash) return ignore('rule-unchanged');
  }
  return accept({
    type: 'PricingRuleSet',
    cpoId,
    ...asked,
    revision: revisionAfter(state),
    setBy,
    setAt: now,
  });
};

const revisionAfter = (state: PricingRule): bigint => {
  switch (state.status) {
    case 'absent':
      return 1n;
    case 'set':
      return state.rule.revision + 1n;
    case 'removed':
      return state.revision + 1n;
  }
};

export const pricingRule: Decider<Command, PricingRule, PricingRuleEvent, Reason> = {
  initial: { status: 'absent' },
  decide,
  evolve,
};
