import { derivedId, type RecordedEvent } from '@tallywatt/contracts';
import { NotYetKnown } from '../ground/consumer';
import type { Outbox } from '../ground/outbox';
import type { SimulatedProcess } from '../ground/simulated-process';
import { secondMs } from '../ground/world';
import type { ConnectedCharger } from './frames';
import type { GatewayTables, RemoteCommand } from './gateway-tables';

type Outcome =
  Readonly<{ kind: 'accepted' }> | Readonly<{ kind: 'rejected'; reason: string; detail: string }>;

const answerTimeoutMs = 30 * secondMs;

/** What `outbound/remote-stops.ts` and its executor do: recorded, then asked until answered. */
export class RemoteStops {
  private readonly underWay = new Set<string>();

  constructor(
    private readonly process: SimulatedProcess,
    private readonly tables: GatewayTables,
    private readonly outbox: Outbox,
    private readonly connection: (chargePointId: string) => ConnectedCharger | undefined,
    private readonly wakeRelay: () => void,
  ) {}

  takePayments(events: readonly RecordedEvent[]): void {
    for (const { event, metadata } of events) {
      if (event.type !== 'PaymentPreauthorizationDeclined') continue;
      const { cpoId, chargePointId, sessionId, paymentId } = event;
      const session = this.tables.sessions.get(sessionId);
      if (session?.chargePointId !== chargePointId) throw new NotYetKnown(`session ${sessionId}`);
      const reason = 'payment-declined';
      const commandId = derivedId('remote-stop', cpoId, sessionId, reason, paymentId);
      if (this.tables.commands.has(commandId)) continue;
      const { ocppTransactionId } = session;
      const command: RemoteCommand = {
        cpoId,
        commandId,
        chargePointId,
        sessionId,
        ocppTransactionId,
        status: 'pending',
        attempts: 0,
        nextAttemptMs: this.process.world.clock.nowMs,
      };
      this.tables.commands.set(commandId, command);
      const requested = {
        type: 'RemoteStopRequested',
        cpoId,
        commandId,
        chargePointId,
        sessionId,
        ocppTransactionId,
        reason,
        requestedBy: 'payment-capture',
      } as const;
      this.outbox.append([{ event: requested, occurredAt: metadata.recordedAt }], {
        cause: metadata,
      });
      if (session.state.status !== 'active') this.conclude(commandId, sessionOver);
    }
  }

  /** A charger is back: what waits for it is due now. */
  wake(chargePointId: string): void {
    const { nowMs } = this.process.world.clock;
    this.process.transaction(() => {
      for (const command of this.tables.commands.values()) {
        if (command.status !== 'pending' || command.chargePointId !== chargePointId) continue;
        this.tables.commands.set(command.commandId, { ...command, nextAttemptMs: nowMs });
      }
    });
    this.runSoon();
  }

  runSoon(delayMs = 50): void {
    const isPending = this.tables.commands.values().some(({ status }) => status === 'pending');
    if (isPending) this.process.after(delayMs, () => this.run());
  }

  private run(): void {
    for (const command of this.tables.commands.values()) {
      const isDue = command.nextAttemptMs <= this.process.world.clock.nowMs;
      if (command.status !== 'pending' || !isDue || this.underWay.has(command.commandId)) continue;
      this.underWay.add(command.commandId);
      this.attempt(command, () => this.underWay.delete(command.commandId));
    }
  }

  private attempt(command: RemoteCommand, end: () => void): void {
    const { commandId, chargePointId, sessionId, ocppTransactionId } = command;
    const conclude = (outcome: Outcome): void => {
      this.process.transaction(() => this.conclude(commandId, outcome));
      this.wakeRelay();
      end();
    };
    if (this.tables.sessions.get(sessionId)?.state.status !== 'active')
      return conclude(sessionOver);
    const charger = this.connection(chargePointId);
    if (charger === undefined) {
      this.postpone(command);
      return end();
    }
    let isAnswered = false;
    const answer = this.process.bound((accepted: boolean) => {
      if (isAnswered) return;
      isAnswered = true;
      const detail = 'the charger answered Rejected';
      conclude(
        accepted
          ? { kind: 'accepted' }
          : { kind: 'rejected', reason: 'rejected-by-charger', detail },
      );
    });
    charger.remoteStop(Number(ocppTransactionId), answer);
    this.process.after(answerTimeoutMs, () => {
      if (isAnswered) return;
      isAnswered = true;
      this.postpone(command);
      end();
    });
  }

  private postpone({ commandId }: RemoteCommand): void {
    const command = this.tables.commands.get(commandId);
    if (command?.status !== 'pending') return;
    const attempts = command.attempts + 1;
    const pauseMs = Math.min(2 ** Math.min(attempts, 10), 60) * secondMs;
    this.process.transaction(() => {
      const nextAttemptMs = this.process.world.clock.nowMs + pauseMs;
      this.tables.commands.set(commandId, { ...command, attempts, nextAttemptMs });
    });
    this.runSoon(pauseMs);
  }

  private conclude(commandId: string, outcome: Outcome): void {
    const command = this.tables.commands.get(commandId);
    if (command?.status !== 'pending') return;
    this.tables.commands.set(commandId, { ...command, status: outcome.kind });
    const { cpoId, chargePointId, sessionId } = command;
    const identity = { cpoId, commandId, chargePointId, sessionId };
    const occurredAt = this.process.world.clock.now;
    const event =
      outcome.kind === 'accepted'
        ? ({ type: 'RemoteStopAccepted', ...identity } as const)
        : ({
            type: 'RemoteStopRejected',
            ...identity,
            reason: outcome.reason,
            detail: outcome.detail,
          } as const);
    this.outbox.append([{ event, occurredAt, correlationId: commandId }]);
  }
}

const sessionOver: Outcome = {
  kind: 'rejected',
  reason: 'session-over',
  detail: 'the session had stopped before the command could be sent',
};
