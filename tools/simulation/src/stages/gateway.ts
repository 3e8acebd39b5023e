import type { ChargingDecision, Location } from '@tallywatt/contracts';
import { clockFault, clockSkewMs } from '@tallywatt/ocpp-gateway/domain/clock';
import { readingsOf } from '@tallywatt/ocpp-gateway/domain/meter-reading';
import type { NewStart } from '@tallywatt/ocpp-gateway/domain/session-message';
import type { CorrectStop, ReleaseSession } from '@tallywatt/ocpp-gateway/domain/session-review';
import type { Instant } from '@tallywatt/time';
import { Consumer, Progress } from '../ground/consumer';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import { hourMs, type World } from '../ground/world';
import type { Answer, ConnectedCharger, Frame } from './frames';
import { GatewaySessions } from './gateway-sessions';
import { GatewayTables } from './gateway-tables';
import { RemoteStops } from './remote-stops';

export type RegisteredChargePoint = Readonly<{
  chargePointId: string;
  tariffId: string;
  location: Location;
  connectors: readonly Readonly<{ id: number; powerWMax: bigint }>[];
}>;

export type AuthorizationQuestion = Readonly<{
  chargePointId: string;
  connectorId: number;
  idTag: string;
  at: Instant;
  tariffId: string;
  location: Location;
}>;
/** Calls back with the decision, or with nothing when authorization cannot be asked. */
export type AskAuthorization = (
  question: AuthorizationQuestion,
  answer: (decision: ChargingDecision | undefined) => void,
) => void;

export const cpoId = 'sim-cpo';
export const markOf = (idTag: string): string => `mark-of-${idTag.toLowerCase()}`;

type Reply = (answer: Answer) => void;
type Work = Readonly<{ charger: ConnectedCharger; frame: Frame; reply: Reply }>;
type Commit = Readonly<{ work: () => Answer; reply: Reply; done: () => void }>;
type StartFrame = Extract<Frame, { action: 'StartTransaction' }>;

/** The gateway process: lanes of frames, group commits, remote stops. */
export class Gateway {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly tables: GatewayTables;
  readonly progress: Progress;
  readonly sessions: GatewaySessions;
  consumer: Consumer | undefined;
  private relay: Relay;
  private remoteStops: RemoteStops;
  private lanes = new Map<string, Work[]>();
  private commits: Commit[] = [];
  private connections = new Map<string, ConnectedCharger>();

  constructor(
    private readonly world: World,
    private readonly chargePoints: ReadonlyMap<string, RegisteredChargePoint>,
    private readonly ask: AskAuthorization,
  ) {
    this.process = new SimulatedProcess('ocpp-gateway', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'ocpp-gateway', world);
    this.tables = new GatewayTables(this.process.disk);
    this.progress = new Progress(this.process.disk);
    this.sessions = new GatewaySessions(world, this.tables, this.outbox);
    this.relay = new Relay(this.process, this.outbox);
    this.remoteStops = this.newRemoteStops();
  }

  private newRemoteStops(): RemoteStops {
    return new RemoteStops(
      this.process,
      this.tables,
      this.outbox,
      (chargePointId) => this.connections.get(chargePointId),
      () => this.relay.wake(),
    );
  }

  private boot(): void {
    this.lanes = new Map();
    this.commits = [];
    this.connections = new Map();
    this.process.onDeath(() => [...this.connections.values()].forEach(({ close }) => close()));
    this.relay = new Relay(this.process, this.outbox);
    this.remoteStops = this.newRemoteStops();
    this.consumer = new Consumer(
      this.process,
      ['payments.payments.v1'],
      this.progress,
      (events) => this.remoteStops.takePayments(events),
      () => {
        this.relay.wake();
        this.remoteStops.runSoon();
      },
    );
    this.consumer.start();
    this.relay.wake();
    this.remoteStops.runSoon();
    this.sweepLater();
  }

  get isReachable(): boolean {
    return this.process.isRunning;
  }

  /** A charger's WebSocket is open; one that it had before gives way. */
  connect(charger: ConnectedCharger): void {
    this.connections.get(charger.chargePointId)?.close();
    this.connections.set(charger.chargePointId, charger);
    this.process.bound(() => this.remoteStops.wake(charger.chargePointId))();
  }

  disconnect(charger: ConnectedCharger): void {
    if (this.connections.get(charger.chargePointId) === charger) {
      this.connections.delete(charger.chargePointId);
    }
  }

  /** Frames of one charge point are worked on one after the other. */
  receive(charger: ConnectedCharger, frame: Frame, reply: Reply): void {
    if (!this.process.isRunning) return;
    const lane = this.lanes.get(charger.chargePointId) ?? [];
    this.lanes.set(charger.chargePointId, lane);
    lane.push({ charger, frame, reply });
    if (lane.length === 1) this.nextIn(lane);
  }

  /** A person at the door for operators; nobody answers while the process is down. */
  review(sessionId: string, commands: readonly (CorrectStop | ReleaseSession)[]): void {
    this.process.bound(() => {
      for (const command of commands) {
        const { now } = this.world.clock;
        this.process.transaction(() => this.sessions.review(sessionId, command, now));
        this.relay.wake();
      }
    })();
  }

  private nextIn(lane: Work[]): void {
    const [work] = lane;
    if (work === undefined) return;
    this.process.after(this.world.chance.integer(0, 5), () => {
      this.process.crashPoint('before it records a frame');
      this.answer(work, () => {
        lane.shift();
        this.nextIn(lane);
      });
    });
  }

  private answer({ charger, frame, reply }: Work, done: () => void): void {
    const now = this.world.clock.now;
    const station = { cpoId, chargePointId: charger.chargePointId };
    const confirm = (work: () => void): void =>
      this.submit(
        () => {
          work();
          return { kind: 'confirmed' };
        },
        reply,
        done,
      );
    switch (frame.action) {
      case 'StartTransaction':
        return this.start(charger, frame, now, reply, done);
      case 'StopTransaction': {
        const { transactionId, meterStopWh, timestamp, reason, idTag } = frame;
        const readings = readingsOf(frame.transactionData);
        if (meterStopWh === undefined) {
          return confirm(() => this.sessions.doubtStop(station, transactionId, now));
        }
        const stop = {
          stoppedAt: timestamp,
          meterStopMilliWh: BigInt(meterStopWh) * 1_000n,
          stopReason: reason,
        };
        const mark = idTag === undefined ? {} : { tokenMark: markOf(idTag) };
        const message = { station, now, transactionId, stop, readings, ...mark };
        return confirm(() => this.sessions.stop(message));
      }
      case 'MeterValues': {
        const { connectorId, transactionId } = frame;
        const readings = readingsOf(frame.meterValue);
        const named = transactionId === undefined ? {} : { transactionId };
        const message = { station, now, connectorId, readings, ...named };
        return confirm(() => this.sessions.meterValues(message));
      }
      case 'StatusNotification': {
        const { connectorId, status, timestamp } = frame;
        return confirm(() => {
          const known = { status, changedAt: timestamp };
          this.tables.keepStatus(charger.chargePointId, connectorId, known, now);
          this.sessions.connectorStatus(station, connectorId, status, timestamp, now);
        });
      }
    }
  }

  private start(
    { chargePointId, connectedAt }: ConnectedCharger,
    { connectorId, idTag, meterStartWh, timestamp: startedAt }: StartFrame,
    now: Instant,
    reply: Reply,
    done: () => void,
  ): void {
    const station = { cpoId, chargePointId };
    const meterStartMilliWh = BigInt(meterStartWh) * 1_000n;
    const words = { connectorId, tokenMark: markOf(idTag), meterStartMilliWh, startedAt };
    const known = this.sessions.recall(station, words, now);
    if (known !== undefined) {
      return this.submit(() => ({ kind: 'started', ...this.sessions.repeat(known) }), reply, done);
    }
    const point = this.chargePoints.get(chargePointId);
    if (point === undefined) throw new Error(`${chargePointId} is not registered`);
    const { location, tariffId } = point;
    const at = clockFault(startedAt, now) === undefined ? startedAt : now;
    const question = { chargePointId, connectorId, idTag, at, tariffId, location };
    const go = this.process.bound((decision: ChargingDecision | undefined): void => {
      if (decision === undefined) {
        reply({ kind: 'internal-error' });
        return done();
      }
      const skewMs = clockSkewMs(startedAt, now, connectedAt);
      const idTagInfo = { status: decision.status };
      const powerWMax = point.connectors.find(({ id }) => id === connectorId)?.powerWMax ?? 0n;
      const facts = {
        ocppVersion: '1.6',
        ...(skewMs === undefined ? {} : { clockSkewMs: skewMs }),
        powerWMax,
        location,
        decision,
      };
      const start: NewStart = { station, words, now, idTagInfo, facts };
      this.submit(() => ({ kind: 'started', ...this.sessions.start(start) }), reply, done);
    });
    this.ask(question, go);
  }

  /** What is submitted while a commit is on its way shares it; answers leave after it. */
  private submit(work: () => Answer, reply: Reply, done: () => void): void {
    this.commits.push({ work, reply, done });
    if (this.commits.length === 1) {
      this.process.after(this.world.chance.integer(1, 8), () => this.commit());
    }
  }

  private commit(): void {
    const batch = this.commits.splice(0);
    const isHasty = this.world.has('answer-before-the-commit');
    const answers = this.process.transaction(() =>
      batch.map(({ work, reply }) => {
        const answer = work();
        if (isHasty) reply(answer);
        return answer;
      }),
    );
    this.relay.wake();
    batch.forEach(({ reply, done }, index) => {
      const answer = answers[index];
      this.process.crashPoint('before it answers');
      if (answer !== undefined && !isHasty) reply(answer);
      done();
    });
  }

  private sweepLater(): void {
    this.process.after(4 * hourMs, () => {
      this.process.transaction(() => this.sessions.closeOverdue());
      this.relay.wake();
      this.sweepLater();
    });
  }
}
