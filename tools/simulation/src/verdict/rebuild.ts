import {
  encodeEvent,
  type AllowanceEvent,
  type CdrEvent,
  type EntitlementEvent,
  type PaymentEvent,
  type RecordedEvent,
  type TariffEvent,
  type TariffPublished,
} from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import {
  absentEntry,
  advance,
  pinnedTariff,
  ratedSession,
  type Fact,
  type JournalEntry,
  type PinnedTariff,
} from '@tallywatt/derivations';
import {
  absentEntitlement,
  evolve as evolveEntitlement,
} from '@tallywatt/authorization/domain/entitlement';
import { chargingSession } from '@tallywatt/ocpp-gateway/domain/charging-session';
import { openCalls } from '@tallywatt/payment-capture/domain/open-calls';
import { paymentDecider } from '@tallywatt/payment-capture/domain/payment';
import type { Payment } from '@tallywatt/payment-capture/domain/payment-state';
import { stepsOf } from '@tallywatt/payment-capture/domain/payment-steps';
import {
  paymentIdOf,
  priceOf,
  withPrice,
  type SessionFacts,
} from '@tallywatt/payment-capture/domain/session-rules';
import { match } from '@tallywatt/reconciliation/domain/match';
import { emptySubject, evolve, type SubjectFact } from '@tallywatt/reconciliation/domain/subject';
import { hold, holdSame, Violation } from '../ground/violation';
import { cpoId } from '../stages/gateway';
import { entriesFor, factTopics } from '../stages/ledger';
import { reconciledTopics } from '../stages/reconciliation';
import { rebuildAllowances } from './allowances';
import type { Evidence } from './evidence';

const rule = 'the log rebuilds every state';

/** Folds the final log afresh and compares: states, CDRs, entries, verdicts. */
export const judgeRebuild = (evidence: Evidence): void => {
  rebuildStreams(evidence);
  rebuildSessions(evidence);
  rebuildPayments(evidence);
  rebuildAllowances(evidence);
  rebuildCdrs(evidence);
  rebuildJournal(evidence);
  rebuildSubjects(evidence);
  rebuildMemberships(evidence);
};

/** What stands in the log is what its owner has written, in that order and without a hole. */
const rebuildStreams = ({ system }: Evidence): void => {
  const { log } = system.world;
  for (const { outbox } of system.stages) {
    for (const { topic, key, events } of outbox.allStreams()) {
      const found = log.streamOf(topic, key).map(({ metadata }) => metadata.id);
      const written = events.map(({ row }) => row.metadata.id);
      holdSame(found, written, 'the log holds what was recorded', `${topic} ${key}`);
    }
  }
};

const rebuildSessions = ({ sessions }: Evidence): void => {
  for (const { stored, events } of sessions) {
    holdSame(fold(chargingSession, events), stored.state, rule, `session ${stored.sessionId}`);
  }
};

const rebuildPayments = (evidence: Evidence): void => {
  const { payments } = evidence.system.payments;
  const all = evidence.events<PaymentEvent>('payments.payments.v1');
  for (const paymentId of new Set(all.map((event) => event.paymentId))) {
    const events = all.filter((event) => event.paymentId === paymentId);
    holdSame(
      fold(paymentDecider, events),
      payments.paymentOf(cpoId, paymentId),
      rule,
      `payment ${paymentId}`,
    );
    const open = openCalls(events.map((facts) => ({ facts })));
    holdSame(open.length, 0, rule, `open calls of ${paymentId}`);
    readAgain(evidence, fold(paymentDecider, events), paymentId);
  }
};

/** A new database has the stream of a payment and reads its session and CDRs from the beginning. */
const readAgain = (evidence: Evidence, payment: Payment, paymentId: string): void => {
  const session = evidence.sessions.find(
    ({ stored }) => paymentIdOf(cpoId, stored.sessionId) === paymentId,
  );
  if (session === undefined) return;
  const { sessionId } = session.stored;
  const identity = { cpoId, paymentId, sessionId };
  let facts: SessionFacts = { identity, started: true };
  for (const event of session.cdrs) {
    if (event.type === 'CreditCdrIssued') continue;
    facts =
      event.type === 'CdrIssued'
        ? withPrice(facts, priceOf(event, event.closedAt))
        : { ...facts, withheldReason: event.reason };
    const said = stepsOf(payment, facts, []).flatMap(({ events }) => events);
    holdSame(said, [], 'a new database says nothing anew', `${sessionId} at ${event.type}`);
  }
};

const rebuildCdrs = (evidence: Evidence): void => {
  const published = new Map<string, TariffPublished>();
  const tariffs = new Map<string, PinnedTariff>();
  for (const event of evidence.events<TariffEvent>('pricing.tariffs.v1')) {
    if (event.type !== 'TariffPublished') continue;
    published.set(`${event.tariff.tariffId}/${event.tariff.version}`, event);
  }
  const pinned = ({ tariffId, version }: { tariffId: string; version: bigint }): PinnedTariff => {
    const name = `${tariffId}/${version}`;
    const event = published.get(name);
    if (event === undefined) throw new Violation(rule, `no tariff ${tariffId} in the log`);
    const tariff =
      tariffs.get(name) ?? pinnedTariff(event.tariff.contentHash, event.ocpiTariffJson);
    tariffs.set(name, tariff);
    return tariff;
  };
  const draws = evidence.events<AllowanceEvent>('access.allowances.v1');
  for (const { stored, events, issued, credited, withheld } of evidence.sessions) {
    const { sessionId } = stored;
    const facts = events.map((event) => ({ event }));
    const { session, steps, waiting } = advance(
      ratedSession.initial,
      facts,
      pinned,
      ({ energyRevision }) =>
        draws.find((draw) => draw.sessionId === sessionId && draw.energyRevision === energyRevision)
          ?.sessionDrawnMilliWh,
    );
    holdSame(waiting.length, 0, rule, `facts that wait of ${sessionId}`);
    const derived: readonly CdrEvent[] = steps.flatMap(({ cdrs }) => cdrs);
    const recorded = [...issued, ...credited, ...withheld]
      .map(({ metadata }) => metadata.contentHash)
      .sort();
    const again = derived.map((cdr) => encodeEvent(cdr).contentHash).sort();
    holdSame(again, recorded, rule, `CDRs of ${stored.sessionId}`);
    const known = evidence.system.pricing.sessions.get(stored.sessionId);
    holdSame(session, known, rule, `rated session ${stored.sessionId}`);
  }
};

/** Topic after topic, an order in which the ledger never saw the facts. */
const rebuildJournal = (evidence: Evidence): void => {
  const recorded = new Map(evidence.journal.map((entry) => [entry.entryId, entry]));
  const book = new Map<string, JournalEntry>();
  for (const fact of factTopics.toReversed().flatMap((topic) => evidence.recorded(topic))) {
    // An entry's id is not known before its rule has spoken; when it was booked changes no hash.
    for (const entry of entriesFor(fact as RecordedEvent<Fact>, book, fact.metadata.recordedAt)) {
      const { entryId, entryHash } = entry;
      book.set(entryId, { ...absentEntry, status: 'posted', entryHash });
      holdSame(entryHash, recorded.get(entryId)?.entryHash, rule, `entry ${entryId}`);
    }
  }
  holdSame([...book.keys()].sort(), [...recorded.keys()].sort(), rule, 'entries');
};

/** Verdicts depend on the facts and not on the order of their topics. */
const rebuildSubjects = (evidence: Evidence): void => {
  const { subjects, payouts } = evidence.system.reconciliation.tables;
  const facts = reconciledTopics.toReversed().flatMap((topic) => evidence.recorded(topic));
  const states = new Map(payouts.keys().map((id) => [id, payouts.get(id) ?? never(id)] as const));
  for (const { stored } of evidence.sessions) {
    const { sessionId } = stored;
    const members = (payoutId: string): boolean =>
      states.get(payoutId)?.memberSessions.includes(sessionId) === true;
    const subject = facts
      .filter(({ event }) =>
        'payoutId' in event
          ? members(event.payoutId)
          : 'sessionId' in event && event.sessionId === sessionId,
      )
      .reduce(
        (state, { event, metadata }) => evolve(state, event as SubjectFact, metadata.recordedAt),
        emptySubject(cpoId, sessionId),
      );
    const { result } = subjects.get(sessionId) ?? never(sessionId);
    holdSame(match(subject, states), result, rule, `verdict on ${sessionId}`);
  }
};

const never = (what: string): never => {
  throw new Violation(rule, `${what} is not known`);
};

const rebuildMemberships = ({ system }: Evidence): void => {
  const { memberships } = system.authorization;
  for (const driverRef of memberships.keys()) {
    const events = system.world.log
      .streamOf('access.entitlements.v1', `${cpoId}/${driverRef}`)
      .map(({ event }) => event as EntitlementEvent);
    const rebuilt = events.reduce(evolveEntitlement, absentEntitlement);
    holdSame(rebuilt, memberships.get(driverRef), rule, `membership of ${driverRef}`);
    hold(events.length > 0, rule, () => `no events of ${driverRef}`);
  }
};
