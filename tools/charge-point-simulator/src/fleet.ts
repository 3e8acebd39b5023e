import type { BackoffLimits } from './backoff';
import type { Curve } from './charge-plan';
import { SimulatedChargePoint } from './charge-point';
import type { OcppVersion, SimulatorLogEntry } from './charge-point-setting';
import type { SessionOptions, SessionOutcome } from './session-terms';
import { seededRandom, type SeededRandom } from './seeded-random';
import type { MisbehaviourName } from './misbehaviour';
import { stationClock, type ClockSetting, type StationClock } from './station-clock';

export type FleetSetting = Readonly<{
  /** Address without the charge point id, e.g. `ws://127.0.0.1:9310/ocpp`. */
  url: string;
  /** How many chargers, named `CP-1`, `CP-2`, ...; or their ids. */
  chargers: number | readonly string[];
  sessionsPerCharger: number;
  /** Same seed, same sessions. */
  seed: string | number;
  /** Drivers' tokens; each session picks one. */
  tokens: readonly string[];
  virtualClock: ClockSetting;
  /** Of each charger; default 1.6. */
  ocppVersionOf?: (chargePointId: string) => OcppVersion;
  passwordOf?: (chargePointId: string) => string | undefined;
  /** Default: 22. */
  powerKwMax?: number;
  /** Each runs its own sessions; default 1. */
  connectorsPerCharger?: number;
  /** Default: `ac`. */
  curve?: Curve;
  /** The most that a car takes; default 30 kWh. Each session takes a seeded share of it. */
  energyWhMax?: bigint;
  /** Said of every session, over what the seed would choose. */
  session?: Partial<Omit<SessionOptions, 'connectorId' | 'idTag' | 'startAt'>>;
  /** What each of them does wrong. */
  misbehaviours?: readonly MisbehaviourName[];
  backoff?: BackoffLimits;
  callTimeoutMs?: number;
  onOutcome?: (outcome: SessionOutcome) => void;
  log?: (entry: SimulatorLogEntry) => void;
}>;

const MINUTE_MS = 60_000;

/**
 * Runs several chargers side by side on one clock until all their sessions are over and answered;
 * returns the outcomes by charger, connector and order.
 */
export const runFleet = async (setting: FleetSetting): Promise<SessionOutcome[]> => {
  const clock = stationClock(setting.virtualClock);
  const ids = fleetIds(setting.chargers);
  const connectors = upTo(setting.connectorsPerCharger ?? 1).map((id) => ({
    id,
    powerKwMax: setting.powerKwMax ?? 22,
  }));
  const chargers = ids.map((id) => {
    const password = setting.passwordOf?.(id);
    return new SimulatedChargePoint({
      url: setting.url,
      id,
      ...(password === undefined ? {} : { password }),
      connectors,
      ...(setting.ocppVersionOf ? { ocppVersion: setting.ocppVersionOf(id) } : {}),
      virtualClock: clock,
      seed: setting.seed,
      ...(setting.misbehaviours ? { misbehaviours: setting.misbehaviours } : {}),
      ...(setting.backoff ? { backoff: setting.backoff } : {}),
      ...(setting.callTimeoutMs === undefined ? {} : { callTimeoutMs: setting.callTimeoutMs }),
      ...(setting.log ? { log: setting.log } : {}),
    });
  });
  try {
    await Promise.all(chargers.map((charger) => charger.connect()));
    const beginMs = beginningMs(clock);
    const outcomes = await Promise.all(
      chargers.flatMap((charger) =>
        connectors.map(({ id }) => runInTurn(charger, id, beginMs, setting)),
      ),
    );
    return outcomes.flat();
  } finally {
    await Promise.all(chargers.map((charger) => charger.disconnect({ drain: false })));
  }
};

/** A round instant, so that the time that connecting took does not show in a virtual run. */
const beginningMs = (clock: StationClock): number => {
  const nowMs = clock.nowToTheSecond().getTime();
  const roundMs = clock.speed > 60 ? 15 * MINUTE_MS : 1000;
  return Math.ceil(nowMs / roundMs) * roundMs;
};

/** The sessions of one connector, one car after the other, each some minutes after the last. */
const runInTurn = async (
  charger: SimulatedChargePoint,
  connectorId: number,
  beginMs: number,
  setting: FleetSetting,
): Promise<SessionOutcome[]> => {
  const random = seededRandom(`${setting.seed}/${charger.id}/${connectorId}/sessions`);
  const outcomes: SessionOutcome[] = [];
  let freeAtMs = beginMs;
  for (let count = 0; count < setting.sessionsPerCharger; count += 1) {
    // From the last session's end and not from now, so that a slow server changes no timestamp.
    const startAt = new Date(freeAtMs + random.integer(1, 15) * MINUTE_MS);
    const options = sessionOptions(setting, random);
    const outcome = await charger.runSession({ ...options, connectorId, startAt });
    freeAtMs = (outcome.started ? outcome.availableAt : startAt).getTime();
    outcomes.push(outcome);
    setting.onOutcome?.(outcome);
  }
  return outcomes;
};

const sessionOptions = (
  setting: FleetSetting,
  random: SeededRandom,
): Omit<SessionOptions, 'connectorId' | 'startAt'> => {
  const energyWhMax = setting.energyWhMax ?? 30_000n;
  const idTag = random.pick(setting.tokens);
  const energyWh = (energyWhMax * BigInt(random.integer(200, 1000))) / 1000n;
  const idleMinutesAfter = random.integer(0, 20);
  const isLimited =
    setting.session?.energyWh !== undefined || setting.session?.durationMinutes !== undefined;
  return {
    idTag,
    curve: setting.curve ?? 'ac',
    idleMinutesAfter,
    ...(isLimited ? {} : { energyWh }),
    ...setting.session,
  };
};

const fleetIds = (chargers: number | readonly string[]): readonly string[] => {
  if (typeof chargers !== 'number') return chargers;
  return upTo(chargers).map((number) => `CP-${number}`);
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
