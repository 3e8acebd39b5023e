import type { MeterReading, SignedMeterValue } from '@tallywatt/contracts';
import type { Decimal } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

/**
 * One sampled value as it stands on the wire (OCPP 1.6, section 7.43; OCPP 2.0.1 part 2,
 * SampledValueType), the digits as text.
 */
export type SampledValue = Readonly<{
  value: string;
  context?: string;
  format?: string;
  measurand?: string;
  phase?: string;
  location?: string;
  unit?: string;
  /** OCPP 2.0.1: the value counts times 10 to this power. */
  multiplier?: number;
  /**
   * What the meter signed, encrypted: beside the value in OCPP 2.0.1, instead of it in 1.6
   * (`format` SignedData).
   */
  signed?: SignedMeterValue;
}>;

export type MeterValue = Readonly<{ readAt: Instant; sampledValues: readonly SampledValue[] }>;

const number = /^\s*([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?\s*$/;

/** Digits as written, or undefined when the text is no number. */
const decimalOf = (text: string): Decimal | undefined => {
  const match = number.exec(text);
  if (match === null || text.length > 40) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const unscaled = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { unscaled: unscaled * 10n ** BigInt(-scale), scale: 0 } : { unscaled, scale };
};

/** A value times 10^power as a whole number; what is finer than that is cut off. */
const scaledTo = (value: Decimal, power: number): bigint => {
  const shift = power - value.scale;
  return shift >= 0
    ? value.unscaled * 10n ** BigInt(shift)
    : value.unscaled / 10n ** BigInt(-shift);
};

const int64Max = 2n ** 63n - 1n;
const fits = (value: bigint): boolean => value <= int64Max && value >= -int64Max;

// OCPP 1.6 gives every measurand the default unit Wh; for power and current that can only be a slip.
const milliPowers: Readonly<Record<string, number>> = { Wh: 3, kWh: 6, W: 3, kW: 6, A: 3 };

/** No meter counts in more than this many zeros; beyond it is a fault and not a quantity. */
const multiplierMax = 18;

type Quantity = Readonly<{ milli?: bigint; fault?: string }>;

const milliOf = (sample: SampledValue, defaultUnit: string): Quantity => {
  const value = decimalOf(sample.value);
  if (value === undefined) return { fault: 'not-a-number' };
  const power = milliPowers[sample.unit ?? defaultUnit];
  const isScaled = Math.abs(sample.multiplier ?? 0) <= multiplierMax;
  if (power === undefined || !isScaled) return { fault: 'unit-unknown' };
  const milli = scaledTo(value, power + (sample.multiplier ?? 0));
  return fits(milli) ? { milli } : { fault: 'not-a-number' };
};

const phases = ['L1', 'L2', 'L3'];

/**
 * The total of one measurand: the value without a phase, else the sum over the phases. The outlet is
 * what the driver is billed for, so other places count only when the outlet says nothing.
 */
const totalOf = (
  samples: readonly SampledValue[],
  measurand: string,
  defaultUnit: string,
): Quantity => {
  const all = samples.filter(
    (sample) => (sample.measurand ?? 'Energy.Active.Import.Register') === measurand,
  );
  const outlet = all.filter((sample) => (sample.location ?? 'Outlet') === 'Outlet');
  const candidates = outlet.length > 0 ? outlet : all;
  const total = candidates.find((sample) => sample.phase === undefined);
  if (total !== undefined) return milliOf(total, defaultUnit);
  const parts = phases.flatMap((phase) => {
    const part = candidates.find((s) => s.phase === phase || s.phase === `${phase}-N`);
    return part === undefined ? [] : [milliOf(part, defaultUnit)];
  });
  return parts.reduce<Quantity>(
    (sum, part) =>
      part.milli === undefined ? part : { ...sum, milli: (sum.milli ?? 0n) + part.milli },
    {},
  );
};

const percentOf = (samples: readonly SampledValue[]): Decimal | undefined => {
  const sample = samples.find((candidate) => candidate.measurand === 'SoC');
  const value = sample === undefined ? undefined : decimalOf(sample.value);
  return value !== undefined && value.scale <= 18 && fits(value.unscaled) ? value : undefined;
};

const readingOf = (
  readAt: Instant,
  context: string,
  samples: readonly SampledValue[],
  signedValues: readonly SignedMeterValue[],
): MeterReading => {
  const register = totalOf(samples, 'Energy.Active.Import.Register', 'Wh');
  const power = totalOf(samples, 'Power.Active.Import', 'W');
  const current = totalOf(samples, 'Current.Import', 'A');
  const soc = percentOf(samples);
  return {
    readAt,
    context,
    ...(register.milli === undefined ? {} : { registerMilliWh: register.milli }),
    ...(power.milli === undefined ? {} : { powerMilliW: power.milli }),
    ...(current.milli === undefined ? {} : { currentMilliA: current.milli }),
    ...(soc === undefined ? {} : { stateOfChargePercent: soc }),
    ...(register.fault === undefined ? {} : { implausibleReason: register.fault }),
    ...(signedValues.length === 0 ? {} : { signedValues }),
  };
};

/** One reading has no more, so that readings can be shared out among events. */
const signedValuesMax = 100;

type Samples = Readonly<{ plain: SampledValue[]; signed: SignedMeterValue[] }>;

/** The reading of one instant and context; what it signs beyond measure is in further ones. */
const readingsIn = (
  readAt: Instant,
  context: string,
  { plain, signed }: Samples,
): MeterReading[] => {
  const first = readingOf(readAt, context, plain, signed.slice(0, signedValuesMax));
  const further: MeterReading[] = [];
  for (let from = signedValuesMax; from < signed.length; from += signedValuesMax) {
    const signedValues = signed.slice(from, from + signedValuesMax);
    further.push({ readAt, context, signedValues });
  }
  return [first, ...further];
};

/** In one pass: a frame has room for thousands of contexts. */
const byContext = (samples: readonly SampledValue[]): Map<string, Samples> => {
  const found = new Map<string, Samples>();
  for (const sample of samples) {
    const context = sample.context ?? 'Sample.Periodic';
    const group = found.get(context) ?? { plain: [], signed: [] };
    if (sample.format !== 'SignedData') group.plain.push(sample);
    if (sample.signed !== undefined) group.signed.push(sample.signed);
    found.set(context, group);
  }
  return found;
};

/**
 * What a charger's meter values say, one reading per instant and context: OCPP 1.6 and 2.0.1 fill in
 * `Energy.Active.Import.Register`, `Wh` and `Sample.Periodic` where a sample leaves them out. A
 * quantity nobody reported is absent, never zero. Registers are exact to the milliwatt-hour.
 * Signed values are opaque: they are kept with the reading, and give no quantity.
 */
export const readingsOf = (meterValues: readonly MeterValue[]): MeterReading[] =>
  meterValues.flatMap(({ readAt, sampledValues }) =>
    [...byContext(sampledValues)].flatMap(([context, samples]) =>
      readingsIn(readAt, context, samples),
    ),
  );
