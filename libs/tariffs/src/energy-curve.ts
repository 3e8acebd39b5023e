import type { Rational } from '@tallywatt/money';
import { rational } from '@tallywatt/money';
import type { MeterPoint, RatedSession } from './rated-session';
import { CannotRate } from './rated-session';

/** What was odd about the meter and did not stop the session from being priced. */
export type MeterMark = 'two-values-at-one-instant' | 'meter-reset';

/** Energy taken since the start of the session, known at instants that only go forward. */
export type EnergyCurve = Readonly<{
  atMs: readonly number[];
  energyMilliWh: readonly bigint[];
  totalMilliWh: bigint;
  marks: readonly MeterMark[];
}>;

/**
 * The curve through the start register, the readings and the stop register. Readings are ordered
 * by their own time and equal ones collapse; of two values for one instant the larger counts, but
 * the stop register is final. A register that falls and stays below starts a new segment whose
 * energy is added. One that falls and comes back could be a reset or a bad sample: the two give
 * different energy, so the session is refused rather than guessed.
 */
export const energyCurve = (session: RatedSession): EnergyCurve => {
  const { startMs, stopMs, meterStartMilliWh, meterStopMilliWh } = session;
  if (meterStartMilliWh < 0n || meterStopMilliWh < 0n) {
    throw new CannotRate('meter-unusable', 'the start or stop register is negative');
  }
  const marks = new Set<MeterMark>();
  const atMs = [startMs];
  const registers = [meterStartMilliWh];
  for (const { at, register } of usableReadings(session)) {
    const last = atMs.length - 1;
    if (at === atMs[last]) {
      if (register !== registers[last]) marks.add('two-values-at-one-instant');
      if (register > (registers[last] ?? 0n)) registers[last] = register;
    } else {
      atMs.push(at);
      registers.push(register);
    }
  }
  appendStop(atMs, registers, stopMs, meterStopMilliWh);
  return accumulate(atMs, registers, marks);
};

/** Exact energy since the start, in mWh, by straight lines between neighbouring readings. */
export const energyAt = (curve: EnergyCurve, atMs: number): Rational => {
  const after = indexAfter(curve, atMs);
  const low = after - 1;
  if (low < 0) return rational(0n, 1n);
  const lowMs = curve.atMs[low] ?? 0;
  const lowEnergy = curve.energyMilliWh[low] ?? 0n;
  if (after >= curve.atMs.length || lowMs === atMs) return rational(lowEnergy, 1n);
  const spanMs = BigInt((curve.atMs[after] ?? 0) - lowMs);
  const rise = (curve.energyMilliWh[after] ?? 0n) - lowEnergy;
  return rational(lowEnergy * spanMs + rise * BigInt(atMs - lowMs), spanMs);
};

/** First whole millisecond at which the energy has reached a threshold, if it ever does. */
export const instantOfEnergy = (
  curve: EnergyCurve,
  thresholdMilliWh: bigint,
): number | undefined => {
  if (thresholdMilliWh <= 0n || thresholdMilliWh > curve.totalMilliWh) return undefined;
  const high = curve.energyMilliWh.findIndex((energy) => energy >= thresholdMilliWh);
  const lowMs = curve.atMs[high - 1] ?? 0;
  const lowEnergy = curve.energyMilliWh[high - 1] ?? 0n;
  const spanMs = BigInt((curve.atMs[high] ?? 0) - lowMs);
  const rise = (curve.energyMilliWh[high] ?? 0n) - lowEnergy;
  return lowMs + Number(((thresholdMilliWh - lowEnergy) * spanMs + rise - 1n) / rise);
};

/** Average power in mW between the two readings around an instant. */
export const averagePowerMilliW = (curve: EnergyCurve, atMs: number): Rational => {
  const high = indexAfter(curve, atMs);
  if (high <= 0 || high >= curve.atMs.length) return rational(0n, 1n);
  const rise = (curve.energyMilliWh[high] ?? 0n) - (curve.energyMilliWh[high - 1] ?? 0n);
  const spanMs = BigInt((curve.atMs[high] ?? 0) - (curve.atMs[high - 1] ?? 0));
  return rational(rise * 3_600_000n, spanMs);
};

type Reading = Readonly<{ at: number; register: bigint }>;

// OCPP 1.6 gives start and stop in whole Wh, readings may be finer: less than 1 Wh is rounding.
const roundingMilliWh = 1000n;

const withoutRounding = (register: bigint, start: bigint, stop: bigint): bigint => {
  if (register > stop && register - stop < roundingMilliWh && stop >= start) return stop;
  if (register < start && start - register < roundingMilliWh) return start;
  return register;
};

const usableReadings = (session: RatedSession): Reading[] => {
  const { readings, startMs, stopMs, meterStartMilliWh, meterStopMilliWh } = session;
  const usable: Reading[] = [];
  let sorted = true;
  let previousMs = startMs;
  for (const { atMs, registerMilliWh } of readings) {
    if (registerMilliWh === undefined || !(atMs >= startMs && atMs < stopMs)) continue;
    if (registerMilliWh < 0n) {
      throw new CannotRate('meter-unusable', `a reading of ${registerMilliWh} mWh is negative`);
    }
    if (atMs < previousMs) sorted = false;
    previousMs = atMs;
    const register = withoutRounding(registerMilliWh, meterStartMilliWh, meterStopMilliWh);
    usable.push({ at: atMs, register });
  }
  return sorted ? usable : usable.sort((left, right) => left.at - right.at);
};

const appendStop = (
  atMs: number[],
  registers: bigint[],
  stopMs: number,
  stopRegister: bigint,
): void => {
  const last = registers.at(-1) ?? 0n;
  if (stopRegister < last) {
    const found = `the stop register ${stopRegister} mWh is below ${last} mWh read before it`;
    throw new CannotRate('meter-ran-backwards', found);
  }
  if (atMs.at(-1) === stopMs) {
    if (stopRegister === last) return;
    throw new CannotRate('meter-unusable', 'energy was taken in no time');
  }
  atMs.push(stopMs);
  registers.push(stopRegister);
};

const accumulate = (
  atMs: readonly number[],
  registers: readonly bigint[],
  marks: Set<MeterMark>,
): EnergyCurve => {
  const energyMilliWh = [0n];
  let energy = 0n;
  let lowestPeak: bigint | undefined;
  for (let index = 1; index < registers.length; index += 1) {
    const before = registers[index - 1] ?? 0n;
    const now = registers[index] ?? 0n;
    if (now < before) {
      marks.add('meter-reset');
      // Of several peaks the lowest is the first that a register would pass again.
      if (lowestPeak === undefined || before < lowestPeak) {
        lowestPeak = before;
      }
    } else {
      energy += now - before;
    }
    if (lowestPeak !== undefined && now >= lowestPeak) {
      const found = `the register fell from ${lowestPeak} mWh and came back to ${now} mWh`;
      throw new CannotRate('meter-unusable', `${found}: a reset or a bad sample`);
    }
    energyMilliWh.push(energy);
  }
  return { atMs, energyMilliWh, totalMilliWh: energy, marks: [...marks] };
};

// Index of the first point later than an instant.
const indexAfter = (curve: EnergyCurve, atMs: number): number => {
  let low = 0;
  let high = curve.atMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.atMs[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Instants within the session at which the station read the meter on the clock. */
export const clockReadings = (readings: readonly MeterPoint[]): ReadonlySet<number> => {
  const found = new Set<number>();
  for (const { atMs, context, registerMilliWh } of readings) {
    if (context === 'Sample.Clock' && registerMilliWh !== undefined) found.add(atMs);
  }
  return found;
};
