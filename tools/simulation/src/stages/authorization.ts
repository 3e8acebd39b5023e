import {
  derivedId,
  type ChargingDecision,
  type RecordedEvent,
  type SessionEvent,
} from '@tallywatt/contracts';
import {
  afterFact,
  allowance,
  drawDue,
  factsOf,
  type Allowance,
  type SessionFacts,
} from '@tallywatt/derivations';
import {
  authorize,
  isAccepted,
  type Known,
} from '@tallywatt/authorization/domain/charging-authorization';
import * as entitlements from '@tallywatt/authorization/domain/entitlement';
import * as tokens from '@tallywatt/authorization/domain/token';
import { standingAssignments } from '@tallywatt/tariffs';
import { Consumer, Progress } from '../ground/consumer';
import type { Table } from '../ground/disk';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import { secondMs, type World } from '../ground/world';
import { cpoId, type AuthorizationQuestion } from './gateway';
import { KnowledgeView } from './knowledge-view';

export const tokenRefOf = (idTag: string): string => `tok-${idTag.toLowerCase()}`;
export const driverRefOf = (idTag: string): string => `drv-${idTag.toLowerCase()}`;

const policy = { holdMajorUnits: { unscaled: 50n, scale: 0 }, allowWithoutPaymentMethod: true };

/** The authorization process: decides from what its view of the log knows, durably, then answers. */
export class Authorization {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly tokens: Table<tokens.Token>;
  readonly memberships: Table<entitlements.Entitlement>;
  readonly progress: Progress;
  /** What is known of sessions that draw included energy. */
  readonly drawers: Table<SessionFacts>;
  /** By whose energy it is and month. */
  readonly months: Table<Allowance>;
  consumer: Consumer | undefined;
  private relay: Relay;
  private view: KnowledgeView;

  constructor(private readonly world: World) {
    this.process = new SimulatedProcess('authorization', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'authorization', world);
    this.tokens = this.process.disk.table();
    this.memberships = this.process.disk.table();
    this.progress = new Progress(this.process.disk);
    this.drawers = this.process.disk.table();
    this.months = this.process.disk.table();
    this.relay = new Relay(this.process, this.outbox);
    this.view = new KnowledgeView(this.process);
  }

  private boot(): void {
    this.relay = new Relay(this.process, this.outbox);
    this.view = new KnowledgeView(this.process);
    this.view.start();
    this.consumer = new Consumer(
      this.process,
      ['charging.sessions.v1'],
      this.progress,
      (records) => records.forEach((one) => this.draw(one as RecordedEvent<SessionEvent>)),
      () => this.relay.wake(),
    );
    this.consumer.start();
    this.relay.wake();
  }

  /** A session that is settled draws of its month, in the transaction that takes the fact. */
  private draw({ event, metadata }: RecordedEvent<SessionEvent>): void {
    const before = this.drawers.get(event.sessionId);
    const draws =
      event.type === 'SessionStarted' && event.decision.includedEnergy !== undefined
        ? factsOf(event)
        : undefined;
    const facts = before === undefined ? draws : afterFact(before, event);
    if (facts === undefined) return;
    this.drawers.set(event.sessionId, facts);
    const command = drawDue(before, facts);
    if (command === undefined) return;
    const month = `${command.subjectRef}/${command.period}`;
    const known = this.months.get(month) ?? allowance.initial;
    const decision = allowance.decide(command, known);
    if (decision.kind !== 'accepted') return;
    this.months.set(month, decision.events.reduce(allowance.evolve, known));
    const { occurredAt } = metadata;
    this.outbox.append(
      decision.events.map((drawn) => ({ event: drawn, occurredAt })),
      { cause: metadata },
    );
  }

  /** The operator registers a token; before it is running, as part of the world's beginning. */
  registerToken(idTag: string, status: 'valid' | 'blocked', facts: tokens.TokenFacts): void {
    const tokenRef = tokenRefOf(idTag);
    this.process.disk.transaction(() => {
      const before = this.tokens.get(tokenRef) ?? tokens.absentToken;
      const decision = tokens.decide({ cpoId, tokenRef, status, facts }, before);
      if (decision.kind !== 'accepted') return;
      this.outbox.append(this.nowHappened(decision.events));
      this.tokens.set(tokenRef, decision.events.reduce(tokens.evolve, before));
    });
  }

  /** A membership changes, at any time. */
  changeMembership(
    idTag: string,
    change:
      | Readonly<{ type: 'GrantEntitlement'; terms: entitlements.EntitlementTerms }>
      | Readonly<{ type: 'RevokeEntitlement'; reason: string }>
      | Readonly<{ type: 'ExpireEntitlement' }>,
  ): void {
    const driverRef = driverRefOf(idTag);
    const command = { ...change, cpoId, driverRef, now: this.world.clock.now };
    this.process.disk.transaction(() => {
      const before = this.memberships.get(driverRef) ?? entitlements.absentEntitlement;
      const decision = entitlements.decide(command, before);
      if (decision.kind !== 'accepted') return;
      this.outbox.append(this.nowHappened(decision.events));
      this.memberships.set(driverRef, decision.events.reduce(entitlements.evolve, before));
    });
    if (this.process.isRunning) this.relay.wake();
  }

  /** The one synchronous call between services. */
  ask(
    question: AuthorizationQuestion,
    answer: (decision: ChargingDecision | undefined) => void,
  ): void {
    const { chance, clock, faults } = this.world;
    const unavailable = (): void =>
      clock.after(chance.spread(1, 3 * secondMs), () => answer(undefined));
    if (!this.process.isRunning || chance.happens(faults.authorizationAway)) return unavailable();
    if (!this.view.isWarm()) return unavailable();
    let isAnswered = false;
    const once = (decision: ChargingDecision | undefined): void => {
      if (isAnswered) return;
      isAnswered = true;
      answer(decision);
    };
    clock.after(5 * secondMs, () => once(undefined));
    this.process.after(chance.integer(1, 5), () => {
      const decision = this.decide(question);
      this.process.after(chance.integer(1, 5), () => once(decision));
    });
  }

  private decide({
    chargePointId,
    connectorId,
    idTag,
    at,
    tariffId,
    location,
  }: AuthorizationQuestion) {
    const tokenRef = tokenRefOf(idTag);
    const decidedAt = this.world.clock.now;
    const { currency, locationId, timeZone, siteGroups = [] } = location;
    const place = { chargePointId, locationId, timeZone, siteGroups, evseGroups: [] };
    const decision = authorize(
      { tokenRef, at, currency, place },
      this.known(tokenRef, tariffId),
      policy,
      {
        decisionId: derivedId('decision', this.world.clock.steps.toString()),
        decidedAt,
        entitlementAgeMs: 0n,
      },
    );
    const event = {
      type: isAccepted(decision) ? 'ChargingAuthorized' : 'ChargingDenied',
      cpoId,
      chargePointId,
      connectorId,
      purpose: 'start',
      decision,
    } as const;
    this.process.transaction(() => this.outbox.append([{ event, occurredAt: decidedAt }]));
    this.relay.wake();
    return decision;
  }

  private known(tokenRef: string, chargePointTariffId: string): Known {
    const token = this.tokens.get(tokenRef) ?? tokens.absentToken;
    const driverRef = token.status === 'absent' ? undefined : token.facts.driverRef;
    return {
      token,
      entitlement:
        (driverRef === undefined ? undefined : this.view.entitlements.get(driverRef)) ??
        entitlements.absentEntitlement,
      tariffs: {
        assignments: standingAssignments(this.view.assignments.values()),
        chargePointTariffId,
        versionsOf: (tariffId) => this.view.tariffs.get(tariffId),
      },
    };
  }

  private nowHappened<E>(events: readonly E[]): { event: E; occurredAt: string }[] {
    return events.map((event) => ({ event, occurredAt: this.world.clock.now }));
  }
}
