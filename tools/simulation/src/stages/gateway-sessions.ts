import type { SessionCommand } from '@tallywatt/ocpp-gateway/domain/charging-session';
import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import {
  recogniseStart,
  startFingerprint,
  type StartRecognition,
  type StartWords,
} from '@tallywatt/ocpp-gateway/domain/session-identity';
import {
  beginningOf,
  reportOf,
  stopCommandOf,
  type MeterMessage,
  type NewStart,
  type Station,
  type StopMessage,
} from '@tallywatt/ocpp-gateway/domain/session-message';
import type { CorrectStop, ReleaseSession } from '@tallywatt/ocpp-gateway/domain/session-review';
import {
  carryOut,
  knownStart,
  onlyActive,
  type IdTagInfo,
} from '@tallywatt/ocpp-gateway/domain/session-record';
import type { Instant } from '@tallywatt/time';
import type { Outbox } from '../ground/outbox';
import { minuteMs, type World } from '../ground/world';
import type { GatewayTables, SessionRow } from './gateway-tables';

export type StartAnswer = Readonly<{ transactionId: number; idTagInfo: IdTagInfo }>;

const closeTimeoutMs = 240 * minuteMs;

/**
 * What `outbound/session-store.ts` of the gateway does, over the simulated tables: what is read and
 * written for which message. What it means is for the gateway's domain to say.
 */
export class GatewaySessions {
  constructor(
    private readonly world: World,
    private readonly tables: GatewayTables,
    private readonly outbox: Outbox,
  ) {}

  recall({ chargePointId }: Station, words: StartWords, now: Instant): SessionRow | undefined {
    const last = this.tables.latestWithFingerprint(chargePointId, startFingerprint(words));
    return this.recognise(words, last, now).kind === 'resent' ? last : undefined;
  }

  start(start: NewStart): StartAnswer {
    const { station, words, now, idTagInfo } = start;
    const { chargePointId } = station;
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
    const { session, command } = beginningOf(start, occurrence, transactionId.toString());
    this.handle(session, command, now);
    return { transactionId, idTagInfo };
  }

  repeat({ ocppTransactionId, idTagInfo }: SessionRow): StartAnswer {
    return { transactionId: Number(ocppTransactionId), idTagInfo };
  }

  stop(message: StopMessage): void {
    const { station, now, transactionId = 0 } = message;
    const session = this.named(station, transactionId);
    const departure =
      session === undefined ? {} : this.tables.departure(session, message.stop.stoppedAt, now);
    this.handle(session, stopCommandOf(message, session, departure), now);
  }

  doubtStop(station: Station, transactionId: number, now: Instant): void {
    const session = this.named(station, transactionId);
    const detail = 'meterStop cannot be read';
    if (session !== undefined) this.handle(session, { type: 'DoubtStop', detail }, now);
  }

  meterValues(message: MeterMessage): void {
    const { station, now, connectorId, transactionId } = message;
    const { chargePointId } = station;
    const { command, reportHash } = reportOf(message);
    const session =
      transactionId === undefined
        ? onlyActive(this.tables.openOn(chargePointId, connectorId))
        : this.named(station, transactionId);
    const report = `${chargePointId}/${reportHash}`;
    if (this.tables.reports.has(report)) return;
    this.tables.reports.set(report, true);
    this.handle(session, command, now);
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

  /** A person corrects a stop or releases a session; what is refused changes nothing. */
  review(sessionId: string, command: CorrectStop | ReleaseSession, now: Instant): void {
    const session = this.tables.sessions.get(sessionId);
    if (session !== undefined) this.handle(session, command, now);
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
    last: SessionRow | undefined,
    now: Instant,
  ): StartRecognition {
    const known = knownStart(last);
    return this.world.has('resent-start-is-new')
      ? { kind: 'new', occurrence: (known?.occurrence ?? 0) + 1 }
      : recogniseStart(words, known, now);
  }

  private named({ chargePointId }: Station, transactionId: number): SessionRow | undefined {
    return this.tables.byTransaction(chargePointId, transactionId);
  }

  private handle(session: SessionRow | undefined, command: SessionCommand, now: Instant): void {
    const { facts, after } = carryOut(command, session, now);
    this.outbox.append(facts, { recordedAt: now });
    if (session === undefined || after === undefined) return;
    const closeDueMs = session.closeDueMs ?? this.world.clock.nowMs + closeTimeoutMs;
    this.tables.sessions.set(session.sessionId, {
      ...session,
      ...after,
      ...(after.state.status === 'stopped' ? { closeDueMs } : {}),
    });
  }
}
