import { nextVersion, siteObservation, type TariffDocument } from '@tallywatt/derivations';
import type { EventLog, Logger, SqlClient } from '@tallywatt/event-log';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type { Pool } from 'pg';
import { listRuledTariffs, loadRule } from '../outbound/pricing-rule-table';
import type { RuleMetrics, RuleState } from '../outbound/rule-metrics';
import { loadSite } from '../outbound/site-tables';
import {
  adjustmentOf,
  findVersion,
  lockTariffIfFree,
  type TariffKey,
} from '../outbound/tariff-tables';
import { siteConsumer } from './site-facts.consumer';
import type { TariffDesk } from './tariff-desk';
import { readTariff } from './tariff-reading';

/** What is known of sites may be this old; a rule that knows less stands still. */
const observedWithinMs = 60_000;

type Outside = Readonly<{
  eventLog: Pick<EventLog, 'transaction' | 'health'>;
  pool: Pool;
  tariffs: Pick<TariffDesk, 'publishVersion'>;
  metrics: RuleMetrics;
  logger: Logger;
}>;

/**
 * Asks each rule what it makes of its site, and publishes what it says. Replicas may do so at the
 * same time: the lock of the tariff's row lets one at a time, and the dwell time one a while.
 */
export const evaluateRules = async (outside: Outside): Promise<void> => {
  const { pool, metrics, logger } = outside;
  const states: RuleState[] = [];
  for (const key of await listRuledTariffs(pool)) {
    try {
      states.push(await evaluate(outside, key));
    } catch (error) {
      states.push('failed');
      logger.error({ err: error, ...key }, 'a pricing rule could not be evaluated');
    }
  }
  metrics.evaluated(states);
};

/** Whether all is taken that the log held not long ago; else a full site could look empty. */
const isFresh = ({ eventLog }: Outside, nowMs: number): boolean => {
  const state = eventLog.health().consumers.find(({ name }) => name === siteConsumer.name);
  const untilMs = state?.takenUntilMs;
  return untilMs !== undefined && nowMs - untilMs <= observedWithinMs;
};

const evaluate = async (outside: Outside, key: TariffKey): Promise<RuleState> =>
  outside.eventLog.transaction(async (tx) => {
    const nowMs = Date.now();
    if (!isFresh(outside, nowMs)) return 'observation-stale';
    return evaluateAt(outside, tx, key, instantFromEpochMs(nowMs));
  });

const evaluateAt = async (
  { tariffs, metrics, logger }: Outside,
  tx: SqlClient,
  key: TariffKey,
  now: Instant,
): Promise<RuleState> => {
  const latest = await lockTariffIfFree(tx, key);
  // A person publishes, or another replica evaluates.
  if (latest === undefined) return 'in-force';
  if (latest.status !== 'published') return 'tariff-withdrawn';
  const state = await loadRule(tx, key);
  if (state.status !== 'set') return 'in-force';
  const { rule } = state;
  const site = await loadSite(tx, key.cpoId, rule.locationIds, now);
  const observation = siteObservation(site, rule.locationIds, now);
  if ('unknown' in observation) return observation.unknown;
  const version = await findVersion(tx, key);
  const base = await findVersion(tx, key, rule.base.version);
  if (version === undefined || base === undefined) {
    throw new Error(`the base of rule ${rule.ruleId} is not there`);
  }
  const adjustedBy = adjustmentOf(version);
  const decision = nextVersion(
    rule,
    JSON.parse(base.ocpi_tariff_json) as TariffDocument,
    {
      version: BigInt(version.version),
      document: JSON.parse(version.ocpi_tariff_json) as TariffDocument,
      publishedAt: version.published_at.toISOString(),
      ...(adjustedBy === undefined ? {} : { adjustedBy }),
    },
    observation,
  );
  if (decision.kind !== 'accepted') {
    return decision.reason === 'base-superseded' ? 'base-superseded' : 'in-force';
  }
  for (const { document, adjustedBy } of decision.events) {
    const read = readTariff(key.tariffId, document);
    await tariffs.publishVersion(tx, latest, { cpoId: key.cpoId, read, adjustedBy, now });
    metrics.published(adjustedBy);
    const { ruleId, stepIndex } = adjustedBy;
    logger.info({ ...key, ruleId, stepIndex }, 'a pricing rule published a version');
  }
  return 'in-force';
};
