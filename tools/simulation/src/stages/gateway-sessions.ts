import { canonicalJson, derivedId, sha256Hex, type MeterReading } from '@tallywatt/contracts';
import {
  chargingSession,
  initial,
  type SessionCommand,
  type SessionFact,
  type StartSession,
} from '@tallywatt/ocpp-gateway/domain/charging-session';
import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import {
  recogniseStart,
  sessionIdOf,
  startFingerprint,
  type StartRecognition,
  type StartWords,
} from '@tallywatt/ocpp-gateway/domain/session-identity';
import type { Stop } from '@tallywatt/ocpp-gateway/domain/stop';
import type { Instant } from '@tallywatt/time';
import type { Outbox } from '../ground/outbox';
import { textOf } from '../ground/violation';
import { minuteMs, type World } from '../ground/world';
import type { GatewayTables, IdTagInfo, StoredSession } from './gateway-tables';

export type Station = Readonly<{ cpoId: string; chargePointId: string }>;
export type StartAnswer = Readonly<{ transactionId: number; idTagInfo: IdTagInfo }>;

export type NewStart = Readonly<{
  station: Station;
  words: StartWords;
  now: Instant;
  idTagInfo: IdTagInfo;
  facts: Omit<
    StartSession['started'],
    'cpoId' | 'sessionId' | 'chargePointId' | 'ocppTransactionId' | 'occurrence' | keyof StartWords
  >;
}>;

export type StopMessage = Readonly<{
  station: Station;
  now: Instant;
  transactionId: number;
  stop: Omit<Stop, 'tokenRef'>;
  tokenMark?: string;
  readings: readonly MeterReading[];
}>;

export type MeterMessage = Readonly<{
  station: Station;
  now: Instant;
  connectorId: number;
  transactionId?: number;
  readings: readonly MeterReading[];
}>;

const closeTimeoutMs = 240 * minuteMs;

const occurredAt = (event: SessionFact, now: Instant): Instant => {
  switch (event.type) {
    case 'SessionStarted':
      return event.startedAt;
    case 'SessionStopped':
    case 'StopConflicted':
    case 'StopOrphaned':
      return event.stoppedAt;
    case 'SessionClosed':
      return event.closedAt;
    case 'ChargingStateChanged':
      return event.changedAt;
    case 'MeterValuesRecorded':
    case 'MeterValuesOrphaned':
      return event.readings.at(-1)?.readAt ?? now;
    case 'SessionQuarantined':
    case 'SessionReleased':
      return now;
  }
};

const contentText = (content: unknown): string => canonicalJson(JSON.parse(textOf(content)));

/**
 * What `outbound/session-store.ts` of the gateway does, over the simulated tables: which command is
 * named for which message, under which ids its events are recorded.
 */
export class GatewaySessions {
  constructor(
    private readonly world: World,
    private readonly tables: GatewayTables,
    private readonly outbox: Outbox,
  ) {}

  recall({ chargePointId }: Station, words: StartWords, now: Instant): StoredSession | undefined {
    const last = this.tables.latestWithFingerprint(chargePointId, startFingerprint(words));
    return this.recognise(words, last, now).kind === 'resent' ? last : undefined;
  }

  start({ station, words, now, idTagInfo, facts }: NewStart): StartAnswer {
    const { cpoId, chargePointId } = station;
    const fingerprint = startFingerprint(words);
    const last = this.tables.latestWithFingerprint(chargePointId, fingerprint);
    const recognised = this.recognise(words, last, now);
    if (recognised.kind === 'resent' && last !== undefined) return this.repeat(last);
    const occurrence = recognised.kind === 'new' ? recognised.occurrence : 1;
    for (const open of this.tables.openOn(chargePointId, words.connectorId)) {
      const nextStartAt = words.startedAt;
      this.handle(open, { type: 'CloseSession', closedBy: 'next-start', nextStartAt, now }, now);
    }
    const transactionId = this.tables.nextTransactionId();
    const sessionId = sessionIdOf(cpoId, chargePointId, fingerprint, occurrence);
    const { tokenMark, ...said } = words;
    const started = {
      ...facts,
      ...said,
      ...station,
      sessionId,
      occurrence,
      ocppTransactionId: transactionId.toString(),
    };
    const key = {
      ...station,
      sessionId,
      connectorId: words.connectorId,
      transactionId,
      fingerprint,
      occurrence,
      tokenMark,
      tokenRef: facts.decision.tokenRef,
      idTagInfo,
    };
    const command = { type: 'StartSession', now, started } as const;
    this.handle({ ...key, state: initial, eventCount: 0 }, command, now);
    return { transactionId, idTagInfo };
  }

  repeat({ transactionId, idTagInfo }: StoredSession): StartAnswer {
    return { transactionId, idTagInfo };
  }

  stop(message: StopMessage): void {
    const { station, now, transactionId, stop, tokenMark, readings } = message;
    const { cpoId, chargePointId } = station;
    const session = this.named(chargePointId, transactionId);
    const content = contentText([transactionId, stop, tokenMark ?? '', readings]);
    const available =
      session === undefined
        ? undefined
        : this.tables.statuses.get(`${chargePointId}/${session.connectorId}`);
    const command: SessionCommand = {
      type: 'StopSession',
      now,
      origin: {
        ...station,
        connectorId: 0,
        ocppTransactionId: transactionId.toString(),
        orphanId: derivedId('orphaned-stop', cpoId, chargePointId, content),
      },
      stop: {
        ...stop,
        ...(session !== undefined && tokenMark === session.tokenMark
          ? { tokenRef: session.tokenRef }
          : {}),
      },
      readings,
      ...(available?.status === 'Available' ? { availableAt: available.changedAt } : {}),
    };
    this.handle(session, command, now);
  }

  doubtStop({ chargePointId }: Station, transactionId: number, now: Instant): void {
    const session = this.named(chargePointId, transactionId);
    const detail = 'meterStop cannot be read';
    if (session !== undefined) this.handle(session, { type: 'DoubtStop', detail }, now);
  }

  meterValues({ station, now, connectorId, transactionId, readings }: MeterMessage): void {
    const { cpoId, chargePointId } = station;
    const content = contentText([connectorId, transactionId ?? null, readings]);
    const session =
      transactionId === undefined
        ? this.onlyActive(chargePointId, connectorId)
        : this.named(chargePointId, transactionId);
    const report = `${chargePointId}/${sha256Hex(content)}`;
    if (this.tables.reports.has(report)) return;
    this.tables.reports.set(report, true);
    const origin = {
      ...station,
      connectorId,
      ...(transactionId === undefined ? {} : { ocppTransactionId: transactionId.toString() }),
      orphanId: derivedId('orphaned-readings', cpoId, chargePointId, content),
    };
    this.handle(session, { type: 'RecordReadings', now, origin, readings }, now);
  }

  connectorStatus(
    { chargePointId }: Station,
    connectorId: number,
    status: ConnectorStatus,
    changedAt: Instant,
    now: Instant,
  ): void {
    for (const session of this.tables.openOn(chargePointId, connectorId)) {
      this.handle(session, { type: 'RecordConnectorStatus', now, status, changedAt }, now);
    }
  }

  closeOverdue(): void {
    const { nowMs, now } = this.world.clock;
    for (const session of this.tables.sessions.values()) {
      const isDue =
        session.state.status === 'stopped' && (session.closeDueMs ?? nowMs + 1) <= nowMs;
      if (isDue) this.handle(session, { type: 'CloseSession', closedBy: 'time-out' }, now);
    }
  }

  private recognise(
    words: StartWords,
    last: StoredSession | undefined,
    now: Instant,
  ): StartRecognition {
    const known =
      last === undefined || last.state.status === 'absent'
        ? undefined
        : { occurrence: last.occurrence, status: last.state.status };
    return this.world.has('resent-start-is-new')
      ? { kind: 'new', occurrence: (known?.occurrence ?? 0) + 1 }
      : recogniseStart(words, known, now);
  }

  private named(chargePointId: string, transactionId: number): StoredSession | undefined {
    return transactionId < 1 ? undefined : this.tables.byTransaction(chargePointId, transactionId);
  }

  private onlyActive(chargePointId: string, connectorId: number): StoredSession | undefined {
    const active = this.tables
      .openOn(chargePointId, connectorId)
      .filter(({ state }) => state.status === 'active');
    return active.length === 1 ? active[0] : undefined;
  }

  private handle(session: StoredSession | undefined, command: SessionCommand, now: Instant): void {
    const decision = chargingSession.decide(command, session?.state ?? initial);
    if (decision.kind !== 'accepted') return;
    const outgoing = decision.events.map((event, index) => ({
      event,
      occurredAt: occurredAt(event, now),
      ...(session === undefined ? {} : this.numbered(session, session.eventCount + index + 1)),
    }));
    this.outbox.append(outgoing, { recordedAt: now });
    if (session === undefined) return;
    const state = decision.events.reduce(chargingSession.evolve, session.state);
    const eventCount = session.eventCount + outgoing.length;
    const closeDueMs = session.closeDueMs ?? this.world.clock.nowMs + closeTimeoutMs;
    this.tables.sessions.set(session.sessionId, {
      ...session,
      state,
      eventCount,
      ...(state.status === 'stopped' ? { closeDueMs } : {}),
    });
  }

  private numbered({ cpoId, sessionId }: StoredSession, number: number) {
    return {
      id: derivedId('session-event', cpoId, sessionId, number.toString()),
      correlationId: sessionId,
    };
  }
}
