import type {
  CdrEvent,
  CdrIssued,
  CdrWithheld,
  CreditCdrIssued,
  JournalEntryPosted,
  OrphanEvent,
  PaymentEvent,
  RecordedEvent,
  SessionEvent,
  SettlementEvent,
  TopicName,
} from '@tallywatt/contracts';
import { hold } from '../ground/violation';
import { plannedTariffs, plannedTokens } from '../outside/charging-plan';
import type { PhysicalSession } from '../outside/physical-session';
import type { Intent, Movement } from '../outside/processor-objects';
import { markOf } from '../stages/gateway';
import type { SessionRow } from '../stages/gateway-tables';
import type { System } from '../system';

const knownTariffs = new Set(plannedTariffs.map((tariff) => tariff['id'] as string));
const allowedKinds = ['member', 'retail', 'no-card'];

/** One session as it happened, and all that the log says of it. */
export type SessionEvidence = Readonly<{
  physical: PhysicalSession;
  stored: SessionRow;
  events: readonly SessionEvent[];
  /** In the order of the log. */
  cdrs: readonly CdrEvent[];
  issued: readonly RecordedEvent<CdrIssued>[];
  credited: readonly RecordedEvent<CreditCdrIssued>[];
  withheld: readonly RecordedEvent<CdrWithheld>[];
  payments: readonly PaymentEvent[];
  intents: readonly Intent[];
  movements: readonly Movement[];
  expected: 'billed' | 'withheld' | 'either' | 'open';
  /** Why it was quarantined, and which of that a person has settled. */
  reasons: readonly string[];
  released: readonly string[];
}>;

/** Why a session that happened like this may not be billed. */
const doubtsOf = ({ hasClock, plan, tariffId }: PhysicalSession): string[] => {
  const token = plannedTokens.find(({ idTag }) => idTag === plan.idTag);
  const reasons = [
    [!allowedKinds.includes(token?.kind ?? 'unknown'), 'token-not-accepted'],
    [!knownTariffs.has(tariffId), 'tariff-unknown'],
    [plan.connectorId > 2, 'connector-unknown'],
    [!hasClock, 'clock-implausible'],
    [plan.quirk === 'meter-jumps' && plan.connectorId <= 2, 'meter-jumped'],
    [plan.quirk === 'meter-runs-backwards', 'meter-ran-backwards'],
    [plan.quirk === 'unreadable-stop-first', 'stop-unreadable'],
  ] as const;
  return reasons.flatMap(([applies, reason]) => (applies ? [reason] : [])).sort();
};

const releasedOf = (events: readonly SessionEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'SessionReleased' ? [event.reason] : []));

/** What pricing asks for itself, whatever a person says. */
const notForPeople = ['tariff-unknown', 'token-not-accepted'];

const expectationOf = (
  physical: PhysicalSession,
  events: readonly SessionEvent[],
): SessionEvidence['expected'] => {
  if (physical.plan.quirk === 'stop-without-transaction') return 'open';
  const doubts = doubtsOf(physical);
  const released = releasedOf(events);
  if (doubts.length === 0) return 'billed';
  if (doubts.some((doubt) => !released.includes(doubt))) return 'withheld';
  return doubts.some((doubt) => notForPeople.includes(doubt)) ? 'either' : 'billed';
};

/** What the log holds, by session, beside what really happened. */
export class Evidence {
  readonly sessions: readonly SessionEvidence[];
  private readonly topics = new Map<TopicName, readonly RecordedEvent[]>();

  constructor(readonly system: System) {
    const stored = system.gateway.tables.sessions.values();
    const physical = system.chargers.flatMap((charger) => charger.physical);
    hold(
      stored.length === physical.length,
      'every session exactly once',
      () => `${physical.length} sessions happened, ${stored.length} are known`,
    );
    this.sessions = physical.map((one) => this.evidenceOf(one, stored));
  }

  events<E>(topic: TopicName): readonly E[] {
    return this.recorded(topic).map(({ event }) => event as E);
  }

  recorded(topic: TopicName): readonly RecordedEvent[] {
    const read = this.topics.get(topic) ?? this.system.world.log.eventsOf(topic);
    this.topics.set(topic, read);
    return read;
  }

  get orphans(): readonly OrphanEvent[] {
    return this.events<OrphanEvent>('charging.orphans.v1');
  }

  get settlements(): readonly SettlementEvent[] {
    return this.events<SettlementEvent>('payments.settlements.v1');
  }

  get journal(): readonly JournalEntryPosted[] {
    return this.events<JournalEntryPosted>('ledger.journal.v1');
  }

  private evidenceOf(physical: PhysicalSession, stored: readonly SessionRow[]): SessionEvidence {
    const { hasClock, plan, chargePointId, startedAt } = physical;
    const candidates = stored.filter(
      (s) =>
        s.chargePointId === chargePointId &&
        s.connectorId === plan.connectorId &&
        s.tokenMark === markOf(plan.idTag) &&
        s.state.status !== 'absent' &&
        s.state.startedAt === startedAt,
    );
    const alike = this.system.chargers
      .flatMap((charger) => charger.physical)
      .filter((other) => other.chargePointId === chargePointId);
    // Without a clock the sessions of a charger are told apart by their number alone.
    const session = hasClock
      ? candidates[0]
      : candidates.find(({ occurrence }) => occurrence === alike.indexOf(physical) + 1);
    if (session === undefined || (hasClock && candidates.length !== 1)) {
      hold(false, 'every session exactly once', () => `${candidates.length} for ${startedAt}`);
      throw new Error('unreachable');
    }
    const { sessionId } = session;
    const of = <E extends { sessionId: string }>(topic: TopicName): E[] =>
      this.events<E>(topic).filter((event) => event.sessionId === sessionId);
    const sessionEvents = of<SessionEvent>('charging.sessions.v1');
    const cdrs = this.recorded('pricing.cdrs.v1').filter(
      ({ event }) => (event as CdrEvent).sessionId === sessionId,
    );
    const ofType = <E extends CdrEvent>(type: E['type']) =>
      cdrs.filter(({ event }) => event.type === type) as RecordedEvent<E>[];
    const intents = this.system.processor.account.intents.filter((i) => i.sessionId === sessionId);
    return {
      physical,
      stored: session,
      events: sessionEvents,
      cdrs: cdrs.map(({ event }) => event as CdrEvent),
      issued: ofType<CdrIssued>('CdrIssued'),
      credited: ofType<CreditCdrIssued>('CreditCdrIssued'),
      withheld: ofType<CdrWithheld>('CdrWithheld'),
      payments: of<PaymentEvent>('payments.payments.v1'),
      intents,
      movements: this.system.processor.account.movements.filter(({ paymentIntentId }) =>
        intents.some(({ id }) => id === paymentIntentId),
      ),
      expected: expectationOf(physical, sessionEvents),
      reasons: doubtsOf(physical),
      released: releasedOf(sessionEvents),
    };
  }
}
