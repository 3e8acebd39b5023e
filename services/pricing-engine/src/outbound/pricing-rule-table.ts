import type { PricingRuleSet, TariffEvent } from '@tallywatt/contracts';
import { decodeState, encodeState } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { PricingRule } from '../domain/pricing-rule';
import type { TariffKey } from './tariff-tables';

/**
 * Keeps the latest word on each tariff's rule. The log tells again what this service has written:
 * an older revision changes nothing.
 */
export const keepRules = async (tx: SqlClient, events: readonly TariffEvent[]): Promise<void> => {
  for (const event of events) {
    if (event.type !== 'PricingRuleSet' && event.type !== 'PricingRuleRemoved') continue;
    const isSet = event.type === 'PricingRuleSet';
    await tx.query(
      `INSERT INTO pricing_rules AS r (cpo_id, tariff_id, rule_id, revision, rule)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (cpo_id, tariff_id) DO UPDATE SET rule_id = EXCLUDED.rule_id,
         revision = EXCLUDED.revision, rule = EXCLUDED.rule
       WHERE r.revision < EXCLUDED.revision`,
      [
        event.cpoId,
        isSet ? event.base.tariffId : event.tariffId,
        event.ruleId,
        event.revision.toString(),
        isSet ? encodeState(event) : null,
      ],
    );
  }
};

type RuleRow = Readonly<{
  tariff_id: string;
  rule_id: string;
  revision: string;
  rule: string | null;
}>;

const ruleOf = ({ rule }: Pick<RuleRow, 'rule'>): PricingRuleSet[] =>
  rule === null ? [] : [decodeState<PricingRuleSet>(rule)];

/** What adjusts a tariff. Its lock is the tariff's. */
export const loadRule = async (
  tx: SqlClient,
  { cpoId, tariffId }: TariffKey,
): Promise<PricingRule> => {
  const { rows } = await tx.query<RuleRow>(
    `SELECT tariff_id, rule_id, revision, rule FROM pricing_rules
     WHERE cpo_id = $1 AND tariff_id = $2`,
    [cpoId, tariffId],
  );
  const [row] = rows;
  if (row === undefined) return { status: 'absent' };
  const [rule] = ruleOf(row);
  return rule === undefined
    ? { status: 'removed', ruleId: row.rule_id, revision: BigInt(row.revision) }
    : { status: 'set', rule };
};

/** The tariffs that a rule adjusts, of all CPOs. */
export const listRuledTariffs = async (db: SqlClient): Promise<readonly TariffKey[]> => {
  const { rows } = await db.query<{ cpo_id: string; tariff_id: string }>(
    'SELECT cpo_id, tariff_id FROM pricing_rules WHERE rule IS NOT NULL ORDER BY 1, 2',
  );
  return rows.map((row) => ({ cpoId: row.cpo_id, tariffId: row.tariff_id }));
};

/** Keeps the id of a rule from being given to two tariffs at a time, until the transaction ends. */
export const lockRuleId = async (tx: SqlClient, cpoId: string, ruleId: string): Promise<void> => {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    JSON.stringify(['pricing rule', cpoId, ruleId]),
  ]);
};

/** The rule that is set under this id. */
export const findRule = async (
  db: SqlClient,
  cpoId: string,
  ruleId: string,
): Promise<PricingRuleSet | undefined> => {
  const { rows } = await db.query<RuleRow>(
    `SELECT rule FROM pricing_rules WHERE cpo_id = $1 AND rule_id = $2 AND rule IS NOT NULL
     LIMIT 1`,
    [cpoId, ruleId],
  );
  return rows.flatMap(ruleOf)[0];
};

/** A CPO's rules by id, after `afterId`. */
export const listRules = async (
  db: SqlClient,
  cpoId: string,
  afterId: string,
  count: number,
): Promise<readonly PricingRuleSet[]> => {
  const { rows } = await db.query<RuleRow>(
    `SELECT rule FROM pricing_rules WHERE cpo_id = $1 AND rule_id > $2 AND rule IS NOT NULL
     ORDER BY rule_id LIMIT $3`,
    [cpoId, afterId, count],
  );
  return rows.flatMap(ruleOf);
};
