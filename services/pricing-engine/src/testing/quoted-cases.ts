import { parseInstant } from '@tallywatt/time';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// The published price cases in the words of the quote API: as a session and as a CDR.

type CaseReading = Readonly<
  { at: string } & Partial<Record<'context' | 'registerWh' | 'powerW' | 'currentA', string>>
>;
type CaseState = Readonly<{ from: string; to: string; state: string }>;

export type PriceCase = Readonly<{
  timeZone: string;
  currency?: string;
  taxRatePercent: string;
  tariff: unknown;
  entitlement?: unknown;
  siteGroups?: unknown;
  session: Readonly<
    Record<'start' | 'stop' | 'end' | 'meterStartWh' | 'meterStopWh', string> & {
      readings: readonly CaseReading[];
      states?: readonly CaseState[];
    }
  >;
  expected: Readonly<
    Partial<
      Record<'refused' | 'exclTaxExact' | 'inclTaxExact' | 'exclTaxMinor' | 'inclTaxMinor', string>
    >
  >;
}>;

const folder = join(__dirname, '../../../../libs/tariffs/cases');

export const caseNames = readdirSync(folder);

export const readCase = (name: string): PriceCase =>
  JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8')) as PriceCase;

const terms = ({
  tariff,
  timeZone,
  currency,
  taxRatePercent,
  entitlement,
  siteGroups,
}: PriceCase) => ({
  tariff,
  timeZone,
  currency,
  taxRatePercent,
  entitlement,
  siteGroups,
});

/** Start and stop register become readings; what the vehicle did until the stop is as told. */
export const sessionQuote = (one: PriceCase): object => {
  const { start, stop, end, meterStartWh, meterStopWh, readings, states } = one.session;
  const between = readings.filter(({ at }) => at > start && at < stop);
  const atStart = readings.find(({ at }) => at === start);
  return {
    ...terms(one),
    session: {
      start,
      end,
      readings: [
        readingOf({ ...atStart, at: start, registerWh: meterStartWh }),
        ...between.map(readingOf),
        readingOf({ at: stop, registerWh: meterStopWh }),
      ],
      ...(states && { states }),
    },
  };
};

const readingOf = ({ at, context, registerWh, powerW, currentA }: CaseReading): object => ({
  at,
  context,
  registerWh,
  currentA,
  // Thousandths of a kW, so the point moves by three places.
  ...(powerW !== undefined && { powerKw: Number(powerW) / 1000 }),
});

export type QuotedPeriod = Readonly<{
  fromAt: string;
  toAt: string;
  use: keyof typeof timeDimensions;
  energyWh: string;
}>;

const timeDimensions = {
  charging: 'TIME',
  parking: 'PARKING_TIME',
  reserved: 'RESERVATION_TIME',
  'reservation-expired': 'RESERVATION_TIME',
} as const;

/** The CDR that somebody would send for a session whose periods are known. */
export const cdrQuote = (one: PriceCase, periods: readonly QuotedPeriod[]): object => {
  const { readings, start, stop, end } = one.session;
  return {
    ...terms(one),
    cdr: {
      start_date_time: periods[0]?.fromAt ?? start,
      end_date_time: end,
      charging_periods: periods.map(({ fromAt, toAt, use, energyWh }) => {
        const fromMs = parseInstant(fromAt);
        const held =
          fromMs >= parseInstant(stop)
            ? undefined
            : (readings.findLast(({ at }) => parseInstant(at) <= fromMs) ?? readings[0]);
        const hours = ((parseInstant(toAt) - fromMs) / 3_600_000).toFixed(4);
        return {
          start_date_time: fromAt,
          dimensions: [
            { type: 'ENERGY', volume: Number(energyWh) / 1000 },
            { type: timeDimensions[use], volume: Number(hours) },
            ...volume('MAX_POWER', held?.powerW, 1000),
            ...volume('MIN_CURRENT', held?.currentA, 1),
            ...volume('MAX_CURRENT', held?.currentA, 1),
          ],
        };
      }),
    },
  };
};

const volume = (type: string, text: string | undefined, divisor: number): object[] =>
  text === undefined ? [] : [{ type, volume: Number(text) / divisor }];
