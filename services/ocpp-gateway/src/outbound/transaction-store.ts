import type { SqlClient } from '@tallywatt/event-log';
import type { IdTagInfo, StoredSession } from '../domain/session-record';
import {
  advance,
  type Advance,
  commandsOf,
  type HowFar,
  isOverUndecided,
} from '../domain/station-transaction';
import {
  type Beginning,
  sessionOf,
  type Speaker,
  transactionFingerprint,
} from '../domain/transaction-beginning';
import {
  claimedEventAt,
  correctedEvent,
  type Grant,
  type HeardEvent,
} from '../domain/transaction-event';
import { gapEvents, gapsOf, told } from '../domain/transaction-gaps';
import { generationOf, takeTurns, toldSinceIn } from '../domain/transaction-turns';
import { findChargePoint, locationOf } from './charge-point-registry';
import { findDeparture } from './departures';
import { startedRemotely } from './remote-starts';
import type { SessionStore } from './session-store';
import {
  claimDue,
  findAnswer,
  findHeard,
  generationsOf,
  heldEvents,
  keepEvent,
  letGo,
  type Patience,
  saveTransaction,
  type StoredTransaction,
  type TransactionName,
} from './transaction-rows';

export type Hearing = Readonly<{
  speaker: Speaker;
  ocppVersion: string;
  event: HeardEvent;
  /** What the station is told of the token, if that is known. */
  answer?: IdTagInfo;
}>;

/** What is known of an event's transaction before it is taken. */
export type Recalled = Readonly<{
  /** The answer that the event, or another one with its token, was given. */
  answer?: IdTagInfo;
  connectorId?: number;
  hasSession: boolean;
}>;

/**
 * Transactions that stations name and number themselves. An event is kept as it was said, before it is
 * confirmed; what it means for its session is written down when its turn has come.
 */
export class TransactionStore {
  constructor(private readonly sessions: SessionStore) {}

  async recall(
    sql: SqlClient,
    name: TransactionName,
    event: HeardEvent,
    now: string,
  ): Promise<Recalled> {
    const known = await this.generations(sql, name, event, now, false);
    const before = await findHeard(sql, name, event.contentHash);
    const generation = generationOf(event, known, before?.generation, now);
    const transaction = known.find((one) => one.generation === generation);
    const said = before?.generation === generation ? before.answer : undefined;
    const answer =
      said ??
      (event.tokenMark === undefined
        ? undefined
        : await findAnswer(sql, name, generation, event.tokenMark));
    const { connectorId } = transaction ?? {};
    return {
      hasSession: transaction?.sessionId !== undefined,
      ...(answer === undefined ? {} : { answer }),
      ...(connectorId === undefined ? {} : { connectorId }),
    };
  }

  /** Takes an event; one that was taken before adds nothing, but a decision it still lacked. */
  async hear(tx: SqlClient, hearing: Hearing): Promise<void> {
    const { speaker, ocppVersion, answer } = hearing;
    const { cpoId, chargePointId, transactionId, now } = speaker;
    const event = await this.placed(tx, speaker, hearing.event);
    const name = { cpoId, chargePointId, transactionId };
    const generations = await this.generations(tx, name, event, now, true);
    const before = await findHeard(tx, name, event.contentHash);
    const generation = generationOf(event, generations, before?.generation, now);
    const known = generations.find((one) => one.generation === generation);
    const isRepeated = before?.generation === generation;
    if (isRepeated) await this.countRepeated(tx, known);
    if (isRepeated && (before.answer !== undefined || answer === undefined)) return;
    await keepEvent(tx, { ...name, generation }, event, answer);
    const isFirst = event.eventType === 'Started' && known?.startedAt === undefined;
    const { connectorId = known?.connectorId } = event;
    const transaction = {
      ...(known ?? { ...name, generation, ocppVersion }),
      isEnded: (known?.isEnded ?? false) || event.eventType === 'Ended',
      ...(isFirst ? { startedAt: event.happenedAt } : {}),
      ...(connectorId === undefined ? {} : { connectorId }),
    };
    await this.goOn(tx, speaker, transaction, { isNew: known === undefined });
  }

  /** The station said that a transaction ended, and nothing else of that can be read. */
  async doubtEnd(tx: SqlClient, speaker: Speaker, detail: string): Promise<void> {
    const [latest] = await generationsOf(tx, speaker, true);
    // Where nothing was heard of it before there is nothing but the frame, which is kept.
    if (latest === undefined) return;
    if (latest.sessionId === undefined) {
      if (latest.isEnded) return;
      await this.goOn(tx, speaker, { ...latest, isEnded: true, endDoubt: detail }, {});
      return;
    }
    const session = await this.sessions.withId(tx, speaker.cpoId, latest.sessionId);
    await this.sessions.carryOn(tx, session, [{ type: 'DoubtStop', detail }], speaker.now);
  }

  /** Transactions that have waited for long enough, for this process to go on with. */
  async claimDue(sql: SqlClient): Promise<StoredTransaction[]> {
    return claimDue(sql, 50);
  }

  async isOverUndecided(sql: SqlClient, transaction: StoredTransaction): Promise<boolean> {
    if (transaction.sessionId !== undefined) return false;
    const held = await heldEvents(sql, transaction);
    return isOverUndecided(held, transaction.endDoubt !== undefined);
  }

  /** Goes on without what is missing. `nobody` is the decision about no token, if it was asked for. */
  async giveUpWaiting(
    tx: SqlClient,
    { cpoId, chargePointId, transactionId, generation }: StoredTransaction,
    now: string,
    nobody: Grant | undefined,
  ): Promise<void> {
    const speaker = { cpoId, chargePointId, transactionId, now };
    const locked = await generationsOf(tx, speaker, true);
    const transaction = locked.find((one) => one.generation === generation);
    if (transaction === undefined) return;
    const known = nobody === undefined ? {} : { nobody };
    await this.goOn(tx, speaker, transaction, { isGapGivenUp: true, ...known });
  }

  /** What is known of a name, with what a Started is compared with. */
  private async generations(
    sql: SqlClient,
    name: TransactionName,
    event: HeardEvent,
    now: string,
    isLocked: boolean,
  ): Promise<StoredTransaction[]> {
    const known = await generationsOf(sql, name, isLocked);
    if (event.eventType !== 'Started') return known;
    const told: StoredTransaction[] = [];
    for (const one of known) {
      const isBegun = one.startedAt !== undefined;
      const toldSince = isBegun ? undefined : toldSinceIn(await heldEvents(sql, one), now);
      told.push(toldSince === undefined ? one : { ...one, toldSince });
    }
    return told;
  }

  /** Where a station has one connector only, some do not say which. */
  private async placed(tx: SqlClient, speaker: Speaker, event: HeardEvent): Promise<HeardEvent> {
    if (event.eventType !== 'Started' || event.connectorId !== undefined) return event;
    const point = await findChargePoint(tx, speaker.cpoId, speaker.chargePointId);
    const [only, ...others] = point?.connectors ?? [];
    return only === undefined || others.length > 0 ? event : { ...event, connectorId: only.id };
  }

  private async countRepeated(
    tx: SqlClient,
    transaction: StoredTransaction | undefined,
  ): Promise<void> {
    if (transaction?.sessionId === undefined) return;
    const session = await this.sessions.withId(tx, transaction.cpoId, transaction.sessionId);
    if (session !== undefined) await this.sessions.countDuplicate(tx, session);
  }

  /** Puts as much of a transaction into the log as can be. */
  private async goOn(
    tx: SqlClient,
    speaker: Speaker,
    transaction: StoredTransaction,
    { isNew = false, ...how }: Readonly<Omit<HowFar, 'isEndDoubted'> & { isNew?: boolean }>,
  ): Promise<void> {
    const events = (await heldEvents(tx, transaction)).map(correctedEvent);
    const { nextSeqNo: next, sessionId, endDoubt } = transaction;
    const step = advance(next, events, { ...how, isEndDoubted: endDoubt !== undefined });
    const isAside =
      step.want === 'putting-aside' ||
      (how.isGapGivenUp === true && next === undefined && transaction.startedAt === undefined);
    if (isAside) return this.putAside(tx, speaker, transaction, events, isNew);
    const session =
      sessionId !== undefined
        ? await this.sessions.withId(tx, speaker.cpoId, sessionId)
        : step.beginning === undefined
          ? undefined
          : await this.begin(tx, speaker, step.beginning, transaction.ocppVersion);
    const gaps = gapsOf(transaction, events, speaker.now, how.isGapGivenUp === true);
    if (session !== undefined) {
      const { now } = speaker;
      const { isEnded: hasEnded } = transaction;
      const said = gapEvents(session, transaction.gaps ?? [], gaps, { hasEnded, now });
      const record = said.length === 0 ? [] : [{ type: 'RecordGaps', gaps: said } as const];
      const known = await this.sessions.carryOn(tx, session, record, now);
      const taken = await this.take(tx, speaker, known, step);
      if (step.beginning !== undefined && endDoubt !== undefined) {
        const doubt = { type: 'DoubtStop', detail: endDoubt } as const;
        await this.sessions.carryOn(tx, taken, [doubt], speaker.now);
      }
    }
    await letGo(tx, transaction, step.taken);
    const { nextSeqNo, want } = step;
    await saveTransaction(
      tx,
      {
        ...transaction,
        ...(session === undefined ? {} : { sessionId: session.sessionId }),
        ...(nextSeqNo === undefined ? {} : { nextSeqNo }),
        gaps: session === undefined ? gaps.gaps : told(gaps.gaps),
      },
      patienceFor(want, how.isGapGivenUp === true),
      isNew,
    );
  }

  private async begin(
    tx: SqlClient,
    speaker: Speaker,
    beginning: Beginning,
    ocppVersion: string,
  ): Promise<StoredSession> {
    const { cpoId, chargePointId, transactionId, now } = speaker;
    const point = await findChargePoint(tx, cpoId, chargePointId);
    if (point === undefined) throw new Error(`charge point ${chargePointId} is not registered`);
    const { first, startedAt, connectorId } = beginning;
    const connector = point.connectors.find(({ id }) => id === connectorId);
    const fingerprint = transactionFingerprint(transactionId, claimedEventAt(first));
    const occurrence = await this.sessions.nextOccurrence(tx, speaker, fingerprint);
    const place = {
      ocppVersion,
      powerWMax: connector?.powerWMax ?? 0n,
      location: locationOf(point),
      ...(await startedRemotely(tx, speaker)),
    };
    const groups = new Set(point.connectors.map(({ evseGroups }) => JSON.stringify(evseGroups)));
    const { session, commands } = sessionOf(speaker, beginning, occurrence, place, groups.size > 1);
    return this.sessions.begin(tx, session, commands, startedAt, now);
  }

  private async take(
    tx: SqlClient,
    speaker: Speaker,
    session: StoredSession,
    { taken, beginning }: Advance,
  ): Promise<StoredSession> {
    const { now } = speaker;
    const statesTold = beginning?.statesTold ?? 0;
    let current = session;
    for (const [index, event] of taken.entries()) {
      const isEnd = event.eventType === 'Ended';
      const departure = isEnd ? await findDeparture(tx, current, event.happenedAt, now) : {};
      const isStateTold = index < statesTold;
      const commands = commandsOf(speaker, event, current, { isStateTold, departure });
      current = await this.sessions.carryOn(tx, current, commands, now);
    }
    return current;
  }

  /**
   * Keeps with the charge point what is of no session. Should the first event of the transaction come
   * one day, there will be one: the events stay.
   */
  private async putAside(
    tx: SqlClient,
    speaker: Speaker,
    transaction: StoredTransaction,
    events: readonly HeardEvent[],
    isNew: boolean,
  ): Promise<void> {
    for (const event of takeTurns(0, events, true).taken) {
      const commands = commandsOf(speaker, event, undefined);
      await this.sessions.carryOn(tx, undefined, commands, speaker.now);
    }
    if (transaction.startedAt !== undefined) await letGo(tx, transaction, events);
    await saveTransaction(tx, transaction, 'none', isNew);
  }
}

const patienceFor = (want: Advance['want'], isGapGivenUp: boolean): Patience => {
  if (want === 'decision-about-nobody') return 'over';
  return want === 'missing-events' && !isGapGivenUp ? 'some' : 'none';
};
