import { decimalFromString } from '@tallywatt/money';
import { parseInstant } from '@tallywatt/time';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entitlement, MeterPoint, Occupancy, RatingInput, RatingReport } from './index';
import { parseTariff, rate } from './index';

type CaseReading = { at: string; context?: string } & Partial<
  Record<'registerWh' | 'powerW' | 'currentA', string>
>;

type PriceCase = {
  source: string;
  timeZone: string;
  currency?: string;
  taxRatePercent: string;
  tariff: unknown;
  entitlement?: { tier: string; unlimited?: true } & Partial<
    Record<'discountPercent' | 'discountPerKwh' | 'includedEnergyMilliWh', string>
  >;
  siteGroups?: string[];
  session: Record<'start' | 'stop' | 'end' | 'meterStartWh' | 'meterStopWh', string> & {
    readings: CaseReading[];
    states?: { from: string; to: string; state: Occupancy }[];
  };
  expected: Expected;
};

type Expected =
  | { refused: string }
  | (Record<'exclTaxExact' | 'inclTaxExact' | 'exclTaxMinor' | 'inclTaxMinor', string> & {
      refused?: never;
      byDimensionExact?: Record<string, string>;
      billedEnergyWh?: string;
      billedChargingSeconds?: string;
      billedParkingSeconds?: string;
      lines?: Record<string, string>[];
      marks?: string[];
      energyCost?: Record<string, string | string[] | undefined>;
    });

const casesFolder = join(__dirname, '../cases');
const names = readdirSync(casesFolder);

const readCase = (name: string): PriceCase =>
  JSON.parse(readFileSync(join(casesFolder, name, 'case.json'), 'utf8')) as PriceCase;

/** '115.2' Wh, kW or A in thousandths. */
const milli = (text: string): bigint => {
  const { unscaled, scale } = decimalFromString(text);
  return (unscaled * 1000n) / 10n ** BigInt(scale);
};

const pointOf = ({ at, context, registerWh, powerW, currentA }: CaseReading): MeterPoint => ({
  atMs: parseInstant(at),
  context,
  registerMilliWh: registerWh === undefined ? undefined : milli(registerWh),
  powerMilliW: powerW === undefined ? undefined : milli(powerW),
  currentMilliA: currentA === undefined ? undefined : milli(currentA),
});

const inputOf = (one: PriceCase): RatingInput => {
  const parsed = parseTariff(one.tariff);
  if (!parsed.ok) throw new Error(`the case's tariff has faults: ${JSON.stringify(parsed.faults)}`);
  const { session, entitlement } = one;
  return {
    tariff: parsed.tariff,
    timeZone: one.timeZone,
    currency: one.currency,
    taxRatePercent: decimalFromString(one.taxRatePercent),
    entitlement: entitlement && entitlementOf(entitlement),
    siteGroups: one.siteGroups,
    session: {
      startMs: parseInstant(session.start),
      stopMs: parseInstant(session.stop),
      endMs: parseInstant(session.end),
      meterStartMilliWh: milli(session.meterStartWh),
      meterStopMilliWh: milli(session.meterStopWh),
      readings: session.readings.map(pointOf),
      states: session.states?.map(({ from, to, state }) => ({
        fromMs: parseInstant(from),
        toMs: parseInstant(to),
        state,
      })),
    },
  };
};

const entitlementOf = ({
  tier,
  unlimited,
  discountPercent,
  discountPerKwh,
  includedEnergyMilliWh,
}: NonNullable<PriceCase['entitlement']>): Entitlement => ({
  tier,
  unlimited,
  discountPercent: discountPercent === undefined ? undefined : decimalFromString(discountPercent),
  discountPerKwh: discountPerKwh === undefined ? undefined : decimalFromString(discountPerKwh),
  includedEnergyMilliWh:
    includedEnergyMilliWh === undefined ? undefined : BigInt(includedEnergyMilliWh),
});

/** What the report says about exactly the things the case expects something of. */
const observed = (report: RatingReport, expected: Expected): Expected => {
  if (expected.refused !== undefined) return { refused: 'nothing, it was priced' };
  const { totals } = report;
  const byDimension = Object.entries(totals.byDimension)
    .filter(([dimension]) => dimension !== 'ADJUSTMENT')
    .map(([dimension, total]) => [dimension, total.amountExact]);
  return {
    exclTaxExact: totals.exclTaxExact,
    inclTaxExact: totals.inclTaxExact,
    exclTaxMinor: totals.exclTaxMinor.toString(),
    inclTaxMinor: totals.inclTaxMinor.toString(),
    ...(expected.byDimensionExact && {
      byDimensionExact: Object.fromEntries(byDimension) as Record<string, string>,
    }),
    ...(expected.billedEnergyWh && { billedEnergyWh: report.billedEnergyWhExact }),
    ...(expected.billedChargingSeconds && {
      billedChargingSeconds: report.billedChargingSecondsExact,
    }),
    ...(expected.billedParkingSeconds && {
      billedParkingSeconds: report.billedParkingSecondsExact,
    }),
    ...(expected.marks && { marks: [...report.marks] }),
    ...(expected.energyCost && { energyCost: costOf(report.energyCost) }),
    ...(expected.lines && {
      lines: expected.lines.map((line, index) => {
        const found = report.lines[index];
        const entries = Object.keys(line).map((field) => {
          const value = found?.[field as keyof typeof found];
          return [field, typeof value === 'bigint' ? value.toString() : value];
        });
        return Object.fromEntries(entries) as Record<string, string>;
      }),
    }),
  };
};

const costOf = (cost: RatingReport['energyCost']): Record<string, string | string[] | undefined> =>
  cost === undefined
    ? {}
    : {
        costExact: cost.costExact,
        costMinor: cost.costMinor?.toString(),
        marginExact: cost.marginExact,
        marginMinor: cost.marginMinor?.toString(),
        unknownEnergyKwhExact: cost.unknownEnergyKwhExact,
        periodCosts: cost.periods.map(({ costExact }) => costExact ?? 'unknown'),
      };

describe('price cases', () => {
  it('cover all 33 worked examples of OCPI 2.2.1', () =>
    expect(names.filter((name) => name.startsWith('ocpi-'))).toHaveLength(33));

  it.each(names)('%s', (name) => {
    const one = readCase(name);
    const result = rate(inputOf(one));
    if (result.ok) {
      expect(observed(result.report, one.expected)).toEqual(one.expected);
      if (one.expected.refused === undefined && one.expected.lines !== undefined) {
        expect(result.report.lines).toHaveLength(one.expected.lines.length);
      }
    } else {
      expect({ refused: result.reason }).toEqual(one.expected);
    }
  });

  it.each(names)('%s says why it exists', (name) =>
    expect(readFileSync(join(casesFolder, name, 'why.txt'), 'utf8').length).toBeGreaterThan(40),
  );
});
