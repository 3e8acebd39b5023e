import { backoff, type Backoff } from './backoff';
import { Connection } from './connection';
import { MessageLane, type Payload } from './message-lane';
import { seededRandom, type SeededRandom } from './seeded-random';
import { pause, stationClock, type StationClock } from './station-clock';
import { ChargingSession } from './charging-session';
import type { ChargePointSetting } from './charge-point-setting';
import type { Dialect } from './dialect';
import { ocpp16 } from './ocpp16/dialect';
import { ocpp201 } from './ocpp201/dialect';
import { Connector } from './connector';
import { misbehaving } from './misbehaviour';
import type { ConnectorStatus } from './terms';
import { Registration } from './registration';
import type { SessionOptions, SessionOutcome } from './session-terms';
import type { Station } from './station';

const dialects = { '1.6': ocpp16, '2.0.1': ocpp201 } as const;

/** A charger that speaks OCPP and behaves as a well-built one does. */
export class SimulatedChargePoint {
  readonly id: string;
  readonly clock: StationClock;
  private readonly dialect: Dialect;
  private readonly random: SeededRandom;
  private readonly connectors: ReadonlyMap<number, Connector>;
  private readonly connection: Connection;
  private readonly lane: MessageLane;
  private readonly station: Station;
  private readonly log: (event: string, detail: Payload) => void;
  private readonly retryDelay: Backoff;
  private readonly registration: Registration;
  private readonly off = new AbortController();
  private acceptedWaiters: (() => void)[] = [];

  constructor(private readonly setting: ChargePointSetting) {
    this.id = setting.id;
    this.dialect = dialects[setting.ocppVersion ?? '1.6'];
    this.clock = stationClock(setting.virtualClock);
    const seed = `${setting.seed ?? ''}/${setting.id}`;
    this.random = seededRandom(seed);
    this.log = (event, detail) =>
      setting.log?.({ chargePointId: setting.id, at: this.clock.now(), event, detail });
    this.connectors = new Map(
      setting.connectors.map(({ id, powerKwMax, registerWh }) => {
        const usual = BigInt(seededRandom(`${seed}/${id}`).integer(1_200_000, 60_000_000));
        const powerWMax = Math.round(powerKwMax * 1000);
        return [id, new Connector(id, powerWMax, registerWh ?? usual, this.clock.nowToTheSecond())];
      }),
    );
    if (this.connectors.size === 0) throw new RangeError(`${setting.id}: no connectors`);
    const limits = setting.backoff ?? { firstMs: 250, maxMs: 5000 };
    this.retryDelay = backoff(limits, seededRandom(`${seed}/back-off`));
    this.connection = new Connection({
      url: setting.url,
      id: setting.id,
      password: setting.password,
      protocol: this.dialect.protocol,
      callTimeoutMs: setting.callTimeoutMs ?? 10_000,
      backoff: this.retryDelay,
      commands: this.dialect.commands(() => this.station),
      onOpen: () => this.arrive(),
      onLost: () => this.lose(),
      log: this.log,
    });
    this.lane = new MessageLane(
      misbehaving(
        setting.misbehaviours ?? [],
        setting.ocppVersion ?? '1.6',
        () => this.connection.cut(),
        (action, payload) => this.connection.call(action, payload),
      ),
      this.retryDelay,
      this.log,
    );
    this.station = this.asStation();
    this.registration = this.asRegistration(this.station.configuration);
  }

  /**
   * Connects and reports until BootNotification is accepted and the connectors are announced.
   * Rejects when the handshake is refused, or when no server appears in time.
   */
  async connect(): Promise<void> {
    const accepted = this.whenAccepted();
    await this.connection.open(this.setting.connectPatienceMs ?? 30_000);
    await accepted;
  }

  /**
   * Runs one session in virtual time; resolves when the server has answered every message of it,
   * however often the connection was lost on the way.
   */
  async runSession(options: SessionOptions): Promise<SessionOutcome> {
    const connector = this.connectors.get(options.connectorId);
    if (!connector) throw new RangeError(`${this.id}: no connector ${options.connectorId}`);
    if (connector.session) throw new Error(`${this.id}: connector ${connector.id} is in use`);
    if (options.idTag.length < 1 || options.idTag.length > 20) {
      throw new RangeError(`${this.id}: idTag must have 1 to 20 characters: '${options.idTag}'`);
    }
    const session = new ChargingSession(this.station, connector, options);
    connector.session = session;
    try {
      return await this.unlessOff(session.run());
    } finally {
      if (connector.session === session) connector.session = undefined;
    }
  }

  /** Transaction messages that the server has not answered yet. */
  get backlog(): number {
    return this.lane.backlog;
  }

  /** Breaks the connection without a closing handshake; the charger reconnects by itself. */
  cutConnection(): void {
    this.connection.cut();
  }

  /**
   * Waits until transaction messages are answered (unless told not to), then switches off: a session
   * that still runs is rejected.
   */
  async disconnect(options: Readonly<{ drain: boolean }> = { drain: true }): Promise<void> {
    if (options.drain) await this.lane.whenEmpty();
    this.off.abort(new Error(`${this.id}: switched off`));
    this.registration.end();
    for (const wake of this.acceptedWaiters.splice(0)) wake();
    await this.connection.close();
  }

  private asStation(): Station {
    const configuration = new Map([
      ['HeartbeatInterval', { value: '300', readonly: false }],
      ['MeterValueSampleInterval', { value: '900', readonly: false }],
      ['NumberOfConnectors', { value: String(this.connectors.size), readonly: true }],
      ['AuthorizeRemoteTxRequests', { value: 'false', readonly: true }],
      ['StopTransactionOnInvalidId', { value: 'true', readonly: true }],
      ['StopTransactionOnEVSideDisconnect', { value: 'true', readonly: true }],
      ['SupportedFeatureProfiles', { value: 'Core,RemoteTrigger', readonly: true }],
    ]);
    return {
      id: this.id,
      dialect: this.dialect,
      clock: this.clock,
      random: this.random,
      lane: this.lane,
      connectors: this.connectors,
      configuration,
      sleepUntil: (at, signal) => this.sleepUntil(at, signal),
      meterIntervalSeconds: () =>
        Number(configuration.get('MeterValueSampleInterval')?.value ?? '900'),
      ask: (action, payload, read) => this.ask(action, payload, read),
      turn: (connector, status, at) => this.turn(connector, status, at),
      reportStatus: (connectorId) => {
        for (const connector of this.connectors.values()) {
          if (!connectorId || connector.id === connectorId) void this.report(connector);
        }
      },
      sendHeartbeat: () => void this.tryCall('Heartbeat', {}),
      sendBootNotification: () => void this.registration.boot(),
      startRemotely: (idTag, connectorId) => this.startRemotely(idTag, connectorId),
      restart: (kind) => void this.restart(kind),
    };
  }

  private asRegistration(configuration: Station['configuration']): Registration {
    return new Registration({
      bootNotification: this.dialect.bootNotification(this.id),
      clock: this.clock,
      retryDelay: this.retryDelay,
      isConnected: () => this.connection.isOpen,
      tryCall: (action, payload) => this.tryCall(action, payload),
      onAccepted: () => this.resume(),
      heartbeatSeconds: () => Number(configuration.get('HeartbeatInterval')?.value ?? '300'),
      setHeartbeatSeconds: (seconds) =>
        configuration.set('HeartbeatInterval', { value: String(seconds), readonly: false }),
    });
  }

  /** The connection is open: a plain reconnect goes on at once, a fresh start reports first. */
  private arrive(): void {
    if (this.registration.isAccepted) this.resume();
    else void this.registration.boot();
  }

  private lose(): void {
    this.registration.stopHeart();
    this.lane.shut();
  }

  private resume(): void {
    this.lane.open();
    for (const connector of this.connectors.values()) void this.report(connector);
    this.registration.beatHeart();
    for (const wake of this.acceptedWaiters.splice(0)) wake();
  }

  private async restart(kind: 'Soft' | 'Hard'): Promise<void> {
    for (const { session } of this.connectors.values()) {
      session?.interrupt(kind === 'Soft' ? 'SoftReset' : 'HardReset');
    }
    // A soft reset delivers what it has first; after a hard one it waits for the reboot.
    if (kind === 'Soft') await this.lane.whenEmpty();
    this.registration.forget();
    this.lane.shut();
    this.connection.cut();
  }

  private startRemotely(idTag: string, connectorId: number | undefined): boolean {
    const connector = [...this.connectors.values()].find(
      ({ id, session }) => !session && (connectorId === undefined || id === connectorId),
    );
    if (!connector || idTag.length < 1 || idTag.length > 20) return false;
    this.runSession({
      energyWh: 10_000n,
      authorizeFirst: false,
      ...this.setting.remoteSession,
      connectorId: connector.id,
      idTag,
    }).then(
      (outcome) => this.setting.onRemoteSession?.(outcome),
      (error: unknown) => this.log('remote-session-failed', { reason: String(error) }),
    );
    return true;
  }

  private turn(connector: Connector, status: ConnectorStatus, at: Date): Promise<void> {
    connector.turn(status, at);
    const settled = connector.whenStatusSettled();
    void this.report(connector);
    return settled;
  }

  /** Reports the present status; if the connection goes first, `resume` reports it again. */
  private async report(connector: Connector): Promise<void> {
    const { status, statusSince, statusNumber } = connector;
    const delivery = await this.lane.addPassing('StatusNotification', () =>
      this.dialect.statusNotification(connector.id, status, statusSince),
    );
    if (delivery !== 'dropped') connector.settleStatus(statusNumber);
  }

  /** Goes through the lane, so that the server hears of the car before it hears of the driver. */
  private async ask<T>(action: string, payload: Payload, read: (answer: Payload) => T) {
    let isDelayed = !this.isOnline;
    for (let tries = 1; ; tries += 1) {
      await this.whenAccepted();
      this.off.signal.throwIfAborted();
      const askedAt = performance.now();
      const answers: T[] = [];
      await this.lane.addPassing(
        action,
        () => payload,
        (answer) => void answers.push(read(answer)),
      );
      const [answer] = answers;
      if (answer !== undefined) return { answer, isDelayed, realMs: performance.now() - askedAt };
      isDelayed = true;
      await pause(this.retryDelay.delayMs(tries));
    }
  }

  private async tryCall(action: string, payload: Payload): Promise<Payload | undefined> {
    try {
      return await this.connection.call(action, payload);
    } catch (error) {
      this.log('unanswered', { action, reason: error instanceof Error ? error.message : error });
      return undefined;
    }
  }

  private async sleepUntil(at: Date, signal?: AbortSignal): Promise<void> {
    const either = signal ? AbortSignal.any([signal, this.off.signal]) : this.off.signal;
    await this.clock.sleepUntil(at, either);
    this.off.signal.throwIfAborted();
  }

  /** A session that waits for answers would wait for ever once the charger is switched off. */
  private async unlessOff<T>(running: Promise<T>): Promise<T> {
    const { signal } = this.off;
    let giveUp = (): void => {};
    const switchedOff = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp);
    });
    if (signal.aborted) giveUp();
    try {
      return await Promise.race([running, switchedOff]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  private get isOnline(): boolean {
    return this.registration.isAccepted && this.connection.isOpen;
  }

  private whenAccepted(): Promise<void> {
    if (this.isOnline) return Promise.resolve();
    return new Promise((resolve) => this.acceptedWaiters.push(resolve));
  }
}
