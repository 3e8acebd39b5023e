import { canonicalJson, derivedId, type MeterReading, sha256Hex } from '@tallywatt/contracts';
import type { Decision } from '@tallywatt/decider';
import {
  activeTraceparent,
  addLogFacts,
  addToSpan,
  type EventLog,
  inSpan,
  isTracing,
  type OutgoingEvent,
  sessionAttributes,
  type SqlClient,
  traceIdOf,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import {
  chargingSession,
  type IgnoreReason,
  initial,
  type SessionCommand,
  type SessionFact,
  type StartSession,
} from '../domain/charging-session';
import type { ConnectorStatus } from '../domain/connector-status';
import {
  type KnownStart,
  recogniseStart,
  sessionIdOf,
  startFingerprint,
  type StartWords,
} from '../domain/session-identity';
import type { Stop } from '../domain/stop';
import {
  countDuplicate,
  type IdTagInfo,
  latestWithFingerprint,
  lockByTransaction,
  lockCloseDue,
  lockOpenOn,
  saveSession,
  type SessionKey,
  type StoredSession,
} from './session-rows';
import { traceOfSession } from './session-trace';

/** The charge point that speaks. */
export type Station = Readonly<{ cpoId: string; chargePointId: string }>;

export type StartAnswer = Readonly<{ transactionId: number; idTagInfo: IdTagInfo }>;

export type NewStart = Readonly<{
  station: Station;
  words: StartWords;
  now: Instant;
  idTagInfo: IdTagInfo;
  /** All of SessionStarted that the start itself does not say. */
  facts: Omit<
    StartSession['started'],
    'cpoId' | 'sessionId' | 'chargePointId' | 'ocppTransactionId' | 'occurrence' | keyof StartWords
  >;
}>;

export type StopMessage = Readonly<{
  station: Station;
  now: Instant;
  /** Left out when it cannot be read. */
  transactionId?: number;
  stop: Omit<Stop, 'tokenRef'>;
  /** Mark of the tag that stopped the session, if one did. */
  tokenMark?: string;
  readings: readonly MeterReading[];
}>;

export type DoubtedStop = Pick<StopMessage, 'station' | 'now' | 'transactionId'> &
  Readonly<{ /** What cannot be read. */ detail: string }>;

export type MeterMessage = Readonly<{
  station: Station;
  now: Instant;
  connectorId: number;
  transactionId?: number;
  readings: readonly MeterReading[];
}>;

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

const contentText = (content: unknown): string =>
  canonicalJson(
    JSON.parse(
      JSON.stringify(content, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
    ),
  );

/** A session may say the same twice (charging, suspended, charging), so its ids count its events. */
const numbered = (
  session: SessionKey,
  number: number,
): Omit<OutgoingEvent, 'event' | 'occurredAt'> => ({
  id: derivedId('session-event', session.cpoId, session.sessionId, number.toString()),
  correlationId: session.sessionId,
});

const knownStart = (session: StoredSession | undefined): KnownStart | undefined =>
  session === undefined || session.state.status === 'absent'
    ? undefined
    : { occurrence: session.occurrence, status: session.state.status };

/**
 * Sessions and their events, written together. Every method works inside the caller's transaction;
 * nothing is confirmed to a charger before that has committed.
 */
export class SessionStore {
  constructor(
    private readonly eventLog: Pick<EventLog, 'append'>,
    private readonly closeTimeoutMinutes: number,
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

  async start(
    tx: SqlClient,
    { station, words, now, idTagInfo, facts }: NewStart,
  ): Promise<StartAnswer> {
    const { cpoId, chargePointId } = station;
    const fingerprint = startFingerprint(words);
    const last = await latestWithFingerprint(tx, cpoId, chargePointId, fingerprint);
    const recognised = recogniseStart(words, knownStart(last), now);
    if (recognised.kind === 'resent' && last !== undefined) return this.repeat(tx, last);
    const occurrence = recognised.kind === 'new' ? recognised.occurrence : 1;
    for (const open of await lockOpenOn(tx, cpoId, chargePointId, words.connectorId)) {
      await this.handle(
        tx,
        open,
        {
          type: 'CloseSession',
          closedBy: 'next-start',
          nextStartAt: words.startedAt,
          now,
        },
        now,
      );
    }
    const { rows } = await tx.query<{ id: string }>(`SELECT nextval('ocpp_transaction_ids') AS id`);
    const transactionId = Number(rows[0]?.id);
    const sessionId = sessionIdOf(cpoId, chargePointId, fingerprint, occurrence);
    const { tokenMark, ...said } = words;
    const key: SessionKey = {
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
    const started = {
      ...facts,
      ...said,
      ...station,
      sessionId,
      occurrence,
      ocppTransactionId: transactionId.toString(),
    };
    const command = { type: 'StartSession', now, started } as const;
    await this.handle(tx, { ...key, state: initial, eventCount: 0 }, command, now);
    return { transactionId, idTagInfo };
  }

  /** A resend: the same transaction id and the same idTagInfo as the first time. */
  async repeat(tx: SqlClient, session: StoredSession): Promise<StartAnswer> {
    await countDuplicate(tx, session);
    return { transactionId: session.transactionId, idTagInfo: session.idTagInfo };
  }

  async stop(tx: SqlClient, message: StopMessage): Promise<Decision<SessionFact, IgnoreReason>> {
    const { station, now, transactionId, stop, tokenMark, readings } = message;
    const { cpoId, chargePointId } = station;
    const session = await this.named(tx, station, transactionId);
    const content = contentText([transactionId ?? null, stop, tokenMark ?? '', readings]);
    const availableAt = session === undefined ? undefined : await this.availableSince(tx, session);
    return this.handle(
      tx,
      session,
      {
        type: 'StopSession',
        now,
        origin: {
          ...station,
          connectorId: 0,
          ...(transactionId === undefined ? {} : { ocppTransactionId: transactionId.toString() }),
          orphanId: derivedId('orphaned-stop', cpoId, chargePointId, content),
        },
        stop: {
          ...stop,
          ...(session !== undefined && tokenMark === session.tokenMark
            ? { tokenRef: session.tokenRef }
            : {}),
        },
        readings,
        ...(availableAt === undefined ? {} : { availableAt }),
      },
      now,
    );
  }

  /** A stop that cannot be read: its session waits until somebody has read the frame. */
  async doubtStop(tx: SqlClient, doubt: DoubtedStop): Promise<void> {
    const { station, now, transactionId, detail } = doubt;
    const session = await this.named(tx, station, transactionId);
    if (session !== undefined) await this.handle(tx, session, { type: 'DoubtStop', detail }, now);
  }

  async meterValues(tx: SqlClient, message: MeterMessage): Promise<void> {
    const { station, now, connectorId, transactionId, readings } = message;
    const { cpoId, chargePointId } = station;
    const content = contentText([connectorId, transactionId ?? null, readings]);
    const session =
      transactionId === undefined
        ? await this.onlyActive(tx, station, connectorId)
        : await lockByTransaction(tx, cpoId, chargePointId, transactionId);
    const { rowCount } = await tx.query(
      `INSERT INTO meter_reports (cpo_id, charge_point_id, report_hash) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [cpoId, chargePointId, sha256Hex(content)],
    );
    if (rowCount === 0) {
      if (session !== undefined) await countDuplicate(tx, session);
      return;
    }
    await this.handle(
      tx,
      session,
      {
        type: 'RecordReadings',
        now,
        origin: {
          ...station,
          connectorId,
          ...(transactionId === undefined ? {} : { ocppTransactionId: transactionId.toString() }),
          orphanId: derivedId('orphaned-readings', cpoId, chargePointId, content),
        },
        readings,
      },
      now,
    );
  }

  /** What a connector's status means for the sessions on it. */
  async connectorStatus(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    connectorId: number,
    status: ConnectorStatus,
    changedAt: Instant,
    now: Instant,
  ): Promise<void> {
    for (const session of await lockOpenOn(tx, cpoId, chargePointId, connectorId)) {
      const command = { type: 'RecordConnectorStatus', now, status, changedAt } as const;
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

  private async named(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    transactionId: number | undefined,
  ): Promise<StoredSession | undefined> {
    return transactionId === undefined
      ? undefined
      : lockByTransaction(tx, cpoId, chargePointId, transactionId);
  }

  private async onlyActive(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    connectorId: number,
  ): Promise<StoredSession | undefined> {
    const open = await lockOpenOn(tx, cpoId, chargePointId, connectorId);
    const active = open.filter(({ state }) => state.status === 'active');
    return active.length === 1 ? active[0] : undefined;
  }

  private async availableSince(tx: SqlClient, session: SessionKey): Promise<Instant | undefined> {
    const { rows } = await tx.query<{ changed_at: Instant }>(
      `SELECT changed_at FROM connector_statuses
       WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3 AND status = 'Available'`,
      [session.cpoId, session.chargePointId, session.connectorId],
    );
    return rows[0]?.changed_at;
  }

  /** In the trace of the session, whoever it is that brings the command. */
  private async handle(
    tx: SqlClient,
    session: StoredSession | undefined,
    command: SessionCommand,
    now: Instant,
  ): Promise<Decision<SessionFact, IgnoreReason>> {
    const carryOut = () => this.carryOut(tx, session, command, now);
    if (session === undefined) return carryOut();
    addLogFacts({ sessionId: session.sessionId });
    if (!isTracing()) return carryOut();
    const active = activeTraceparent();
    const own = session.eventCount === 0 ? active : await traceOfSession(tx, session);
    if (own === undefined || traceIdOf(own) === traceIdOf(active)) {
      addToSpan(sessionAttributes(session));
      return carryOut();
    }
    const facts = { parent: own, links: [active], attributes: sessionAttributes(session) };
    return inSpan(`session ${command.type}`, facts, carryOut);
  }

  /** Decides, appends the events and saves the state they leave; a duplicate is counted. */
  private async carryOut(
    tx: SqlClient,
    session: StoredSession | undefined,
    command: SessionCommand,
    now: Instant,
  ): Promise<Decision<SessionFact, IgnoreReason>> {
    const decision = chargingSession.decide(command, session?.state ?? initial);
    if (decision.kind !== 'accepted') {
      const isRepeated = decision.kind === 'ignored' && decision.reason.endsWith('-recorded');
      if (session !== undefined && isRepeated) await countDuplicate(tx, session);
      return decision;
    }
    const outgoing = decision.events.map((event, index): OutgoingEvent => ({
      event,
      occurredAt: occurredAt(event, now),
      ...(session === undefined ? {} : numbered(session, session.eventCount + index + 1)),
    }));
    await this.eventLog.append(tx, outgoing, { recordedAt: now });
    if (session !== undefined) {
      const state = decision.events.reduce(chargingSession.evolve, session.state);
      const closing = decision.events.find((event) => event.type === 'SessionClosed');
      const eventCount = session.eventCount + outgoing.length;
      const { closeTimeoutMinutes } = this;
      await saveSession(tx, session, state, eventCount, closing?.closedBy, closeTimeoutMinutes);
    }
    return decision;
  }
}
