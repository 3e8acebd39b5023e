import { parseInstant } from '@tallywatt/time';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// The published price cases (libs/tariffs/cases): as sessions, which they are, and as CDRs.

type CaseReading = Readonly<
  { at: string; registerWh: string; powerKw?: number } & Partial<
    Record<'context' | 'currentA', string>
  >
>;

export type PriceCase = Readonly<{
  /** A quote's body. */
  body: Readonly<{
    tariff: unknown;
    session: Readonly<{ start: string; end: string; readings: readonly CaseReading[] }>;
  }>;
  /** What its answer says at least, or why there is none. */
  expected: Readonly<Record<string, unknown> & { refused?: string; marks?: readonly string[] }>;
}>;

const folder = join(__dirname, '../../../../libs/tariffs/cases');

export const caseNames = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export const readCase = (name: string): PriceCase => {
  const read = (file: string): object =>
    JSON.parse(readFileSync(join(folder, name, file), 'utf8')) as object;
  const { source: _, ...expected } = read('expected.json') as Record<string, unknown>;
  return {
    body: { tariff: read('tariff.json'), ...read('session.json') } as PriceCase['body'],
    expected,
  };
};

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
export const cdrQuote = ({ body }: PriceCase, periods: readonly QuotedPeriod[]): object => {
  const { session, ...terms } = body;
  const { readings, start, end } = session;
  const stopMs = parseInstant(readings.at(-1)?.at ?? end);
  return {
    ...terms,
    cdr: {
      start_date_time: periods[0]?.fromAt ?? start,
      end_date_time: end,
      charging_periods: periods.map(({ fromAt, toAt, use, energyWh }) => {
        const fromMs = parseInstant(fromAt);
        const held =
          fromMs >= stopMs
            ? undefined
            : (readings.findLast(({ at }) => parseInstant(at) <= fromMs) ?? readings[0]);
        const hours = ((parseInstant(toAt) - fromMs) / 3_600_000).toFixed(4);
        return {
          start_date_time: fromAt,
          dimensions: [
            { type: 'ENERGY', volume: Number(energyWh) / 1000 },
            { type: timeDimensions[use], volume: Number(hours) },
            ...volume('MAX_POWER', held?.powerKw),
            ...volume('MIN_CURRENT', held?.currentA),
            ...volume('MAX_CURRENT', held?.currentA),
          ],
        };
      }),
    },
  };
};

const volume = (type: string, value: string | number | undefined): object[] =>
  value === undefined ? [] : [{ type, volume: Number(value) }];
