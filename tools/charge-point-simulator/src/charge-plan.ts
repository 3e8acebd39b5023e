/** How power runs over a session: constant with a taper (AC), or ramp, peak and taper (DC). */
export type Curve = 'ac' | 'dc';

/** One Wh in the unit that energy is summed in here: watt-milliseconds. */
export const WATT_MS_PER_WH = 3_600_000n;

const STEP_MS = 10_000;
const LONGEST_CHARGE_MS = 7 * 24 * 3_600_000;
const DC_RAMP_MS = 60_000;

export type ChargeTarget = Readonly<{
  curve: Curve;
  powerWMax: number;
  /** The car is full after this much. */
  energyWh?: bigint;
  /** The driver leaves after this long. With both given, whichever comes first ends it. */
  durationSeconds?: number;
}>;

/**
 * What a car will draw if nobody interrupts it. Power is constant within steps of ten seconds and
 * energy is its exact integral, so every reading of power and register fits the others.
 */
export type ChargePlan = Readonly<{
  /** Milliseconds from plugging in until the car is full or the driver leaves. */
  endsAfterMs: number;
  powerWAt(elapsedMs: number): number;
  /** Energy since the start in watt-milliseconds. */
  wattMsAt(elapsedMs: number): bigint;
  /** 0 at the start, 1 at the end. */
  progressAt(elapsedMs: number): number;
}>;

/** Works the whole charge out beforehand. Throws when the target is missing or out of reach. */
export const planCharge = (target: ChargeTarget): ChargePlan => {
  const goalWattMs = target.energyWh === undefined ? undefined : target.energyWh * WATT_MS_PER_WH;
  const goalMs = target.durationSeconds === undefined ? undefined : target.durationSeconds * 1000;
  requireReachable(target, goalMs);

  const powers: number[] = [];
  const sums: bigint[] = [0n];
  let elapsedMs = 0;
  let drawn = 0n;
  const progress = (): number =>
    Math.max(
      goalWattMs === undefined ? 0 : Number(drawn) / Number(goalWattMs),
      goalMs === undefined ? 0 : elapsedMs / goalMs,
    );
  while (progress() < 1) {
    const powerW = curvePowerW(target.curve, target.powerWMax, progress(), elapsedMs);
    const leftMs = goalMs === undefined ? STEP_MS : goalMs - elapsedMs;
    const untilFullMs =
      goalWattMs === undefined ? STEP_MS : Math.ceil(Number(goalWattMs - drawn) / powerW);
    const stepMs = Math.min(STEP_MS, leftMs, untilFullMs);
    drawn += BigInt(powerW) * BigInt(stepMs);
    if (goalWattMs !== undefined && drawn > goalWattMs) drawn = goalWattMs;
    elapsedMs += stepMs;
    powers.push(powerW);
    sums.push(drawn);
    if (elapsedMs > LONGEST_CHARGE_MS) {
      throw new RangeError('charge plan: this charge would take more than seven days');
    }
  }
  return asPlan(powers, sums, elapsedMs, drawn, goalWattMs);
};

const asPlan = (
  powers: readonly number[],
  sums: readonly bigint[],
  endsAfterMs: number,
  total: bigint,
  goalWattMs: bigint | undefined,
): ChargePlan => {
  const powerWAt = (elapsedMs: number): number =>
    elapsedMs < 0 || elapsedMs >= endsAfterMs ? 0 : (powers[Math.floor(elapsedMs / STEP_MS)] ?? 0);
  const wattMsAt = (elapsedMs: number): bigint => {
    if (elapsedMs <= 0) return 0n;
    if (elapsedMs >= endsAfterMs) return total;
    const step = Math.floor(elapsedMs / STEP_MS);
    const within = BigInt(powers[step] ?? 0) * BigInt(Math.floor(elapsedMs) - step * STEP_MS);
    const sum = (sums[step] ?? total) + within;
    return sum > total ? total : sum;
  };
  return {
    endsAfterMs,
    powerWAt,
    wattMsAt,
    progressAt: (elapsedMs) =>
      elapsedMs >= endsAfterMs
        ? 1
        : Math.max(
            elapsedMs / endsAfterMs,
            goalWattMs === undefined ? 0 : Number(wattMsAt(elapsedMs)) / Number(goalWattMs),
          ),
  };
};

/** Power in whole watts; never 0, so that a charge always comes to its end. */
const curvePowerW = (
  curve: Curve,
  powerWMax: number,
  progress: number,
  elapsedMs: number,
): number => Math.max(1, Math.round(powerWMax * share(curve, progress, elapsedMs)));

const share = (curve: Curve, progress: number, elapsedMs: number): number => {
  if (curve === 'ac') return progress < 0.9 ? 1 : 1 - ((progress - 0.9) / 0.1) * 0.8;
  const ramp = elapsedMs < DC_RAMP_MS ? 0.2 + 0.8 * (elapsedMs / DC_RAMP_MS) : 1;
  const taper = progress < 0.5 ? 1 : 1 - ((progress - 0.5) / 0.5) * 0.75;
  return Math.min(ramp, taper);
};

const requireReachable = (target: ChargeTarget, goalMs: number | undefined): void => {
  if (!Number.isInteger(target.powerWMax) || target.powerWMax < 1) {
    throw new RangeError(`charge plan: powerWMax must be whole watts, got ${target.powerWMax}`);
  }
  if (target.energyWh === undefined && goalMs === undefined) {
    throw new RangeError('charge plan: give energyWh, a duration, or both');
  }
  if (target.energyWh !== undefined && target.energyWh <= 0n) {
    throw new RangeError(`charge plan: energyWh must be above 0, got ${target.energyWh}`);
  }
  if (goalMs !== undefined && !(Number.isInteger(goalMs) && goalMs > 0)) {
    throw new RangeError('charge plan: the duration must be above 0 and in whole milliseconds');
  }
};
