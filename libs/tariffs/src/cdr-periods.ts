import type { Decimal, Rational, Whole } from '@tallywatt/money';
import {
  addRational,
  compareRational,
  multiplyWhole,
  rational,
  rationalFromDecimal,
  roundQuotient,
  wholeOf,
  zeroRational,
} from '@tallywatt/money';
import { localClock } from '@tallywatt/time';
import type { Moment } from './element-match';
import { present } from './json-fields';
import type { Use } from './occupancy-timeline';
import type { OcpiTariff, TariffElement, TariffRestrictions } from './ocpi-tariff';
import { CannotRate } from './rated-session';
import type { Segment } from './session-segments';

/** OCPI 2.2.1 mod_cdrs, CdrDimensionType: kWh, hours, A and kW. */
export const cdrDimensions = [
  'ENERGY',
  'TIME',
  'PARKING_TIME',
  'RESERVATION_TIME',
  'MIN_CURRENT',
  'MAX_CURRENT',
  'CURRENT',
  'MIN_POWER',
  'MAX_POWER',
  'POWER',
  'ENERGY_IMPORT',
  'ENERGY_EXPORT',
  'STATE_OF_CHARGE',
] as const;

export type CdrDimension = (typeof cdrDimensions)[number];

/** An OCPI ChargingPeriod: it ends where the next one starts, the last with the CDR. */
export type CdrPeriod = Readonly<{
  fromMs: number;
  /** As their author wrote them; what is left out was not reported. */
  volumes: Readonly<Partial<Record<CdrDimension, Decimal>>>;
}>;

/** What a CDR says that does not fit together, and did not stop it from being priced. */
export type CdrMark = 'time-volume-differs-from-timestamps';

/** A stretch of one use within a period, and the tariff without what the period has decided. */
export type CdrPart = Readonly<{ segment: Segment; tariffHere: OcpiTariff }>;

export type CdrSegments = Readonly<{
  parts: readonly CdrPart[];
  /** Where charging begins: durations count from here, not from the reservation. */
  sessionStartMs: number;
  marks: readonly CdrMark[];
}>;

type Asked = Readonly<{
  tariff: OcpiTariff;
  timeZone: string;
  cdr: Readonly<{ startMs: number; endMs: number; periods: readonly CdrPeriod[] }>;
}>;

type Stretch = Readonly<{ use: Use; lengthMs: number }>;
type Measured = Readonly<{ period: CdrPeriod; spanMs: number; stretches: readonly Stretch[] }>;

/** The periods in the order of their starts, each as stretches of one use. */
export const cdrSegments = ({ tariff, timeZone, cdr }: Asked): CdrSegments => {
  const marks = new Set<CdrMark>();
  const periods = [...cdr.periods].sort((left, right) => left.fromMs - right.fromMs);
  const measured = periods.map((period, index): Measured => {
    const spanMs = (periods[index + 1]?.fromMs ?? cdr.endMs) - period.fromMs;
    return { period, spanMs, stretches: stretchesOf(period, spanMs, marks) };
  });
  const isUnused = measured.every(({ stretches }) => stretches.every(({ use }) => isReserved(use)));
  const sessionStartMs = chargingStartMs(measured) ?? cdr.endMs;
  const graceMs = Number(tariff.idleGraceSeconds) * 1000;
  let graceLeftMs = graceMs;
  let idleMs = 0;
  let energy = zeroRational;
  const parts: CdrPart[] = [];
  for (const { period, spanMs, stretches } of measured) {
    const tariffHere = withoutDecided(tariff, period);
    const energyHere = energyMilliWhOf(period);
    const carrier =
      stretches.find(({ use }) => use === 'charging') ??
      stretches.find(({ use }) => !isReserved(use));
    if (carrier === undefined && energyHere.numerator !== 0) {
      throw new CannotRate('meter-unusable', 'a period has energy and only reservation time');
    }
    let fromMs = period.fromMs;
    let taken = energy;
    for (const stretch of stretches) {
      if (stretch.use !== 'parking') {
        graceLeftMs = graceMs;
        idleMs = 0;
      }
      const use = isUnused && stretch.use === 'reserved' ? 'reservation-expired' : stretch.use;
      const freeMs = use === 'parking' ? Math.min(stretch.lengthMs, graceLeftMs) : 0;
      graceLeftMs -= freeMs;
      const moment = momentOf({ period, spanMs, use, energy, sessionStartMs, timeZone, idleMs });
      if (use === 'parking') idleMs += stretch.lengthMs;
      const pieces = [
        { lengthMs: freeMs, inGrace: true },
        { lengthMs: stretch.lengthMs - freeMs, inGrace: false },
      ].filter(({ lengthMs }) => lengthMs > 0);
      if (pieces.length === 0) pieces.push({ lengthMs: 0, inGrace: false });
      pieces.forEach(({ lengthMs, inGrace }, index) => {
        const carries = stretch === carrier && index === pieces.length - 1;
        const energies = {
          fromEnergyMilliWh: taken,
          toEnergyMilliWh: carries ? addRational(taken, energyHere) : taken,
        };
        const boundaries = { fromBoundary: 'measured', toBoundary: 'measured' } as const;
        const times = { fromMs, toMs: fromMs + lengthMs };
        const segment = { ...times, use, inGrace, ...energies, ...boundaries, moment };
        parts.push({ tariffHere, segment });
        fromMs += lengthMs;
        taken = energies.toEnergyMilliWh;
      });
    }
    energy = addRational(energy, energyHere);
  }
  return { parts, sessionStartMs, marks: [...marks] };
};

const isReserved = (use: Use): boolean => use === 'reserved' || use === 'reservation-expired';

const uses = [
  ['RESERVATION_TIME', 'reserved'],
  ['TIME', 'charging'],
  ['PARKING_TIME', 'parking'],
] as const;

// CDRs write hours with four decimals, which is a third of a second: the whole second is what was
// meant. Where the volumes come within a second of the timestamps, the timestamps are exact.
const stretchesOf = (period: CdrPeriod, spanMs: number, marks: Set<CdrMark>): Stretch[] => {
  const reported = uses.flatMap(([dimension, use]): Stretch[] => {
    const hours = period.volumes[dimension];
    return hours === undefined ? [] : [{ use, lengthMs: wholeSecondsMs(hours) }];
  });
  const lasting = reported.filter(({ lengthMs }) => lengthMs > 0);
  const differenceMs = spanMs - lasting.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  const last = lasting.at(-1);
  if (Math.abs(differenceMs) >= 1000) marks.add('time-volume-differs-from-timestamps');
  else if (last !== undefined && differenceMs !== 0) {
    return [...lasting.slice(0, -1), { ...last, lengthMs: last.lengthMs + differenceMs }];
  }
  return lasting.length > 0 ? lasting : [{ use: reported[0]?.use ?? 'charging', lengthMs: 0 }];
};

const wholeSecondsMs = (hours: Decimal): number => {
  const { numerator, denominator } = rationalFromDecimal(hours);
  return (
    Number(roundQuotient(multiplyWhole(numerator, 3600), denominator, 'half-away-from-zero')) * 1000
  );
};

const chargingStartMs = (measured: readonly Measured[]): number | undefined => {
  for (const { period, stretches } of measured) {
    let atMs = period.fromMs;
    for (const { use, lengthMs } of stretches) {
      if (!isReserved(use)) return atMs;
      atMs += lengthMs;
    }
  }
  return undefined;
};

const energyMilliWhOf = ({ volumes: { ENERGY } }: CdrPeriod): Rational =>
  ENERGY === undefined ? zeroRational : scaled(ENERGY, 1_000_000);

const scaled = (value: Decimal, factor: number): Rational => {
  const { numerator, denominator } = rationalFromDecimal(value);
  return rational(multiplyWhole(numerator, factor), denominator);
};

type PeriodMoment = Readonly<{
  period: CdrPeriod;
  spanMs: number;
  use: Use;
  energy: Rational;
  sessionStartMs: number;
  timeZone: string;
  idleMs: number;
}>;

const momentOf = (here: PeriodMoment): Moment => {
  const { period, spanMs, use, energy, sessionStartMs, timeZone, idleMs } = here;
  const sinceStartMs = period.fromMs - sessionStartMs;
  const current = bounds(period, 'CURRENT')?.low;
  return {
    use,
    energyMilliWh: energy,
    // A period may begin as a reservation and go on as charging, whose duration is then 0.
    sinceStartMs: isReserved(use) ? sinceStartMs : Math.max(0, sinceStartMs),
    local: localClock(period.fromMs, timeZone),
    powerMilliW: bounds(period, 'POWER')?.low ?? averagePowerMilliW(period, spanMs),
    // A period of charging that reports none leaves the current unknown.
    currentMilliA: current ?? (use === 'charging' ? undefined : zeroRational),
    idleMs,
  };
};

const averagePowerMilliW = (period: CdrPeriod, spanMs: number): Rational => {
  if (spanMs <= 0) return zeroRational;
  const { numerator, denominator } = energyMilliWhOf(period);
  return rational(multiplyWhole(numerator, 3_600_000), multiplyWhole(denominator, spanMs));
};

type Bounds = Readonly<{ low: Rational; high: Rational }>;

// The least and the most of a period; an average or the one that is left stands for both.
const bounds = ({ volumes }: CdrPeriod, what: 'POWER' | 'CURRENT'): Bounds | undefined => {
  const average = volumes[what];
  const [least, most] = [volumes[`MIN_${what}`], volumes[`MAX_${what}`]];
  const low = least ?? average ?? most;
  const high = most ?? average ?? least;
  if (low === undefined || high === undefined) return undefined;
  const factor = what === 'POWER' ? 1_000_000 : 1000;
  return { low: scaled(low, factor), high: scaled(high, factor) };
};

/**
 * An element prices a whole period only if its minimum is never undercut and its maximum never
 * reached in it. A moment has one value; where a period reports two, they are judged here.
 */
const withoutDecided = (tariff: OcpiTariff, period: CdrPeriod): OcpiTariff => {
  const power = bounds(period, 'POWER');
  const current = bounds(period, 'CURRENT');
  const differs = (found: Bounds | undefined): found is Bounds =>
    found !== undefined && compareRational(found.low, found.high) !== 0;
  if (!differs(power) && !differs(current)) return tariff;
  const elements = tariff.elements.map((element): TariffElement => {
    const { minPowerMilliW, maxPowerMilliW, minCurrentMilliA, maxCurrentMilliA, ...others } =
      element.restrictions;
    const powerAsked = present({ minPowerMilliW, maxPowerMilliW });
    const currentAsked = present({ minCurrentMilliA, maxCurrentMilliA });
    const holds =
      (!differs(power) || lies(power, minPowerMilliW, maxPowerMilliW)) &&
      (!differs(current) || lies(current, minCurrentMilliA, maxCurrentMilliA));
    // The place of an element in its list is its name, so one that fails stays, empty.
    if (!holds) return { priceComponents: [], restrictions: {} };
    const restrictions: TariffRestrictions = {
      ...others,
      ...(differs(power) ? {} : powerAsked),
      ...(differs(current) ? {} : currentAsked),
    };
    return { ...element, restrictions };
  });
  return { ...tariff, elements };
};

const lies = ({ low, high }: Bounds, min: bigint | undefined, max: bigint | undefined): boolean =>
  (min === undefined || low.numerator >= times(min, low.denominator)) &&
  (max === undefined || high.numerator < times(max, high.denominator));

const times = (value: bigint, factor: Whole): Whole => multiplyWhole(wholeOf(value), factor);
