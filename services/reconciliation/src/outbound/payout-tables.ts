import type { JournalEntryPosted, SettlementEvent } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { PayoutState } from '../domain/payout';
import type { Subject } from '../domain/subject';
import { inKeyOrder, type SubjectKey } from './subject-tables';

export type PayoutFact =
  | Extract<SettlementEvent, { type: 'PayoutCreated' | 'PayoutPaid' | 'PayoutFailed' }>
  | JournalEntryPosted;

/** Posting rules whose document is a payout. */
export const payoutRules: readonly string[] = ['payout.created', 'payout.paid', 'payout.failed'];

const payoutIdOf = (fact: PayoutFact): string =>
  fact.type === 'JournalEntryPosted' ? fact.documentId : fact.payoutId;

/**
 * Holds the payouts of a batch until the transaction ends, before any subject: the journal and the
 * settlements speak of the same payouts at once, and all lock in one order.
 */
export const lockPayouts = async (tx: SqlClient, facts: readonly PayoutFact[]): Promise<void> => {
  if (facts.length === 0) return;
  const sorted = inKeyOrder(facts.map((fact) => [fact.cpoId, payoutIdOf(fact)]));
  const keys = [sorted.map(([cpoId]) => cpoId), sorted.map(([, payoutId]) => payoutId)];
  await tx.query(
    `INSERT INTO payouts (cpo_id, payout_id)
     SELECT cpo_id, payout_id FROM unnest($1::text[], $2::text[]) AS k(cpo_id, payout_id)
     ON CONFLICT DO NOTHING`,
    keys,
  );
  await tx.query(
    `SELECT 1 FROM payouts
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS u(cpo_id, payout_id)) k
       USING (cpo_id, payout_id)
     ORDER BY payouts.cpo_id, payouts.payout_id FOR UPDATE OF payouts`,
    keys,
  );
};

/** Notes what was said of a payout, and answers whose money is in it. */
export const recordPayout = async (tx: SqlClient, fact: PayoutFact): Promise<SubjectKey[]> => {
  const [change, values] = changeOf(fact);
  const { rows } = await tx.query<{ member_sessions: string[] }>(
    `UPDATE payouts SET ${change} WHERE cpo_id = $1 AND payout_id = $2 RETURNING member_sessions`,
    [fact.cpoId, payoutIdOf(fact), ...values],
  );
  return (rows[0]?.member_sessions ?? []).map((sessionId) => ({ cpoId: fact.cpoId, sessionId }));
};

const changeOf = (fact: PayoutFact): [change: string, values: unknown[]] => {
  switch (fact.type) {
    case 'PayoutCreated': {
      const sessions = fact.members.flatMap(({ sessionId }) => sessionId ?? []);
      const netMinor = fact.members.reduce((total, member) => total + member.netMinor, 0n);
      return [
        'amount_minor = $3, members_net_minor = $4, member_sessions = $5',
        [fact.amount.amountMinor.toString(), netMinor.toString(), [...new Set(sessions)].sort()],
      ];
    }
    case 'PayoutPaid':
      return ['paid = true', []];
    case 'PayoutFailed':
      return ['failed = true', []];
    case 'JournalEntryPosted':
      return [
        'booked = CASE WHEN $3 = ANY(booked) THEN booked ELSE booked || $3::text END',
        [fact.postingRule],
      ];
  }
};

/** The payouts that hold money of the given subjects, by CPO and payout id. */
export const payoutsOf = async (
  tx: SqlClient,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, PayoutState>>> => {
  const pairs = subjects.flatMap(({ cpoId, payouts }) =>
    Object.values(payouts)
      .flat()
      .map((payoutId) => [cpoId, payoutId] as const),
  );
  const byCpo = new Map<string, Map<string, PayoutState>>();
  if (pairs.length === 0) return byCpo;
  const { rows } = await tx.query<PayoutRow>(
    `SELECT p.* FROM payouts p
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS u(cpo_id, payout_id)) k
       USING (cpo_id, payout_id)`,
    [pairs.map(([cpoId]) => cpoId), pairs.map(([, payoutId]) => payoutId)],
  );
  for (const row of rows) {
    const payouts = byCpo.get(row.cpo_id) ?? new Map<string, PayoutState>();
    byCpo.set(row.cpo_id, payouts.set(row.payout_id, fromRow(row)));
  }
  return byCpo;
};

type PayoutRow = {
  cpo_id: string;
  payout_id: string;
  amount_minor: string | null;
  members_net_minor: string | null;
  paid: boolean;
  failed: boolean;
  booked: string[];
};

const fromRow = (row: PayoutRow): PayoutState => ({
  ...(row.amount_minor === null ? {} : { amountMinor: BigInt(row.amount_minor) }),
  ...(row.members_net_minor === null ? {} : { membersNetMinor: BigInt(row.members_net_minor) }),
  paid: row.paid,
  failed: row.failed,
  booked: row.booked,
});
