import type { RecordedEvent, SessionEvent } from '@tallywatt/contracts';
import { pinnedReference, progressOf, ratedSession } from '@tallywatt/derivations';
import type { Logger, SqlClient } from '@tallywatt/event-log';
import type { CdrLog, DecidedCdr } from '../outbound/cdr-log';
import type { PricingMetrics } from '../outbound/pricing-metrics';
import { loadSessions, sessionKeyText, storeSessions } from '../outbound/session-table';
import type { TariffShelf } from '../outbound/tariff-shelf';

type Outside = Readonly<{
  tariffs: TariffShelf;
  cdrs: CdrLog;
  metrics: PricingMetrics;
  logger: Logger;
}>;

/** Takes a batch of session events: one read, one write and the CDRs that follow from it. */
export const takeSessionEvents =
  ({ tariffs, cdrs: cdrLog, metrics, logger }: Outside) =>
  async (records: readonly RecordedEvent<SessionEvent>[], tx: SqlClient): Promise<void> => {
    const keys = new Map(records.map(({ event }) => [sessionKeyText(event), event]));
    const sessions = await loadSessions(tx, [...keys.values()]);
    await tariffs.fetch(tx, [...namedTariffs(records), ...pinnedTariffs(keys, sessions)]);

    const decided: DecidedCdr[] = [];
    for (const { event, metadata } of records) {
      const key = sessionKeyText(event);
      const { session, cdrs, isLate } = progressOf(
        sessions.get(key) ?? ratedSession.initial,
        event,
        (reference) => tariffs.pinned(event.cpoId, reference),
      );
      sessions.set(key, session);
      decided.push(...cdrs.map((cdr) => ({ cdr, cause: metadata })));
      if (isLate) {
        const { cpoId, sessionId, type } = event;
        metrics.lateFact();
        logger.warn(
          { cpoId, sessionId, type, corrects: cdrs.length > 0 },
          'a fact came after the CDR of its session',
        );
      }
    }
    await cdrLog.record(tx, decided);
    await storeSessions(
      tx,
      [...sessions].map(([key, state]) => ({ key: keys.get(key) as SessionEvent, state })),
    );
  };

const namedTariffs = (records: readonly RecordedEvent<SessionEvent>[]) =>
  records.flatMap(({ event }) =>
    event.type === 'SessionStarted' && event.decision.tariff !== undefined
      ? [{ cpoId: event.cpoId, reference: event.decision.tariff }]
      : [],
  );

const pinnedTariffs = (
  keys: ReadonlyMap<string, SessionEvent>,
  sessions: Awaited<ReturnType<typeof loadSessions>>,
) =>
  [...sessions].flatMap(([key, session]) => {
    const reference = pinnedReference(session);
    const cpoId = keys.get(key)?.cpoId;
    return reference === undefined || cpoId === undefined ? [] : [{ cpoId, reference }];
  });
