import type { RecordedEvent, SessionEvent } from '@tallywatt/contracts';
import { ratedSession, type RatedSession } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import { lockDrawingSessions, type SessionFact } from '../outbound/drawing-session-table';
import { loadSessions, sessionKeyText } from '../outbound/session-table';
import { priceSessions, type PricingOutside } from './session-pricing';

/** Takes a batch of session events: one read, one write and the CDRs that follow from it. */
export const takeSessionEvents =
  (outside: PricingOutside) =>
  async (records: readonly RecordedEvent<SessionEvent>[], tx: SqlClient): Promise<void> => {
    const facts = new Map<string, SessionFact[]>();
    for (const { event, metadata } of records) {
      const key = sessionKeyText(event);
      facts.set(key, [...(facts.get(key) ?? []), { event, metadata }]);
    }
    const keys = new Map(records.map(({ event }) => [sessionKeyText(event), event]));
    const sessions = await loadSessions(tx, [...keys.values()]);
    const drawers = [...keys].flatMap(([key, event]) =>
      draws(sessions.get(key), facts.get(key) ?? []) ? [event] : [],
    );
    const drawing = await lockDrawingSessions(tx, drawers);
    if (drawers.length > 0) {
      // As they are behind the lock: a draw may have moved them on meanwhile.
      for (const [key, session] of await loadSessions(tx, drawers)) sessions.set(key, session);
    }
    const works = [...keys].map(([key, { cpoId, sessionId }]) => {
      const known = drawing.get(key);
      const session = sessions.get(key) ?? ratedSession.initial;
      const work = { key: { cpoId, sessionId }, session, facts: facts.get(key) ?? [] };
      return known === undefined
        ? work
        : { ...work, facts: [...known.waiting, ...work.facts], drawing: known };
    });
    await priceSessions(outside, works, tx);
  };

const draws = (session: RatedSession | undefined, facts: readonly SessionFact[]): boolean =>
  session === undefined || session.status === 'absent'
    ? facts.some(
        ({ event }) =>
          event.type === 'SessionStarted' && event.decision.includedEnergy !== undefined,
      )
    : session.facts.started.decision.includedEnergy !== undefined;
