import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import { hold, textOf } from '../ground/violation';
import { minuteMs, secondMs, type World } from '../ground/world';
import type { Answer, ConnectedCharger, Frame } from '../stages/frames';
import type { Gateway } from '../stages/gateway';
import type { PlannedCharger, PlannedSession } from './charging-plan';
import { PhysicalSession } from './physical-session';

type Message = {
  /** Made when it is first sent; a resend says the same words. */
  readonly build: () => Frame;
  readonly session: PhysicalSession | undefined;
  /** Transaction messages are kept until they are confirmed, others only while connected. */
  readonly isKept: boolean;
  frame?: Frame;
  answers: string[];
  attempts: number;
  isAnswered: boolean;
};

const timeoutMs = 30 * secondMs;

/** A charge point that keeps what it has to say until it is confirmed, as OCPP 1.6 asks. */
export class SimulatedCharger {
  readonly physical: PhysicalSession[] = [];
  readonly unanswered = new Set<Message>();
  private queue: Message[] = [];
  private inFlight: Message | undefined;
  private connection: ConnectedCharger | undefined;
  private readonly statuses = new Map<number, ConnectorStatus>();

  constructor(
    private readonly world: World,
    private readonly gateway: Gateway,
    readonly plan: PlannedCharger,
  ) {}

  start(): void {
    const { clock } = this.world;
    this.connectLater(secondMs);
    for (const session of this.plan.sessions) {
      clock.after(session.startMs - clock.nowMs, () => this.begin(session));
    }
    for (const { fromMs } of this.plan.offline) {
      clock.after(fromMs - clock.nowMs, () => this.connection?.close());
    }
  }

  private get chargePointId(): string {
    return this.plan.chargePoint.chargePointId;
  }

  // At the connector

  private begin(plan: PlannedSession): void {
    const { clock } = this.world;
    const { hasClock, chargePoint } = this.plan;
    const session = new PhysicalSession(
      this.chargePointId,
      chargePoint.tariffId,
      plan,
      hasClock,
      clock.nowMs,
    );
    this.physical.push(session);
    const { connectorId, idTag, meterStartWh } = plan;
    this.world.trace(
      this.chargePointId,
      () => `a session begins on connector ${connectorId}, ${plan.quirk}`,
    );
    this.status(session, 'Preparing');
    this.say(session, () => ({
      action: 'StartTransaction',
      connectorId,
      idTag,
      meterStartWh,
      timestamp: session.startedAt,
    }));
    this.status(session, 'Charging');
    this.read(session);
    if (plan.chargingMs < plan.durationMs) {
      clock.after(plan.chargingMs, () => {
        if (session.stoppedAtMs === undefined) this.status(session, 'SuspendedEV');
      });
    }
    clock.after(plan.durationMs, () => this.stop(session, 'Local'));
  }

  private read(session: PhysicalSession): void {
    const { clock } = this.world;
    const { connectorId, quirk, readEveryMs } = session.plan;
    clock.after(readEveryMs, () => {
      if (session.stoppedAtMs !== undefined) return;
      const atMs = clock.nowMs;
      const isNamed = quirk !== 'readings-without-transaction';
      session.readings.push(session.stamp(atMs));
      if (isNamed && session.plan.readingsLateMs !== undefined && this.world.chance.happens(0.7)) {
        session.lateReadingsMs.push(atMs);
        return this.read(session);
      }
      this.say(session, () => ({
        action: 'MeterValues',
        connectorId,
        ...(isNamed ? { transactionId: session.transactionId ?? -1 } : {}),
        meterValue: [valueAt(session, atMs, 'Sample.Periodic')],
      }));
      this.read(session);
    });
  }

  private stop(session: PhysicalSession, reason: string): void {
    const { clock } = this.world;
    if (session.stoppedAtMs !== undefined) return;
    session.stoppedAtMs = clock.nowMs;
    session.stopReason = reason;
    const { quirk, stayMs } = session.plan;
    if (quirk === 'unreadable-stop-first') {
      this.say(session, () => unreadable(stopFrame(session)));
    }
    this.say(session, () =>
      quirk === 'stop-without-transaction'
        ? { ...stopFrame(session), transactionId: -1 }
        : stopFrame(session),
    );
    if (quirk === 'conflicting-stop') {
      const other = { reason: 'PowerLoss', meterStopWh: session.meterStopWh + 1 };
      this.say(session, () => ({ ...stopFrame(session), ...other }));
    }
    this.status(session, 'Finishing');
    if (session.lateReadingsMs.length > 0) {
      clock.after(session.plan.readingsLateMs ?? 0, () => this.sayLateReadings(session));
    }
    clock.after(stayMs, () => this.status(session, 'Available'));
  }

  /** What was read and kept back: in one message, or in one for each reading. */
  private sayLateReadings(session: PhysicalSession): void {
    const { connectorId } = session.plan;
    const values = session.lateReadingsMs.map((atMs) => valueAt(session, atMs, 'Sample.Periodic'));
    const messages = this.world.chance.happens(0.5) ? [values] : values.map((value) => [value]);
    for (const meterValue of messages) {
      this.say(session, () => ({
        action: 'MeterValues',
        connectorId,
        transactionId: session.transactionId ?? -1,
        meterValue,
      }));
    }
  }

  private remoteStop(transactionId: number, answer: (accepted: boolean) => void): void {
    const session = this.physical.find((s) => s.transactionId === transactionId);
    const isRunning = session !== undefined && session.stoppedAtMs === undefined;
    answer(isRunning);
    if (isRunning) this.world.clock.after(2 * secondMs, () => this.stop(session, 'Remote'));
  }

  // On the wire

  private say(session: PhysicalSession | undefined, build: () => Frame, isKept = true): void {
    const message = { build, session, isKept, answers: [], attempts: 0, isAnswered: false };
    if (!isKept && this.connection === undefined) return;
    if (isKept) this.unanswered.add(message);
    this.queue.push(message);
    this.sendNext();
  }

  private status(session: PhysicalSession, status: ConnectorStatus): void {
    const { connectorId } = session.plan;
    this.statuses.set(connectorId, status);
    const timestamp = session.stamp(this.world.clock.nowMs);
    const frame = { action: 'StatusNotification', connectorId, status, timestamp } as const;
    this.say(undefined, () => frame, false);
  }

  private sendNext(): void {
    if (this.connection === undefined || this.inFlight !== undefined) return;
    const [message] = this.queue;
    if (message !== undefined) this.send(message, this.connection);
  }

  private send(message: Message, connection: ConnectedCharger): void {
    const { chance, clock, faults } = this.world;
    const frame = (message.frame ??= message.build());
    this.inFlight = message;
    message.attempts += 1;
    const attempt = message.attempts;
    this.world.trace(this.chargePointId, () => `sends ${textOf(frame)}`);
    const reply = (answer: Answer): void => {
      this.checkSame(message, answer);
      if (chance.happens(faults.answerLost)) return;
      // What was sent before a connection broke may have come through.
      const comesThrough = chance.happens(0.5);
      clock.after(chance.spread(5, 500), () => {
        const isOpen = this.connection === connection;
        if (isOpen || comesThrough) this.answered(message, answer, attempt);
      });
    };
    clock.after(chance.spread(5, 500), () => {
      if (this.connection === connection) this.gateway.receive(connection, frame, reply);
    });
    if (chance.happens(faults.connectionBreaks)) {
      clock.after(chance.spread(5, 5_000), () => this.drop(connection));
    }
    clock.after(timeoutMs, () => this.resend(message, attempt));
  }

  /** Unless it was answered, or was said again meanwhile. */
  private resend(message: Message, attempt: number): void {
    if (this.inFlight !== message || message.attempts !== attempt) return;
    this.inFlight = undefined;
    if (!message.isKept) this.forget(message);
    this.sendNext();
  }

  /** Whatever the gateway answers to the same words, it has to answer the same. */
  private checkSame(message: Message, answer: Answer): void {
    if (answer.kind === 'internal-error') return;
    const text = textOf(answer);
    message.answers.push(text);
    hold(
      message.answers[0] === text,
      'a resent frame gets the same answer',
      () => `${textOf(message.frame)}: ${message.answers.join(' then ')}`,
    );
  }

  private answered(message: Message, answer: Answer, attempt: number): void {
    if (message.isAnswered) return;
    if (answer.kind === 'internal-error') {
      return this.world.clock.after(10 * secondMs, () => this.resend(message, attempt));
    }
    message.isAnswered = true;
    if (answer.kind === 'started' && message.session !== undefined) {
      message.session.transactionId = answer.transactionId;
    }
    if (this.inFlight === message) this.inFlight = undefined;
    this.forget(message);
    this.sendNext();
  }

  private forget(message: Message): void {
    this.queue = this.queue.filter((other) => other !== message);
    this.unanswered.delete(message);
  }

  // The connection

  private isOffline(): boolean {
    const { nowMs } = this.world.clock;
    return this.plan.offline.some(({ fromMs, untilMs }) => nowMs >= fromMs && nowMs < untilMs);
  }

  private connectLater(delayMs: number): void {
    this.world.clock.after(delayMs, () => this.connect());
  }

  private connect(): void {
    const { chance, clock, faults } = this.world;
    if (this.connection !== undefined) return;
    if (this.isOffline() || !this.gateway.isReachable) {
      return this.connectLater(chance.spread(5 * secondMs, 5 * minuteMs));
    }
    const connection: ConnectedCharger = {
      chargePointId: this.chargePointId,
      connectedAt: clock.now,
      close: () => this.drop(connection),
      remoteStop: (transactionId, answer) => {
        clock.after(chance.spread(5, 500), () => {
          if (this.connection !== connection || chance.happens(faults.answerLost)) return;
          this.remoteStop(transactionId, (accepted) =>
            clock.after(chance.spread(5, 500), () => {
              if (this.connection === connection) answer(accepted);
            }),
          );
        });
      },
    };
    this.connection = connection;
    this.gateway.connect(connection);
    this.world.trace(this.chargePointId, () => 'connects');
    for (const [connectorId, status] of this.statuses) this.repeatStatus(connectorId, status);
    this.sendNext();
  }

  /** After a reconnect a charger says where its connectors are now. */
  private repeatStatus(connectorId: number, status: ConnectorStatus): void {
    const latest = this.physical.filter((s) => s.plan.connectorId === connectorId).at(-1);
    const timestamp = latest?.stamp(this.world.clock.nowMs) ?? this.world.clock.now;
    const frame = { action: 'StatusNotification', connectorId, status, timestamp } as const;
    this.say(undefined, () => frame, false);
  }

  private drop(connection: ConnectedCharger): void {
    if (this.connection !== connection) return;
    this.world.trace(this.chargePointId, () => 'is disconnected');
    this.connection = undefined;
    this.inFlight = undefined;
    this.queue = this.queue.filter(({ isKept }) => isKept);
    this.gateway.disconnect(connection);
    this.connectLater(this.world.chance.spread(secondMs, 5 * minuteMs));
  }
}

const valueAt = (session: PhysicalSession, atMs: number, context: string) => ({
  readAt: session.stamp(atMs),
  sampledValues: [{ value: session.registerWh(atMs).toString(), context, unit: 'Wh' }],
});

const stopFrame = (session: PhysicalSession): Extract<Frame, { action: 'StopTransaction' }> => {
  const stoppedAtMs = session.stoppedAtMs ?? session.startedAtMs;
  return {
    action: 'StopTransaction',
    transactionId: session.transactionId ?? -1,
    meterStopWh: session.meterStopWh,
    timestamp: session.stamp(stoppedAtMs),
    reason: session.stopReason,
    ...(session.plan.stopsWithTag ? { idTag: session.plan.idTag } : {}),
    transactionData: session.plan.hasTransactionData
      ? [
          valueAt(session, session.startedAtMs, 'Transaction.Begin'),
          valueAt(session, stoppedAtMs, 'Transaction.End'),
        ]
      : [],
  };
};

const unreadable = (frame: Extract<Frame, { action: 'StopTransaction' }>): Frame => {
  const { meterStopWh: _, ...rest } = frame;
  return rest;
};
