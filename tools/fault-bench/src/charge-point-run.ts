import {
  SimulatedChargePoint,
  type SessionCharged,
  type SimulatorLogEntry,
} from '@tallywatt/charge-point-simulator';
import type { BenchSystem, Line } from './bench-system';
import { pause } from './patience';
import type { Delivery, Reading } from './expected-price';
import type { FailedSession, RanSession } from './ran-session';
import type { PlannedChargePoint, PlannedSession, Visit } from './session-plan';
import { untilClosed } from './session-close';
import { chargePointPassword, connectors, idTagOf } from './site';

/** Virtual seconds in a real one: an hour of charging takes six seconds. */
const speed = 600;
/** A Tuesday; all sessions lie in the summer of 2025, when Berlin is two hours ahead of UTC. */
const firstDayMs = Date.parse('2025-06-03T00:00:00+02:00');
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A car that takes one watt: its meter does not move. */
const zeroPowerKw = 0.001;

/** Their start cannot be authorized beforehand: nobody answers, or would refuse. */
const startsUnasked = ({ kind }: PlannedSession): boolean =>
  kind === 'offline' || kind === 'not-accepted';

type MeterValues = Readonly<{
  connectorId: number;
  meterValue: readonly Readonly<{
    timestamp: string;
    sampledValue: readonly Readonly<{ value: string; measurand: string }>[];
  }>[];
}>;

type SaidReading = Reading & Readonly<{ connectorId: number }>;

const readingsOf = ({ detail }: SimulatorLogEntry): readonly SaidReading[] => {
  if (detail['action'] !== 'MeterValues') return [];
  const { connectorId, meterValue } = detail['payload'] as MeterValues;
  return meterValue.flatMap(({ timestamp, sampledValue }) =>
    sampledValue
      .filter(({ measurand }) => measurand === 'Energy.Active.Import.Register')
      .map(({ value }) => ({ connectorId, atMs: Date.parse(timestamp), wh: BigInt(value) })),
  );
};

const deliveryOf = (
  plan: PlannedSession,
  outcome: SessionCharged,
  said: readonly SaidReading[],
): Delivery => {
  const start = { atMs: outcome.startedAt.getTime(), wh: outcome.meterStartWh };
  const stop = { atMs: outcome.stoppedAt.getTime(), wh: outcome.meterStopWh };
  const between = new Map<number, Reading>();
  for (const { connectorId, atMs, wh } of said) {
    if (connectorId !== plan.connectorId || atMs <= start.atMs || atMs >= stop.atMs) continue;
    between.set(atMs, { atMs, wh });
  }
  const sorted = [...between.values()].sort((one, other) => one.atMs - other.atMs);
  return {
    tariff: plan.tariff,
    isMember: plan.holder === 'member',
    readings: [start, ...sorted, stop],
    availableAtMs: outcome.availableAt.getTime(),
  };
};

export type ChargePointRunOptions = Readonly<{
  bench: BenchSystem;
  point: PlannedChargePoint;
  /** Its place in the plan, which its tokens are named by. */
  index: number;
  seed: string;
  onRan: (session: RanSession) => void;
  onFailed: (session: FailedSession) => void;
}>;

/** One charger over the whole run: its registers and its calendar go on from visit to visit. */
export class ChargePointRun {
  private readonly registersWh = new Map<number, bigint>();
  private day = 0;
  private lastMs = 0;
  private charger: SimulatedChargePoint | undefined;
  private proxy: Line | undefined;

  constructor(private readonly options: ChargePointRunOptions) {
    for (const { id } of connectors) this.registersWh.set(id, BigInt(1_000_000 * id));
  }

  /** Runs the sessions of a visit until the server has answered everything about them. */
  async run(visit: Visit): Promise<void> {
    const { point, onFailed } = this.options;
    try {
      await this.stay(visit);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const plan of visit.sessions) onFailed({ plan, chargePointId: point.id, reason });
    }
  }

  /** Switches the charger off, whatever it is doing. */
  async abandon(): Promise<void> {
    await this.charger?.disconnect({ drain: false });
  }

  private async stay(visit: Visit): Promise<void> {
    const midnightMs = this.nextMidnightMs(visit);
    const isOffline = visit.sessions.some(({ kind }) => kind === 'offline');
    const said: SaidReading[] = [];
    const charger = await this.newCharger(visit, midnightMs, isOffline, said);
    this.charger = charger;
    try {
      await charger.connect();
      if (isOffline) await this.loseLine(visit);
      if (visit.inTurn) {
        for (const plan of visit.sessions) await this.runSession(charger, plan, midnightMs, said);
      } else {
        await Promise.all(
          visit.sessions.map((plan) => this.runSession(charger, plan, midnightMs, said)),
        );
      }
      await charger.disconnect();
    } finally {
      await charger.disconnect({ drain: false });
      this.proxy?.allow();
    }
  }

  private nextMidnightMs({ sessions }: Visit): number {
    const firstMinute = Math.min(...sessions.map(({ startsAtMinute }) => startsAtMinute));
    for (;;) {
      const midnightMs = firstDayMs + this.day * dayMs;
      this.day += 1;
      if (midnightMs + firstMinute * minuteMs > this.lastMs + 30 * minuteMs) return midnightMs;
    }
  }

  private async newCharger(
    { number, sessions }: Visit,
    midnightMs: number,
    isOffline: boolean,
    said: SaidReading[],
  ): Promise<SimulatedChargePoint> {
    const { bench, point, seed } = this.options;
    const url = new URL(bench.system.addresses.ocpp);
    if (isOffline) {
      this.proxy ??= await bench.newOcppLine();
      url.host = this.proxy.address;
    }
    const firstMinute = Math.min(...sessions.map(({ startsAtMinute }) => startsAtMinute));
    const isWeak = sessions.some(({ kind }) => kind === 'zero-energy');
    return new SimulatedChargePoint({
      url: url.toString(),
      id: point.id,
      password: chargePointPassword,
      connectors: connectors.map(({ id, powerKwMax }) => ({
        id,
        powerKwMax: isWeak ? zeroPowerKw : powerKwMax,
        registerWh: this.registersWh.get(id) ?? 0n,
      })),
      virtualClock: { start: new Date(midnightMs + (firstMinute - 2) * minuteMs), speed },
      seed: `${seed}/${number}`,
      backoff: { firstMs: 100, maxMs: 1_500 },
      callTimeoutMs: 8_000,
      connectPatienceMs: 180_000,
      log: (entry) => {
        if (entry.event === 'sent') said.push(...readingsOf(entry));
      },
    });
  }

  /** The line is dead for about as long as the session takes, which the charger tells later. */
  private async loseLine({ sessions }: Visit): Promise<void> {
    const energyWh = Math.max(...sessions.map((session) => session.energyWh));
    const { proxy } = this;
    proxy?.refuse();
    const virtualMs = (energyWh / 22_000) * 60 * minuteMs + 4 * minuteMs;
    setTimeout(() => proxy?.allow(), virtualMs / speed);
  }

  private async runSession(
    charger: SimulatedChargePoint,
    plan: PlannedSession,
    midnightMs: number,
    said: readonly SaidReading[],
  ): Promise<void> {
    const { bench, index, onRan, point } = this.options;
    const plannedMs = midnightMs + plan.startsAtMinute * minuteMs;
    const startAt = new Date(Math.max(plannedMs, this.lastMs + 2 * minuteMs));
    const cuts = plan.cutsAfterMs.map((ms) => setTimeout(() => charger.cutConnection(), ms));
    try {
      const outcome = await charger.runSession({
        connectorId: plan.connectorId,
        idTag: idTagOf(plan.holder, index),
        startAt,
        ...(plan.energyWh === 0 ? { durationMinutes: 12 } : { energyWh: BigInt(plan.energyWh) }),
        curve: plan.connectorId === 3 ? 'dc' : 'ac',
        idleMinutesAfter: plan.idleMinutes,
        meterIntervalSeconds: plan.readingEverySeconds,
        clockAligned: plan.clockAligned,
        authorizeFirst: !startsUnasked(plan),
        duplicateStop: plan.kind === 'duplicate-stop',
      });
      const endedMs = outcome.started ? outcome.availableAt.getTime() : startAt.getTime();
      this.lastMs = Math.max(this.lastMs, endedMs);
      if (outcome.started) {
        this.registersWh.set(plan.connectorId, outcome.meterStopWh);
        await untilClosed(bench, point, outcome, () => charger.cutConnection());
      }
      onRan({
        plan,
        chargePointId: point.id,
        outcome,
        ...(outcome.started ? { delivery: deliveryOf(plan, outcome, said) } : {}),
      });
    } finally {
      cuts.forEach(clearTimeout);
    }
  }
}

/** Runs all visits of one charger, each at its time or as soon as the one before is over. */
export const runVisits = async (
  run: ChargePointRun,
  visits: readonly Visit[],
  startedMs: number,
  isEnding: () => boolean,
): Promise<void> => {
  for (const visit of visits) {
    await pause(Math.max(0, startedMs + visit.atSeconds * 1_000 - Date.now()));
    if (isEnding()) return;
    await run.run(visit);
  }
};
