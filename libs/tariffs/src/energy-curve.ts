import type { Rational, Whole } from '@tallywatt/money';
import {
  addWhole,
  divideWhole,
  multiplyWhole,
  rational,
  subtractWhole,
  wholeOf,
  zeroRational,
} from '@tallywatt/money';
import type { MeterPoint, RatedSession } from './rated-session';
import { CannotRate } from './rated-session';

/** What was odd about the meter and did not stop the session from being priced. */
export type MeterMark = 'two-values-at-one-instant' | 'meter-reset';

/** Energy taken since the start of the session, known at instants that only go forward. */
export type EnergyCurve = Readonly<{
  atMs: readonly number[];
  energyMilliWh: readonly Whole[];
  totalMilliWh: Whole;
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
  const marks: MeterMark[] = [];
  const atMs = [startMs];
  const registers = [wholeOf(meterStartMilliWh)];
  const readings = usableReadings(session);
  readings.registers.forEach((register, index) => {
    const at = readings.atMs[index] ?? 0;
    const last = atMs.length - 1;
    const before = registers[last] ?? 0;
    if (at !== atMs[last]) {
      atMs.push(at);
      registers.push(register);
    } else if (register !== before) {
      if (marks.length === 0) marks.push('two-values-at-one-instant');
      if (register > before) registers[last] = register;
    }
  });
  appendStop(atMs, registers, stopMs, wholeOf(meterStopMilliWh));
  return accumulate(atMs, registers, marks);
};

/** Exact energy since the start, in mWh, by straight lines between neighbouring readings. */
export type EnergyReader = (atMs: number) => Rational;

/**
 * Reads a curve at instants that only go forward, so that a session costs as many steps as it has
 * readings and instants.
 */
export const energyReader = (curve: EnergyCurve): EnergyReader => {
  let after = 0;
  return (atMs) => {
    while (after < curve.atMs.length && (curve.atMs[after] ?? 0) <= atMs) after += 1;
    if (after === 0) return zeroRational;
    const lowMs = curve.atMs[after - 1] ?? 0;
    const lowEnergy = curve.energyMilliWh[after - 1] ?? 0;
    if (lowMs === atMs || after === curve.atMs.length) {
      return { numerator: lowEnergy, denominator: 1 };
    }
    // The share of the time first, in lowest terms: it keeps all that follows small.
    const share = rational(atMs - lowMs, (curve.atMs[after] ?? 0) - lowMs);
    const rise = subtractWhole(curve.energyMilliWh[after] ?? 0, lowEnergy);
    return rational(
      addWhole(multiplyWhole(lowEnergy, share.denominator), multiplyWhole(rise, share.numerator)),
      share.denominator,
    );
  };
};

/** First whole millisecond at which the energy has reached a threshold, if it ever does. */
export const instantOfEnergy = (
  curve: EnergyCurve,
  thresholdMilliWh: Whole,
): number | undefined => {
  if (thresholdMilliWh <= 0 || thresholdMilliWh > curve.totalMilliWh) return undefined;
  const high = firstIndex(
    curve.energyMilliWh.length,
    (index) => (curve.energyMilliWh[index] ?? 0) >= thresholdMilliWh,
  );
  const lowMs = curve.atMs[high - 1] ?? 0;
  const lowEnergy = curve.energyMilliWh[high - 1] ?? 0;
  const spanMs = (curve.atMs[high] ?? 0) - lowMs;
  const rise = subtractWhole(curve.energyMilliWh[high] ?? 0, lowEnergy);
  const needed = multiplyWhole(subtractWhole(thresholdMilliWh, lowEnergy), spanMs);
  return lowMs + Number(divideWhole(subtractWhole(addWhole(needed, rise), 1), rise));
};

/**
 * Average power in mW between the two readings around an instant, at instants that only go
 * forward.
 */
export const averagePowerReader = (curve: EnergyCurve): ((atMs: number) => Rational) => {
  let high = 0;
  return (atMs) => {
    while (high < curve.atMs.length && (curve.atMs[high] ?? 0) <= atMs) high += 1;
    if (high === 0 || high === curve.atMs.length) return zeroRational;
    const rise = subtractWhole(curve.energyMilliWh[high] ?? 0, curve.energyMilliWh[high - 1] ?? 0);
    const spanMs = (curve.atMs[high] ?? 0) - (curve.atMs[high - 1] ?? 0);
    // Only ever compared, so lowest terms would be wasted work.
    return { numerator: multiplyWhole(rise, 3_600_000), denominator: spanMs };
  };
};

/** Side by side, one place for each reading: an object for each was a tenth of the curve's time. */
type Readings = Readonly<{ atMs: readonly number[]; registers: readonly Whole[] }>;

// OCPP 1.6 gives start and stop in whole Wh, readings may be finer: less than 1 Wh is rounding.
const roundingMilliWh = 1000;

const withoutRounding = (register: Whole, start: Whole, stop: Whole): Whole => {
  if (register > stop && subtractWhole(register, stop) < roundingMilliWh && stop >= start) {
    return stop;
  }
  return register < start && subtractWhole(start, register) < roundingMilliWh ? start : register;
};

const usableReadings = (session: RatedSession): Readings => {
  const { readings, startMs, stopMs } = session;
  const start = wholeOf(session.meterStartMilliWh);
  const stop = wholeOf(session.meterStopMilliWh);
  const times: number[] = [];
  const registers: Whole[] = [];
  let sorted = true;
  let previousMs = startMs;
  for (const { atMs, registerMilliWh } of readings) {
    if (registerMilliWh === undefined || !(atMs >= startMs && atMs < stopMs)) continue;
    const register = wholeOf(registerMilliWh);
    if (register < 0) {
      throw new CannotRate('meter-unusable', `a reading of ${registerMilliWh} mWh is negative`);
    }
    if (atMs < previousMs) sorted = false;
    previousMs = atMs;
    times.push(atMs);
    registers.push(withoutRounding(register, start, stop));
  }
  if (sorted) return { atMs: times, registers };
  const order = times.map((_, index) => index);
  order.sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0));
  return {
    atMs: order.map((index) => times[index] ?? 0),
    registers: order.map((index) => registers[index] ?? 0),
  };
};

const appendStop = (
  atMs: number[],
  registers: Whole[],
  stopMs: number,
  stopRegister: Whole,
): void => {
  const last = registers.at(-1) ?? 0;
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
  registers: readonly Whole[],
  marks: MeterMark[],
): EnergyCurve => {
  const energyMilliWh: Whole[] = [0];
  let energy: Whole = 0;
  let before = registers[0] ?? 0;
  let lowestPeak: Whole | undefined;
  for (let index = 1; index < registers.length; index += 1) {
    const now = registers[index] ?? 0;
    if (now < before) {
      if (!marks.includes('meter-reset')) marks.push('meter-reset');
      // Of several peaks the lowest is the first that a register would pass again.
      if (lowestPeak === undefined || before < lowestPeak) {
        lowestPeak = before;
      }
    } else {
      energy = addWhole(energy, subtractWhole(now, before));
    }
    if (lowestPeak !== undefined && now >= lowestPeak) {
      const found = `the register fell from ${lowestPeak} mWh and came back to ${now} mWh`;
      throw new CannotRate('meter-unusable', `${found}: a reset or a bad sample`);
    }
    energyMilliWh.push(energy);
    before = now;
  }
  return { atMs, energyMilliWh, totalMilliWh: energy, marks };
};

// The first of `count` indexes for which a condition holds that once held holds on.
const firstIndex = (count: number, holds: (index: number) => boolean): number => {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
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
