import type { ChargePlan } from './charge-plan';
import { planCharge } from './charge-plan';
import type { Connector } from './connector';
import type { TransactionVoice } from './dialect';
import type { AuthorizationStatus, Reading, ReadingContext, StopReason } from './terms';
import type {
  SessionCharged,
  SessionDeclined,
  SessionOptions,
  SessionOutcome,
} from './session-terms';
import type { Station } from './station';

type Transaction = Omit<SessionCharged, keyof SessionDeclined> & Pick<SessionCharged, 'started'>;

const PLUG_IN_LEAD_MS = 20_000;
const AUTHORIZE_LEAD_MS = 10_000;
const UNPLUG_MS = 30_000;
const CONTACTOR_MS = 5_000;
const MINUTE_MS = 60_000;

/** One car at one connector, from plugging in to unplugging. */
export class ChargingSession {
  private readonly plan: ChargePlan;
  private readonly socStartPercent: number;
  private readonly stopping = new AbortController();
  private interruption: StopReason | undefined;
  private isStopped = false;
  private readonly voice: TransactionVoice;
  private startedAt: Date | undefined;
  private lastAt = new Date(0);

  constructor(
    private readonly station: Station,
    private readonly connector: Connector,
    private readonly options: SessionOptions,
  ) {
    this.plan = planCharge({
      curve: options.curve ?? 'ac',
      powerWMax: connector.powerWMax,
      ...(options.energyWh === undefined ? {} : { energyWh: options.energyWh }),
      ...(options.durationMinutes === undefined
        ? {}
        : { durationSeconds: options.durationMinutes * 60 }),
    });
    this.socStartPercent = station.random.integer(10, 35);
    this.voice = station.dialect.transaction({
      lane: station.lane,
      random: station.random,
      connectorId: connector.id,
      idTag: options.idTag,
      onTokenStatus: (status) => this.learnTokenStatus(status),
    });
  }

  /** Whether the server can have the transaction of this id stopped. */
  isRunning(transactionId: unknown): boolean {
    return this.voice.isNamed(transactionId) && !this.isStopped && this.interruption === undefined;
  }

  /** Ends the charge now, for a reason other than the driver's. The first reason counts. */
  interrupt(reason: StopReason): void {
    if (this.isStopped) return;
    this.interruption ??= reason;
    this.stopping.abort();
  }

  /** Reports a reading out of turn (TriggerMessage). */
  sendReading(context: ReadingContext): void {
    if (this.startedAt && !this.isStopped) {
      this.sendReadingOf(this.readingAt(this.present()), context);
    }
  }

  /** Runs the session; resolves when the server has answered all of it. */
  async run(): Promise<SessionOutcome> {
    const { station, connector, options } = this;
    const named = { chargePointId: station.id, connectorId: connector.id, idTag: options.idTag };
    const plannedStart = options.startAt
      ? new Date(options.startAt)
      : new Date(station.clock.nowToTheSecond().getTime() + PLUG_IN_LEAD_MS);
    const pluggedIn = new Date(plannedStart.getTime() - PLUG_IN_LEAD_MS);
    await station.sleepUntil(pluggedIn);
    void station.turn(connector, 'Preparing', pluggedIn);
    this.voice.plugIn(this.readingAt(pluggedIn));

    const authorized = await this.authorize(plannedStart);
    const { isLate, ...asked } = authorized;
    if (authorized.authorizeStatus && authorized.authorizeStatus !== 'Accepted') {
      const leftAt = new Date(plannedStart.getTime() + UNPLUG_MS);
      await station.sleepUntil(leftAt);
      this.voice.leave(this.readingAt(leftAt));
      await this.release(leftAt);
      return { ...named, ...asked, started: false };
    }
    const startedAt = isLate ? laterOf(plannedStart, this.present()) : plannedStart;
    await station.sleepUntil(startedAt);
    return { ...named, ...asked, ...(await this.runTransaction(startedAt)) };
  }

  private async authorize(
    plannedStart: Date,
  ): Promise<
    Pick<SessionDeclined, 'authorizeStatus' | 'authorizeMs'> & Readonly<{ isLate: boolean }>
  > {
    if (this.options.authorizeFirst === false) return { isLate: false };
    await this.station.sleepUntil(new Date(plannedStart.getTime() - AUTHORIZE_LEAD_MS));
    const { dialect } = this.station;
    const { answer, isDelayed, realMs } = await this.station.ask(
      'Authorize',
      dialect.authorize(this.options.idTag),
      (said) => dialect.authorizationOf(said),
    );
    return {
      authorizeStatus: answer,
      authorizeMs: Math.round(realMs),
      isLate: isDelayed,
    };
  }

  private async runTransaction(startedAt: Date): Promise<Transaction> {
    const { station, connector, options } = this;
    this.startedAt = startedAt;
    const begin = this.readingAt(startedAt);
    const { registerWh: meterStartWh } = begin;
    this.voice.start(begin);
    void station.turn(connector, 'Charging', startedAt);
    this.sendReadingOf(begin, 'Transaction.Begin');

    const stoppedAt = await this.chargeUntilStopped(startedAt);
    this.isStopped = true;
    const end = { ...this.readingAt(stoppedAt), powerW: 0 };
    const drawn = this.plan.wattMsAt(stoppedAt.getTime() - startedAt.getTime());
    const stopReason = this.interruption ?? options.stopReason ?? 'Local';
    const stops = this.voice.stop(begin, end, stopReason, options.duplicateStop ? 2 : 1);
    connector.count(drawn);

    void station.turn(connector, 'Finishing', stoppedAt);
    const idleMs =
      options.idleMinutesAfter === undefined ? UNPLUG_MS : options.idleMinutesAfter * MINUTE_MS;
    const availableAt = new Date(stoppedAt.getTime() + idleMs);
    await station.sleepUntil(availableAt);
    await this.release(availableAt);
    await Promise.all(stops);
    return {
      started: true,
      ...this.voice.known(),
      meterStartWh,
      meterStopWh: end.registerWh,
      energyWh: end.registerWh - meterStartWh,
      startedAt,
      stoppedAt,
      availableAt,
      stopReason,
    };
  }

  /** Lets time pass, with meter readings, until the driver or an interruption ends the charge. */
  private async chargeUntilStopped(startedAt: Date): Promise<Date> {
    const fullAt = nextSecond(new Date(startedAt.getTime() + this.plan.endsAfterMs));
    const suspendedMs = (this.options.suspendedEvMinutes ?? 0) * MINUTE_MS;
    const stopAt = new Date(fullAt.getTime() + suspendedMs);
    let readingAt = this.firstReadingAt(startedAt);
    let isSuspended = suspendedMs === 0;
    for (;;) {
      const next = earlierOf(isSuspended ? stopAt : fullAt, readingAt);
      await this.station.sleepUntil(next, this.stopping.signal);
      if (this.stopping.signal.aborted) return this.interruptedAt(startedAt, stopAt);
      this.lastAt = next;
      if (!isSuspended && next.getTime() === fullAt.getTime()) {
        isSuspended = true;
        void this.station.turn(this.connector, 'SuspendedEV', fullAt);
        this.voice.suspend(this.readingAt(fullAt));
        continue;
      }
      // At the very end the stop itself carries the reading.
      if (next.getTime() === stopAt.getTime()) return stopAt;
      this.sendReadingOf(
        this.readingAt(next),
        this.options.clockAligned ? 'Sample.Clock' : 'Sample.Periodic',
      );
      readingAt = new Date(next.getTime() + this.readingIntervalMs());
    }
  }

  private async interruptedAt(startedAt: Date, stopAt: Date): Promise<Date> {
    // Contactors take a moment: even a start that is refused at once has delivered something.
    const opened = new Date(startedAt.getTime() + CONTACTOR_MS);
    const at = earlierOf(stopAt, laterOf(opened, laterOf(this.lastAt, this.present())));
    await this.station.sleepUntil(at);
    return at;
  }

  private firstReadingAt(startedAt: Date): Date {
    const intervalMs = this.readingIntervalMs();
    if (!Number.isFinite(intervalMs)) return FAR_FUTURE;
    const startMs = startedAt.getTime();
    return new Date(
      this.options.clockAligned
        ? (Math.floor(startMs / intervalMs) + 1) * intervalMs
        : startMs + intervalMs,
    );
  }

  private readingIntervalMs(): number {
    const seconds = this.options.meterIntervalSeconds ?? this.station.meterIntervalSeconds();
    return seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
  }

  private learnTokenStatus(status: AuthorizationStatus): void {
    // StopTransactionOnInvalidId is true on this charger (OCPP 1.6 section 9.1.26; 2.0.1
    // StopTxOnInvalidId).
    if (status !== 'Accepted') this.interrupt('DeAuthorized');
  }

  private sendReadingOf(reading: Reading, context: ReadingContext): void {
    this.lastAt = laterOf(this.lastAt, reading.at);
    this.voice.read(reading, context);
  }

  private async release(at: Date): Promise<void> {
    const settled = this.station.turn(this.connector, 'Available', at);
    this.connector.session = undefined;
    await settled;
  }

  private readingAt(at: Date): Reading {
    const elapsedMs = at.getTime() - (this.startedAt ?? at).getTime();
    const gained = (90 - this.socStartPercent) * this.plan.progressAt(elapsedMs);
    return {
      at,
      registerWh: this.connector.registerWh(this.plan.wattMsAt(elapsedMs)),
      powerW: this.plan.powerWAt(elapsedMs),
      socPercent:
        this.options.curve === 'dc' ? Math.round(this.socStartPercent + gained) : undefined,
    };
  }

  private present(): Date {
    return this.station.clock.nowToTheSecond();
  }
}

const FAR_FUTURE = new Date(8_640_000_000_000_000);

const earlierOf = (one: Date, other: Date): Date => (one <= other ? one : other);
const laterOf = (one: Date, other: Date): Date => (one >= other ? one : other);
const nextSecond = (at: Date): Date => new Date(Math.ceil(at.getTime() / 1000) * 1000);
