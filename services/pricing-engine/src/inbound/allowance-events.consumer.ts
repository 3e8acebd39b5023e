import type { AllowanceEvent, RecordedEvent } from '@tallywatt/contracts';
import { ratedSession } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import { lockDrawingSessions, storeDrawingSessions } from '../outbound/drawing-session-table';
import { loadSessions, sessionKeyText } from '../outbound/session-table';
import { priceSessions, type PricingOutside } from './session-pricing';

/** Keeps what was drawn, and lets sessions go on that have waited for it. */
export const takeAllowanceEvents =
  (outside: PricingOutside) =>
  async (records: readonly RecordedEvent<AllowanceEvent>[], tx: SqlClient): Promise<void> => {
    const events = records.map(({ event }) => event);
    const keys = new Map(events.map((event) => [sessionKeyText(event), event]));
    const before = await lockDrawingSessions(tx, events);
    const drawn = [...keys].map(([key, { cpoId, sessionId }]) => {
      const { draws, waiting } = before.get(key) ?? { draws: [], waiting: [] };
      const news = events.flatMap(({ energyRevision, sessionDrawnMilliWh, ...event }) =>
        sessionKeyText(event) === key ? [{ energyRevision, sessionDrawnMilliWh }] : [],
      );
      return { key: { cpoId, sessionId }, drawing: { draws: [...draws, ...news], waiting } };
    });
    const waiting = drawn.filter(({ drawing }) => drawing.waiting.length > 0);
    await storeDrawingSessions(
      tx,
      drawn.filter((one) => !waiting.includes(one)).map((one) => ({ ...one, waitsAnew: false })),
    );
    if (waiting.length === 0) return;
    // These are stored with what becomes of them.
    const sessions = await loadSessions(
      tx,
      waiting.map(({ key }) => key),
    );
    const works = waiting.map(({ key, drawing }) => ({
      key,
      session: sessions.get(sessionKeyText(key)) ?? ratedSession.initial,
      facts: drawing.waiting,
      drawing,
    }));
    await priceSessions(outside, works, tx);
  };
