import { quotePrice } from './quote-price';

/** Registers in Wh by the clock of the quoted day (UTC). */
export type Registers = readonly (readonly [
  at: string,
  registerWh: number | string,
  more?: object,
])[];

/** The price of a session from 08:00 to 10:00 on one day of June, at a place in Berlin. */
export const quote = (tariff: object, registers: Registers, more: object = {}) =>
  quotePrice({
    tariff: { currency: 'EUR', ...tariff },
    timeZone: 'Europe/Berlin',
    session: {
      start: '2026-06-01T08:00:00Z',
      end: '2026-06-01T10:00:00Z',
      readings: registers.map(([at, registerWh, others]) => ({
        at: atDay(at),
        registerWh,
        ...others,
      })),
      ...more,
    },
  });
export const atDay = (clock: string): string => `2026-06-01T${clock}Z`;
export const state = (from: string, to: string, name: string) => ({
  from: atDay(from),
  to: atDay(to),
  state: name,
});
/** 10 kWh in two even hours. */
export const whole: Registers = [
  ['08:00:00', 1000],
  ['09:00:00', 6000],
  ['10:00:00', 11_000],
];
