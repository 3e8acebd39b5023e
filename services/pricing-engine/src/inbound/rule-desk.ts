import type { PricingRuleEvent, TariffReference } from '@tallywatt/contracts';
import {
  checkAgainstBase,
  parsePricingRule,
  siteObservation,
  type PricingRuleTerms,
  type TariffDocument,
} from '@tallywatt/derivations';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import { Problem, type Fault } from '@tallywatt/service-kit';
import { tariffVersionOf } from '@tallywatt/tariffs';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { pricingRule } from '../domain/pricing-rule';
import { findRule, keepRules, loadRule, lockRuleId } from '../outbound/pricing-rule-table';
import { loadSite } from '../outbound/site-tables';
import { findBase, lockTariff, type TariffRow } from '../outbound/tariff-tables';
import type { TariffDesk } from './tariff-desk';

export type RuleKey = Readonly<{ cpoId: string; ruleId: string }>;

export type SetRule = Readonly<{
  ruleId: string;
  revision: bigint;
  tariffId: string;
  baseVersion: bigint;
  /** False: the rule says the same already. */
  isNew: boolean;
  warnings: readonly Fault[];
}>;

export type RemovedRule = Readonly<{
  ruleId: string;
  tariffId: string;
  /** The latest from here on: the text of the base again, or what a person published since. */
  version: bigint;
}>;

/** Where rules are set and removed, by people. */
export class RuleDesk {
  constructor(
    private readonly eventLog: EventLog,
    private readonly tariffs: Pick<TariffDesk, 'publishBaseAgain'>,
  ) {}

  /**
   * Lets a rule adjust a tariff from the next minute on.
   *
   * @throws Problem 422 with every fault by its JSON path; 409 when the tariff has another rule, or
   *   the rule another tariff.
   */
  async set({ cpoId, ruleId }: RuleKey, body: unknown, setBy: string): Promise<SetRule> {
    const terms = readRule(body);
    const { tariffId } = terms;
    return this.eventLog.transaction(async (tx) => {
      await lockRuleId(tx, cpoId, ruleId);
      const elsewhere = await findRule(tx, cpoId, ruleId);
      if (elsewhere !== undefined && elsewhere.base.tariffId !== tariffId) {
        throw conflict(`rule ${ruleId} adjusts tariff ${elsewhere.base.tariffId}: remove it first`);
      }
      const key = { cpoId, tariffId };
      const latest = await lockTariff(tx, key);
      const baseRow = await findBase(tx, key);
      const base = baseOf(terms, latest.status === 'withdrawn' ? undefined : baseRow);
      const { faults, warnings } = checkAgainstBase(terms, base.document);
      if (faults.length > 0) throw invalid(faults);
      const before = await loadRule(tx, key);
      const now = instantFromEpochMs(Date.now());
      const { reference } = base;
      const decision = pricingRule.decide(
        { type: 'SetPricingRule', cpoId, ruleId, base: reference, terms, setBy, now },
        before,
      );
      if (decision.kind === 'refused') {
        throw conflict(`tariff ${tariffId} has rule ${decision.detail}: remove it first`);
      }
      await this.record(tx, decision.kind === 'accepted' ? decision.events : [], now);
      const after = await loadRule(tx, key);
      if (after.status !== 'set') throw new Error('a rule that was set is there');
      return {
        ruleId,
        revision: after.rule.revision,
        tariffId,
        baseVersion: reference.version,
        isNew: decision.kind === 'accepted',
        warnings: [
          ...warnings,
          ...dateWarnings(base, now),
          ...(await siteWarnings(tx, cpoId, terms, now)),
        ],
      };
    });
  }

  /** Takes a rule away, and publishes its base again. @throws Problem 404 when it is not set. */
  async remove({ cpoId, ruleId }: RuleKey, removedBy: string): Promise<RemovedRule> {
    return this.eventLog.transaction(async (tx) => {
      await lockRuleId(tx, cpoId, ruleId);
      const rule = await findRule(tx, cpoId, ruleId);
      if (rule === undefined) throw unknownRule(ruleId);
      const { tariffId } = rule.base;
      const key = { cpoId, tariffId };
      const latest = await lockTariff(tx, key);
      const now = instantFromEpochMs(Date.now());
      const decision = pricingRule.decide(
        { type: 'RemovePricingRule', ruleId, removedBy, now },
        await loadRule(tx, key),
      );
      if (decision.kind !== 'accepted') throw unknownRule(ruleId);
      await this.record(tx, decision.events, now);
      if (latest.status === 'absent') throw new Error(`the tariff ${tariffId} of a rule is absent`);
      if (latest.status === 'withdrawn' || !latest.isAdjusted) {
        return { ruleId, tariffId, version: latest.version };
      }
      const published = await this.tariffs.publishBaseAgain(tx, latest, key, now);
      return { ruleId, tariffId, version: published.tariff.version };
    });
  }

  private async record(
    tx: SqlClient,
    events: readonly PricingRuleEvent[],
    now: Instant,
  ): Promise<void> {
    await this.eventLog.append(
      tx,
      events.map((event) => ({ event, occurredAt: now })),
      { recordedAt: now },
    );
    await keepRules(tx, events);
  }
}

const readRule = (body: unknown): PricingRuleTerms => {
  const parsed = parsePricingRule(body);
  if (parsed.ok) return parsed.terms;
  throw invalid(parsed.faults);
};

const documentOf = ({ ocpi_tariff_json: json }: TariffRow): TariffDocument =>
  JSON.parse(json) as TariffDocument;

type Base = Readonly<{
  reference: TariffReference;
  /** ISO 4217 */
  currency: string;
  document: TariffDocument;
}>;

const baseOf = ({ tariffId, baseVersion }: PricingRuleTerms, row: TariffRow | undefined): Base => {
  if (row === undefined) {
    throw invalid([{ path: '$.tariffId', message: `there is no tariff ${tariffId} in force` }]);
  }
  const version = BigInt(row.version);
  if (version !== baseVersion) {
    const message = `expected ${version}, what a person published last; found ${baseVersion}`;
    throw invalid([{ path: '$.baseVersion', message }]);
  }
  const { content_hash: contentHash, bills_parking_time: billsParkingTime } = row;
  const reference = { tariffId, version, contentHash, billsParkingTime };
  return { reference, currency: row.currency, document: documentOf(row) };
};

/** A rule adjusts whatever a person published last; the dates of that hold for what it makes. */
const dateWarnings = ({ reference, currency, document }: Base, now: Instant): Fault[] => {
  const { validFrom, validUntil } = tariffVersionOf(reference, currency, JSON.stringify(document));
  const isOver = validUntil !== undefined && validUntil <= now;
  if (!isOver && (validFrom === undefined || validFrom <= now)) return [];
  const when = isOver ? `not in force since ${validUntil}` : `not in force before ${validFrom}`;
  return [{ path: '$.baseVersion', message: `is ${when}, nor is what the rule makes of it` }];
};

/** What is not there yet may be registered tomorrow: the rule stands still until then. */
const siteWarnings = async (
  tx: SqlClient,
  cpoId: string,
  { locationIds }: PricingRuleTerms,
  now: Instant,
): Promise<Fault[]> => {
  const observed = siteObservation(await loadSite(tx, cpoId, locationIds, now), locationIds, now);
  if (!('unknown' in observed)) return [];
  const message = `the rule stands still: ${observed.unknown}, ${observed.detail}`;
  return [{ path: '$.locationIds', message }];
};

const invalid = (faults: readonly Fault[]): Problem =>
  new Problem({
    status: 422,
    type: 'pricing-rule-invalid',
    title: 'The rule cannot adjust a tariff',
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });

const conflict = (detail: string): Problem =>
  new Problem({
    status: 409,
    type: 'pricing-rule-conflict',
    title: 'One rule adjusts one tariff',
    detail,
  });

export const unknownRule = (ruleId: string): Problem =>
  new Problem({
    status: 404,
    type: 'pricing-rule-unknown',
    title: 'There is no such rule',
    detail: `rule ${ruleId} is not set`,
  });
