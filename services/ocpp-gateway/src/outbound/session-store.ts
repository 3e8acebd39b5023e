import { type Decision, ignore } from '@tallywatt/decider';
import {
  activeTraceparent,
  addLogFacts,
  addToSpan,
  inSpan,
  isTracing,
  queryPrepared,
  sessionAttributes,
  type SqlClient,
  traceIdOf,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { type Corrected, corrected, correctedStop } from '../domain/clock-correction';
import type {
  IgnoreReason,
  SessionCommand,
  SessionFact,
  StopSession,
} from '../domain/charging-session';
import type { ConnectorStatus } from '../domain/connector-status';
import { awaitsStop } from '../domain/estimated-stop';
import { recogniseStart, startFingerprint, type StartWords } from '../domain/session-identity';
import {
  beginningOf,
  reportOf,
  stopCommandOf,
  type MeterMessage,
  type NewStart,
  type Station,
  type StopMessage,
} from '../domain/session-message';
import {
  carryOut,
  knownStart,
  onlyActive,
  type IdTagInfo,
  type Outcome,
  type SessionKey,
  type StoredSession,
} from '../domain/session-record';
import type { CorrectStop, ReleaseSession } from '../domain/session-review';
import { findDeparture } from './departures';
import type { Appends } from './group-append';
import { attachBeforeStop } from './orphan-attachment';
import { expectMatching, isKept, keepOrphan } from './orphan-rows';
import {
  countDuplicate,
  latestWithFingerprint,
  lockById,
  lockByTransaction,
  lockCloseDue,
  lockOpenOn,
  type SavePolicy,
  saveSession,
} from './session-rows';
import { hastenWatch } from './session-watch';
import { traceOfSession } from './session-trace';

export type { Station } from '../domain/session-message';

export type StartAnswer = Readonly<{ transactionId: number; idTagInfo: IdTagInfo }>;

export type DoubtedStop = Pick<StopMessage, 'station' | 'now' | 'transactionId'> &
  Readonly<{ /** What cannot be read. */ detail: string }>;

export type SessionPolicy = SavePolicy &
  Readonly<{
    /** How long a charge point is silent before the sessions of its orphans are looked for. */
    orphanSettleSeconds: number;
  }>;

/**
 * Sessions and their events, written together. Every method works inside the caller's transaction;
 * nothing is confirmed to a charger before that has committed.
 */
export class SessionStore {
  constructor(
    private readonly eventLog: Appends,
    private readonly policy: SessionPolicy,
  ) {}

  /** The answer a resent start was given the first time, or undefined for a start that is new. */
  async recall(
    sql: SqlClient,
    { cpoId, chargePointId }: Station,
    words: StartWords,
    now: Instant,
  ): Promise<StoredSession | undefined> {
    const fingerprint = startFingerprint(words);
    const last = await latestWithFingerprint(sql, cpoId, chargePointId, fingerprint);
    return recogniseStart(words, knownStart(last), now).kind === 'resent' ? last : undefined;
  }

  async start(tx: SqlClient, start: NewStart): Promise<StartAnswer> {
    const { station, words, now, idTagInfo } = start;
    const { cpoId, chargePointId } = station;
    const fingerprint = startFingerprint(words);
    const last = await latestWithFingerprint(tx, cpoId, chargePointId, fingerprint);
    const recognised = recogniseStart(words, knownStart(last), now);
    if (recognised.kind === 'resent' && last !== undefined) return this.repeat(tx, last);
    const occurrence = recognised.kind === 'new' ? recognised.occurrence : 1;
    const { at: startedAt } = corrected(words.startedAt, start.clock);
    await this.closeOn(tx, { ...station, connectorId: words.connectorId }, startedAt, now);
    const next = `SELECT nextval('ocpp_transaction_ids') AS id`;
    const { rows } = await queryPrepared<{ id: string }>(tx, 'gateway.next_transaction', next, []);
    const transactionId = String(rows[0]?.id);
    const { session, command } = beginningOf(start, occurrence, transactionId);
    await this.handle(tx, session, command, now);
    await this.expectMatching(tx, station);
    return { transactionId: Number(transactionId), idTagInfo };
  }

  /** Begins a session that its station has named, and goes on with it as with any. */
  async begin(
    tx: SqlClient,
    session: StoredSession,
    commands: readonly SessionCommand[],
    startedAt: Instant,
    now: Instant,
  ): Promise<StoredSession> {
    await this.closeOn(tx, session, startedAt, now);
    await this.expectMatching(tx, session);
    return this.carryOn(tx, session, commands, now);
  }

  /** Several commands about one session, or about none that is known; the session afterwards. */
  async carryOn<S extends StoredSession | undefined>(
    tx: SqlClient,
    session: S,
    commands: readonly SessionCommand[],
    now: Instant,
  ): Promise<S> {
    let current = session;
    for (const command of commands) {
      const { after } = await this.handle(tx, current, command, now);
      if (current !== undefined && after !== undefined) current = { ...current, ...after };
    }
    return current;
  }

  /** The number of the next session with a fingerprint that is known to be a new one's. */
  async nextOccurrence(tx: SqlClient, station: Station, fingerprint: string): Promise<number> {
    const { cpoId, chargePointId } = station;
    const last = await latestWithFingerprint(tx, cpoId, chargePointId, fingerprint);
    return (last?.occurrence ?? 0) + 1;
  }

  async withId(tx: SqlClient, cpoId: string, id: string): Promise<StoredSession | undefined> {
    return lockById(tx, cpoId, id);
  }

  async countDuplicate(tx: SqlClient, session: SessionKey): Promise<void> {
    await countDuplicate(tx, session);
  }

  /** A resend: the same transaction id and the same idTagInfo as the first time. */
  async repeat(tx: SqlClient, session: StoredSession): Promise<StartAnswer> {
    await countDuplicate(tx, session);
    return { transactionId: Number(session.ocppTransactionId), idTagInfo: session.idTagInfo };
  }

  async stop(tx: SqlClient, message: StopMessage): Promise<Decision<SessionFact, IgnoreReason>> {
    const { station, now, transactionId } = message;
    const session = await this.named(tx, station, transactionId);
    const { stoppedAt } = correctedStop(message.stop, message.clock);
    const departure = session === undefined ? {} : await findDeparture(tx, session, stoppedAt, now);
    const command = stopCommandOf(message, session, departure);
    const { orphanId } = command.origin;
    if (session === undefined && (await isKept(tx, station, orphanId))) {
      await this.expectMatching(tx, station);
      return ignore('stop-already-recorded');
    }
    const { decision, facts } = await this.handle(tx, session, command, now);
    const { now: _, ...said } = message;
    if (session === undefined) {
      await keepOrphan(tx, station, { kind: 'stop', orphanId, message: said }, facts);
      await this.expectMatching(tx, station);
    }
    return decision;
  }

  /** A stop that cannot be read: its session waits until somebody has read the frame. */
  async doubtStop(tx: SqlClient, doubt: DoubtedStop): Promise<void> {
    const { station, now, transactionId, detail } = doubt;
    const session = await this.named(tx, station, transactionId);
    if (session !== undefined) await this.handle(tx, session, { type: 'DoubtStop', detail }, now);
  }

  async meterValues(tx: SqlClient, message: MeterMessage): Promise<void> {
    const { station, now, transactionId } = message;
    const { cpoId, chargePointId } = station;
    const session = await this.metered(tx, message);
    const isLinked = session !== undefined && transactionId === undefined;
    const { command, reportHash } = reportOf(message, isLinked ? 'connector-time' : undefined);
    const { rowCount } = await tx.query(
      `INSERT INTO meter_reports (cpo_id, charge_point_id, report_hash) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [cpoId, chargePointId, reportHash],
    );
    if (rowCount === 0) {
      if (session !== undefined) await countDuplicate(tx, session);
      return;
    }
    const { facts } = await this.handle(tx, session, command, now);
    if (session !== undefined || facts.length === 0) return;
    const { now: _, ...said } = message;
    const orphan = { kind: 'readings', orphanId: command.origin.orphanId, message: said } as const;
    await keepOrphan(tx, station, orphan, facts);
    await this.expectMatching(tx, station);
  }

  /** What a connector's status means for the sessions on it. */
  async connectorStatus(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    connectorId: number,
    status: ConnectorStatus,
    { at: changedAt, ...note }: Corrected,
    now: Instant,
  ): Promise<void> {
    for (const session of await lockOpenOn(tx, cpoId, chargePointId, connectorId)) {
      const command = { type: 'RecordConnectorStatus', now, status, changedAt, ...note } as const;
      await this.handle(tx, session, command, now);
    }
  }

  /** Closes sessions whose connector has not been reported free in time; says how many. */
  async closeOverdue(tx: SqlClient, now: Instant): Promise<number> {
    const due = await lockCloseDue(tx, 100);
    for (const session of due) {
      await this.handle(tx, session, { type: 'CloseSession', closedBy: 'time-out' }, now);
    }
    return due.length;
  }

  /** What a person says of a session; undefined when the CPO has no such session. */
  async review(
    tx: SqlClient,
    cpoId: string,
    sessionId: string,
    command: CorrectStop | ReleaseSession,
    now: Instant,
  ): Promise<Decision<SessionFact, IgnoreReason> | undefined> {
    const session = await lockById(tx, cpoId, sessionId);
    return session === undefined
      ? undefined
      : (await this.handle(tx, session, command, now)).decision;
  }

  /** What has stopped on a connector is closed by the next start there. */
  private async closeOn(
    tx: SqlClient,
    { cpoId, chargePointId, connectorId }: Station & Readonly<{ connectorId: number }>,
    nextStartAt: Instant,
    now: Instant,
  ): Promise<void> {
    const command = { type: 'CloseSession', closedBy: 'next-start', nextStartAt, now } as const;
    for (const open of await lockOpenOn(tx, cpoId, chargePointId, connectorId)) {
      await this.handle(tx, open, command, now);
    }
  }

  private expectMatching(tx: SqlClient, station: Station): Promise<boolean> {
    return expectMatching(tx, station, this.policy.orphanSettleSeconds);
  }

  /** A session with the readings of its time that wait, so that it is whole when it is billed. */
  private async whole(
    tx: SqlClient,
    session: StoredSession,
    { stop }: StopSession,
    now: Instant,
  ): Promise<StoredSession> {
    const hasOrphans = await this.expectMatching(tx, session);
    if (!hasOrphans || !awaitsStop(session.state)) return session;
    const commands = await attachBeforeStop(tx, this.eventLog, session, stop, now);
    return this.carryOn(tx, session, commands, now);
  }

  /** The session of readings; those that name none are of what runs while they are read. */
  private async metered(
    tx: SqlClient,
    { station, connectorId, transactionId, isQueued = false }: MeterMessage,
  ): Promise<StoredSession | undefined> {
    if (transactionId !== undefined) return this.named(tx, station, transactionId);
    if (isQueued) return undefined;
    return onlyActive(await lockOpenOn(tx, station.cpoId, station.chargePointId, connectorId));
  }

  private async named(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    transactionId: number | undefined,
  ): Promise<StoredSession | undefined> {
    return transactionId === undefined
      ? undefined
      : lockByTransaction(tx, cpoId, chargePointId, transactionId);
  }

  /** In the trace of the session, whoever it is that brings the command. */
  private async handle(
    tx: SqlClient,
    known: StoredSession | undefined,
    command: SessionCommand,
    now: Instant,
  ): Promise<Outcome> {
    const isNamed = command.type === 'StopSession' && command.linkedBy === undefined;
    const session =
      known !== undefined && isNamed ? await this.whole(tx, known, command, now) : known;
    const record = () => this.record(tx, session, command, now);
    if (session === undefined) return record();
    addLogFacts({ sessionId: session.sessionId });
    if (!isTracing()) return record();
    const active = activeTraceparent();
    const own = session.eventCount === 0 ? active : await traceOfSession(tx, session);
    if (own === undefined || traceIdOf(own) === traceIdOf(active)) {
      addToSpan(sessionAttributes(session));
      return record();
    }
    const facts = { parent: own, links: [active], attributes: sessionAttributes(session) };
    return inSpan(`session ${command.type}`, facts, record);
  }

  /** Appends what was decided and saves the state it leaves; a duplicate is counted. */
  private async record(
    tx: SqlClient,
    session: StoredSession | undefined,
    command: SessionCommand,
    now: Instant,
  ): Promise<Outcome> {
    const outcome = carryOut(command, session, now);
    const { decision, facts, after } = outcome;
    if (decision.kind !== 'accepted') {
      const isRepeated = decision.kind === 'ignored' && decision.reason.endsWith('-recorded');
      if (session !== undefined && isRepeated) await countDuplicate(tx, session);
      // Its connector is free or taken by another: its stop is missing.
      const isMissed = decision.kind === 'ignored' && decision.reason === 'session-still-active';
      if (session !== undefined && isMissed) await hastenWatch(tx, session);
      return outcome;
    }
    await this.eventLog.append(tx, facts, { recordedAt: now });
    if (session !== undefined && after !== undefined) {
      const closing = decision.events.find((event) => event.type === 'SessionClosed');
      const { state, eventCount } = after;
      await saveSession(tx, session, state, eventCount, closing?.closedBy, this.policy);
    }
    return outcome;
  }
}
