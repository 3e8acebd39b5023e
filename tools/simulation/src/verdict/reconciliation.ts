import { hold, holdSame, textOf } from '../ground/violation';
import type { Evidence, SessionEvidence } from './evidence';

/** Reconciliation has settled every session, and says nothing that is not so. */
export const judgeReconciliation = (evidence: Evidence): void => {
  const rows = evidence.system.reconciliation.tables.subjects;
  holdSame(rows.size, evidence.sessions.length, 'reconciliation is clean', 'subjects');
  for (const session of evidence.sessions) {
    const { sessionId } = session.stored;
    const row = rows.get(sessionId);
    if (row === undefined) {
      hold(false, 'reconciliation is clean', () => `${sessionId} is not known`);
      continue;
    }
    const { result, verdict } = row;
    const [status, mayBeOpen] = expectedOf(session);
    const say = (): string => `${sessionId}: ${textOf({ result, open: verdict.open })}`;
    hold(result.status === status, 'reconciliation is clean', say);
    hold(result.discrepancies.length === 0, 'reconciliation is clean', say);
    const surprising = verdict.open.filter(({ kind }) => kind !== mayBeOpen);
    hold(surprising.length === 0, 'reconciliation is clean', say);
    const awaited = result.awaited.filter((hop) => `${hop}-missing` !== mayBeOpen);
    hold(awaited.length === 0, 'reconciliation is clean', say);
  }
};

/** How a session ends for reconciliation, and what it may go on waiting for. */
const expectedOf = (session: SessionEvidence): readonly [status: string, mayBeOpen?: string] => {
  if (session.expected === 'open') return ['open', 'session-close-missing'];
  if (session.expected === 'withheld') return ['quarantined', 'review-missing'];
  // Refunds can outweigh the balance: what is below zero is never paid out.
  const isUnpaid = session.movements.some(({ payoutId }) => payoutId === undefined);
  return isUnpaid ? ['open', 'payout-missing'] : ['reconciled'];
};
