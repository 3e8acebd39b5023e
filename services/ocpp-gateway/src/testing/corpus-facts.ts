import type { ObservedFacts, ObservedSession } from '@tallywatt/charge-point-simulator';
import type { RecordedEvent, SessionEvent, TallywattEvent } from '@tallywatt/contracts';
import { decimalToString, trimDecimal } from '@tallywatt/money';
import type { GatewayStage } from './gateway-stage';

const wattHours = (milliWh: bigint): string =>
  decimalToString(trimDecimal({ unscaled: milliWh, scale: 3 }));

type OfType<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** What became of a gap, from the events that name it. */
const gapIn =
  (events: readonly SessionEvent[]) =>
  ({ firstMissingSeqNo: first, lastMissingSeqNo: last }: OfType<'TransactionGapNoticed'>) => {
    const is = (type: 'TransactionGapHealed' | 'TransactionGapGivenUp'): boolean =>
      events.some((event) => event.type === type && event.firstMissingSeqNo === first);
    const outcome = is('TransactionGapHealed')
      ? 'healed'
      : is('TransactionGapGivenUp')
        ? 'given-up'
        : 'open';
    return { first, last, outcome };
  };

/** What the meter signed, which only the API opens. */
const signedValuesOf = async (
  stage: GatewayStage,
  events: readonly SessionEvent[],
): Promise<string[]> => {
  const hasAny = events.some(
    (event) =>
      event.type === 'MeterValuesRecorded' &&
      event.readings.some(({ signedValues = [] }) => signedValues.length > 0),
  );
  const [first] = events;
  if (!hasAny || first === undefined) return [];
  const path = `/v1/sessions/${first.sessionId}/signed-values?decryptedFor=corpus`;
  const { items } = (await stage.api(path)).body as {
    items: { values: { readAt: string; data: string }[] }[];
  };
  return items
    .flatMap(({ values }) => values)
    .sort((one, other) => (one.readAt < other.readAt ? -1 : one.readAt > other.readAt ? 1 : 0))
    .map(({ data }) => data);
};

/** The facts of a session in the words of the corpus, from its events alone. */
const observedSession = (
  started: OfType<'SessionStarted'>,
  events: readonly SessionEvent[],
  duplicates: number,
  signedValues: readonly string[],
): ObservedSession => {
  const ofType = <Type extends SessionEvent['type']>(type: Type): OfType<Type>[] =>
    events.filter((event): event is OfType<Type> => event.type === type);
  const [stopped] = ofType('SessionStopped');
  const [closed] = ofType('SessionClosed');
  const released = ofType('SessionReleased').map(({ reason }) => reason);
  const readings = ofType('MeterValuesRecorded')
    .flatMap((event) => event.readings)
    .sort((one, other) => (one.readAt < other.readAt ? -1 : one.readAt > other.readAt ? 1 : 0));
  return {
    connector: started.connectorId,
    transactionId: started.ocppTransactionId,
    startedAt: started.startedAt,
    stoppedAt: stopped?.stoppedAt ?? null,
    startRegisterWh: wattHours(started.meterStartMilliWh),
    stopRegisterWh: stopped === undefined ? null : wattHours(stopped.meterStopMilliWh),
    energyWh:
      stopped === undefined
        ? null
        : wattHours(stopped.meterStopMilliWh - started.meterStartMilliWh),
    stopReason: stopped?.stopReason ?? null,
    closedBy: closed?.closedBy ?? null,
    closedAt: closed?.closedAt ?? null,
    heldBack: ofType('SessionQuarantined')
      .map(({ reason }) => reason)
      .filter((reason) => !released.includes(reason)),
    conflictingStops: ofType('StopConflicted').length,
    duplicates,
    readings: readings.map(({ readAt, context, registerMilliWh, implausibleReason }) => ({
      readAt,
      context,
      ...(registerMilliWh === undefined ? {} : { registerWh: wattHours(registerMilliWh) }),
      ...(implausibleReason === undefined ? {} : { doubt: implausibleReason }),
    })),
    chargingStates: ofType('ChargingStateChanged').map(({ chargingState }) => chargingState),
    sequenceGaps: ofType('TransactionGapNoticed').map(gapIn(events)),
    signedValues,
  };
};

const isSessionEvent = (event: TallywattEvent): event is SessionEvent =>
  'sessionId' in event && !('orphanId' in event);

/**
 * What Kafka holds of many charge points, read once, after all that was answered is there. Only how
 * often something came again is no event, and is asked of the API.
 */
export const readCorpusFacts = async (
  stage: GatewayStage,
): Promise<(chargePointId: string) => Promise<ObservedFacts>> => {
  const sessions = await stage.inKafka('charging.sessions.v1', isSessionEvent);
  const orphans = await stage.inKafka('charging.orphans.v1', () => true);
  // Those whose session was found are facts of that session.
  const attached = new Set(
    orphans.flatMap(({ event }) => (event.type === 'OrphanAttached' ? [event.orphanId] : [])),
  );
  const bySession = new Map<string, SessionEvent[]>();
  for (const { event } of sessions as readonly (RecordedEvent & { event: SessionEvent })[]) {
    bySession.set(event.sessionId, [...(bySession.get(event.sessionId) ?? []), event]);
  }
  const starts = [...bySession.values()]
    .flat()
    .filter((event): event is OfType<'SessionStarted'> => event.type === 'SessionStarted');
  return async (chargePointId) => {
    const listed = (await stage.sessionsOf(chargePointId)) as readonly {
      id: string;
      status: string;
      duplicatesSeen?: number;
    }[];
    const duplicatesOf = (sessionId: string): number =>
      listed.find(({ id }) => id === sessionId)?.duplicatesSeen ?? Number.NaN;
    const countOrphans = (type: 'StopOrphaned' | 'MeterValuesOrphaned'): number =>
      orphans.filter(
        ({ event }) =>
          event.type === type &&
          event.chargePointId === chargePointId &&
          !attached.has(event.orphanId),
      ).length;
    return {
      sessions: await Promise.all(
        starts
          .filter((started) => started.chargePointId === chargePointId)
          .map(async (started) => {
            const events = bySession.get(started.sessionId) ?? [];
            const duplicates = duplicatesOf(started.sessionId);
            return observedSession(
              started,
              events,
              duplicates,
              await signedValuesOf(stage, events),
            );
          }),
      ),
      orphanStops: countOrphans('StopOrphaned'),
      orphanReports: countOrphans('MeterValuesOrphaned'),
    };
  };
};
