import { hold, holdSame, textOf } from '../ground/violation';
import { standingOf, surplusMinor } from './corrections';
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
    const { status, mayBeOpen } = expectedOf(session);
    const say = (): string => `${sessionId}: ${textOf({ result, open: verdict.open })}`;
    hold(result.status === status, 'reconciliation is clean', say);
    hold(result.discrepancies.length === 0, 'reconciliation is clean', say);
    const surprising = verdict.open.filter(({ kind }) => !mayBeOpen.includes(kind));
    hold(surprising.length === 0, 'reconciliation is clean', say);
    const awaited = result.awaited.filter((hop) => !mayBeOpen.includes(`${hop}-missing`));
    hold(awaited.length === 0, 'reconciliation is clean', say);
  }
};

type Expected = Readonly<{ status: string; mayBeOpen: readonly string[] }>;

/** How a session ends for reconciliation, and what it may go on waiting for. */
const expectedOf = (session: SessionEvidence): Expected => {
  if (session.expected === 'open') return { status: 'open', mayBeOpen: ['session-close-missing'] };
  const { cdr, isCorrectionWithheld } = standingOf(session.cdrs);
  if (cdr === undefined) return { status: 'quarantined', mayBeOpen: ['review-missing'] };
  const mayBeOpen = [
    // Refunds can outweigh the balance: what is below zero is never paid out.
    ...(session.movements.some(({ payoutId }) => payoutId === undefined) ? ['payout-missing'] : []),
    // What could not be given back is for a person to see to.
    ...(surplusMinor(session) === 0n ? [] : ['refund-missing']),
    ...(isCorrectionWithheld ? ['review-missing'] : []),
  ];
  return { status: mayBeOpen.length === 0 ? 'reconciled' : 'open', mayBeOpen };
};
