import { advance, pinnedReference, type RatedSession } from '@tallywatt/derivations';
import type { Logger, SqlClient } from '@tallywatt/event-log';
import type { CdrLog, DecidedCdr } from '../outbound/cdr-log';
import {
  storeDrawingSessions,
  type DrawingProgress,
  type DrawingSession,
  type SessionFact,
} from '../outbound/drawing-session-table';
import type { EstimateLog } from '../outbound/estimate-log';
import type { PricingMetrics } from '../outbound/pricing-metrics';
import { storeSessions, type SessionKey } from '../outbound/session-table';
import type { TariffShelf } from '../outbound/tariff-shelf';

export type PricingOutside = Readonly<{
  tariffs: TariffShelf;
  cdrs: CdrLog;
  estimates: EstimateLog;
  metrics: PricingMetrics;
  logger: Logger;
}>;

/** A session and the facts it is to take; `drawing` is there when it draws included energy. */
export type SessionWork = Readonly<{
  key: SessionKey;
  session: RatedSession;
  facts: readonly SessionFact[];
  drawing?: DrawingSession;
}>;

/** Takes the facts of some sessions as far as they can be taken, and writes what follows. */
export const priceSessions = async (
  { tariffs, cdrs: cdrLog, estimates, metrics, logger }: PricingOutside,
  works: readonly SessionWork[],
  tx: SqlClient,
): Promise<void> => {
  await tariffs.fetch(tx, works.flatMap(namedTariffs));
  const decided: DecidedCdr[] = [];
  const taken = works.map(({ key, session: before, facts, drawing }) => {
    const { session, steps, waiting } = advance(
      before,
      facts,
      (reference) => tariffs.pinned(key.cpoId, reference),
      ({ energyRevision }) =>
        drawing?.draws.find((draw) => draw.energyRevision === energyRevision)?.sessionDrawnMilliWh,
    );
    for (const { fact, cdrs, isLate } of steps) {
      decided.push(...cdrs.map((cdr) => ({ cdr, cause: fact.metadata })));
      if (!isLate) continue;
      const { cpoId, sessionId, type } = fact.event;
      metrics.lateFact();
      logger.warn(
        { cpoId, sessionId, type, corrects: cdrs.length > 0 },
        'a fact came after the CDR of its session',
      );
    }
    return {
      key,
      session,
      facts: steps.map(({ fact }) => fact),
      progress: drawing && drawingProgress(key, drawing, waiting),
    };
  });
  await cdrLog.record(tx, decided);
  await estimates.record(tx, taken);
  await storeSessions(
    tx,
    taken.map(({ key, session }) => ({ key, state: session })),
  );
  await storeDrawingSessions(
    tx,
    taken.flatMap(({ progress }) => progress ?? []),
  );
};

const drawingProgress = (
  key: SessionKey,
  before: DrawingSession,
  waiting: readonly SessionFact[],
): DrawingProgress => ({
  key,
  drawing: { ...before, waiting },
  waitsAnew: firstOf(before.waiting) !== firstOf(waiting),
});

// The first fact that waits is the one that needs a draw.
const firstOf = (waiting: readonly SessionFact[]): string | undefined => waiting[0]?.metadata.id;

const namedTariffs = ({ key: { cpoId }, session, facts }: SessionWork) => {
  const named = facts.flatMap(({ event }) =>
    event.type === 'SessionStarted' ? [event.decision.tariff] : [],
  );
  return [pinnedReference(session), ...named].flatMap((reference) =>
    reference === undefined ? [] : [{ cpoId, reference }],
  );
};
