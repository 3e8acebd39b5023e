// A session and a CDR in the words of the quote API: charging over a change of price, then idle.

export const component = (type: string, price: number, more: object = {}) => ({
  type,
  price,
  step_size: 1,
  ...more,
});
export const tariff = {
  id: 'AC',
  currency: 'EUR',
  elements: [
    {
      price_components: [component('ENERGY', 0.6, { vat: 19 })],
      restrictions: { start_time: '18:00', end_time: '20:00', day_of_week: ['MONDAY'] },
    },
    {
      price_components: [
        component('ENERGY', 0.4, { vat: 19 }),
        component('TIME', 1, { vat: 19 }),
        component('FLAT', 0.5, { vat: 7 }),
        component('PARKING_TIME', 6, { vat: 19 }),
      ],
    },
  ],
  tallywatt: { idle_grace_seconds: 600 },
};
export const session = {
  start: '2026-06-01T15:30:00Z',
  end: '2026-06-01T17:30:00Z',
  readings: [
    { at: '2026-06-01T15:30:00Z', registerWh: 1000, powerKw: 7.4, currentA: '32.1' },
    { at: '2026-06-01T16:30:00Z', registerWh: '9000.125' },
    { at: '2026-06-01T17:00:00Z', registerWh: 11_000 },
  ],
  states: [{ from: '2026-06-01T15:30:00Z', to: '2026-06-01T17:00:00Z', state: 'charging' }],
};
export const cdr = {
  start_date_time: '2026-06-01T15:30:00',
  end_date_time: '2026-06-01T17:30:00Z',
  charging_periods: [
    {
      start_date_time: '2026-06-01T15:30:00Z',
      dimensions: [
        { type: 'ENERGY', volume: 4 },
        { type: 'TIME', volume: 0.5 },
        { type: 'ENERGY_EXPORT', volume: -3 },
      ],
    },
    {
      start_date_time: '2026-06-01T16:00:00Z',
      dimensions: [
        { type: 'ENERGY', volume: 6 },
        { type: 'TIME', volume: 1 },
        { type: 'MAX_POWER', volume: 11 },
      ],
    },
    {
      start_date_time: '2026-06-01T17:00:00Z',
      dimensions: [{ type: 'PARKING_TIME', volume: 0.5 }],
    },
  ],
};
export const timeZone = 'Europe/Berlin';
