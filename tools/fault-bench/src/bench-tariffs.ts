const vat = 19;
const energy = (price: number) => ({ type: 'ENERGY', price, vat, step_size: 1 });

const tariff = (id: string, elements: readonly object[], more: object = {}) => ({
  country_code: 'DE',
  party_id: 'TLY',
  id,
  currency: 'EUR',
  last_updated: '2026-01-01T00:00:00Z',
  elements,
  ...more,
});

/** OCPI 2.2.1 Tariff objects. `expected-price.ts` has the same numbers again, on purpose. */
export const benchTariffs = {
  /** 0.45 EUR a kWh and 0.50 EUR a session. */
  flat: tariff('bench-flat', [
    { price_components: [energy(0.45), { type: 'FLAT', price: 0.5, vat, step_size: 1 }] },
  ]),
  /** 0.49 EUR a kWh from 7 to 21, else 0.35 EUR. */
  dayNight: tariff('bench-day-night', [
    {
      price_components: [energy(0.49)],
      restrictions: { start_time: '07:00', end_time: '21:00' },
    },
    { price_components: [energy(0.35)] },
  ]),
  /** 0.45 EUR a kWh, and 6.00 EUR an hour of idle time after ten minutes. */
  idle: tariff(
    'bench-idle',
    [
      {
        price_components: [energy(0.45), { type: 'PARKING_TIME', price: 6, vat, step_size: 1 }],
      },
    ],
    { tallywatt: { idle_grace_seconds: 600 } },
  ),
  /** Nothing, said explicitly. */
  free: tariff('bench-free', [{ price_components: [energy(0)] }]),
} as const;

export type TariffName = keyof typeof benchTariffs;

export const taxPercent = vat;
