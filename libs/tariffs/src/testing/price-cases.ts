import {
  addRational,
  decimalFromString,
  decimalToRational,
  decimalToString,
  rational,
  rationalToText,
  zeroRational,
} from '@tallywatt/money';
import { parseInstant } from '@tallywatt/time';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Entitlement,
  MeterPoint,
  Occupancy,
  RatedSession,
  RatingInput,
  RatingLine,
  RatingReport,
} from '../index';
import { parseTariff } from '../index';

// The published cases (`cases/README.md`), read for the rating function, and its report in the
// words in which they expect it.

type CaseReading = Readonly<
  { at: string; registerWh: string; powerKw?: number } & Partial<
    Record<'currentA' | 'context', string>
  >
>;

type CaseSession = Readonly<{
  start: string;
  end: string;
  readings: readonly CaseReading[];
  states?: readonly Readonly<{ from: string; to: string; state: Occupancy }>[];
}>;

type CaseBody = Readonly<{
  timeZone: string;
  currency?: string;
  taxRatePercent?: string;
  entitlement?: Readonly<
    { tier: string; unlimited?: true } & Partial<
      Record<'discountPercent' | 'discountPerKwh' | 'includedEnergyMilliWh', string>
    >
  >;
  siteGroups?: readonly string[];
  session: CaseSession;
}>;

/** What a case expects: at least these fields of the report, or a refusal. */
export type Expected = Readonly<Record<string, unknown> & { source: string; refused?: string }>;

const folder = join(__dirname, '../../cases');

/** The name of every case. */
export const caseNames = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const textOf = (name: string, file: string): string =>
  readFileSync(join(folder, name, file), 'utf8');

export const whyOf = (name: string): string => textOf(name, 'why.txt');
export const tariffJsonOf = (name: string): unknown => JSON.parse(textOf(name, 'tariff.json'));
export const expectedOf = (name: string): Expected =>
  JSON.parse(textOf(name, 'expected.json')) as Expected;

/** The input of the rating function that a case describes. */
export const inputOf = (name: string): RatingInput => {
  const parsed = parseTariff(tariffJsonOf(name));
  if (!parsed.ok) throw new Error(`the case's tariff has faults: ${JSON.stringify(parsed.faults)}`);
  const body = JSON.parse(textOf(name, 'session.json')) as CaseBody;
  const { timeZone, currency, taxRatePercent, entitlement, siteGroups, session } = body;
  return {
    tariff: parsed.tariff,
    timeZone,
    currency,
    taxRatePercent: optional(taxRatePercent, decimalFromString),
    entitlement: optional(entitlement, entitlementOf),
    siteGroups,
    session: sessionOf(session),
  };
};

// Energy ends with the last change of the register; from there the vehicle is idle.
const sessionOf = ({ start, end, readings, states }: CaseSession): RatedSession => {
  const [startMs, endMs] = [parseInstant(start), parseInstant(end)];
  const points = readings
    .map(pointOf)
    .filter(({ atMs }) => atMs >= startMs && atMs <= endMs)
    .sort((left, right) => left.atMs - right.atMs || smallerFirst(left, right));
  const stop = points.findLast(
    ({ registerMilliWh }, index) => registerMilliWh !== points[index - 1]?.registerMilliWh,
  );
  const first = points.findLast(({ atMs }) => atMs === points[0]?.atMs);
  if (first === undefined || stop === undefined) throw new Error('the case has no readings');
  return {
    startMs,
    stopMs: stop.atMs,
    endMs,
    meterStartMilliWh: first.registerMilliWh,
    meterStopMilliWh: stop.registerMilliWh,
    readings: points,
    states: states?.map(({ from, to, state }) => ({
      fromMs: parseInstant(from),
      toMs: parseInstant(to),
      state,
    })),
  };
};

type Point = MeterPoint & Readonly<{ registerMilliWh: bigint }>;

const smallerFirst = (left: Point, right: Point): number =>
  left.registerMilliWh < right.registerMilliWh ? -1 : 1;

const pointOf = ({ at, registerWh, powerKw, currentA, context }: CaseReading): Point => ({
  atMs: parseInstant(at),
  // Whoever writes a register beside an instant says that it was read then.
  context: context ?? 'Sample.Clock',
  registerMilliWh: scaled(registerWh, 3),
  powerMilliW: optional(powerKw, (kw) => scaled(kw.toString(), 6)),
  currentMilliA: optional(currentA, (ampere) => scaled(ampere, 3)),
});

/** '115.2' by a power of ten, as a whole number. */
const scaled = (text: string, places: number): bigint => {
  const { unscaled, scale } = decimalFromString(text);
  return (unscaled * 10n ** BigInt(places)) / 10n ** BigInt(scale);
};

const entitlementOf = (given: NonNullable<CaseBody['entitlement']>): Entitlement => ({
  tier: given.tier,
  unlimited: given.unlimited,
  discountPercent: optional(given.discountPercent, decimalFromString),
  discountPerKwh: optional(given.discountPerKwh, decimalFromString),
  includedEnergyMilliWh: optional(given.includedEnergyMilliWh, BigInt),
});

const optional = <Given, Read>(
  given: Given | undefined,
  read: (given: Given) => Read,
): Read | undefined => (given === undefined ? undefined : read(given));

/** A report in the words of the quote API, as far as cases expect something of it. */
export const publicReport = (report: RatingReport, { tariff }: RatingInput): object => {
  const { totals, energyCost: cost } = report;
  const partOf = ({ dimension, tariffElementIndex }: RatingLine): string =>
    tariff.elements[tariffElementIndex ?? -1]?.restrictions.reservation === undefined
      ? parts[dimension]
      : 'reservation';
  const sums = ['reservation', ...Object.values(parts)].map((part) => {
    const own = report.lines.filter((line) => partOf(line) === part);
    const exact = own.reduce((sum, line) => addRational(sum, valueOf(line)), zeroRational);
    return [part, { exclTax: { exact: rationalToText(exact) } }];
  });
  return {
    total: {
      exclTax: { exact: totals.exclTaxExact, amountMinor: totals.exclTaxMinor.toString() },
      inclTax: { exact: totals.inclTaxExact, amountMinor: totals.inclTaxMinor.toString() },
    },
    ...(Object.fromEntries(sums) as object),
    billed: {
      energyWh: report.billedEnergyWhExact,
      timeSeconds: report.billedChargingSecondsExact,
      parkingSeconds: report.billedParkingSecondsExact,
    },
    lines: report.lines.map((line) => ({
      ...line,
      quantity: line.quantityExact,
      unitPrice: decimalToString(line.unitPrice),
      amountMinor: line.amountMinor.toString(),
      taxRatePercent: decimalToString(line.taxRatePercent),
    })),
    energyCost: cost && {
      costExact: cost.costExact ?? null,
      costMinor: cost.costMinor?.toString() ?? null,
      marginExact: cost.marginExact ?? null,
      marginMinor: cost.marginMinor?.toString() ?? null,
      unknownEnergyKwhExact: cost.unknownEnergyKwhExact,
      periods: cost.periods.map(({ costExact }) => ({ costExact: costExact ?? null })),
    },
    marks: report.marks,
  };
};

const parts = {
  ENERGY: 'energy',
  TIME: 'time',
  PARKING_TIME: 'parking',
  FLAT: 'flat',
  DISCOUNT: 'discount',
  ADJUSTMENT: 'adjustment',
} as const;

const valueOf = ({ amountExact }: RatingLine) => {
  const [numerator = '', denominator] = amountExact.split('/');
  return denominator === undefined
    ? decimalToRational(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};
