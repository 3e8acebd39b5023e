import type { OperatorApi } from './api';

const vat = 19;
const energy = (price: number) => ({ type: 'ENERGY', price, vat, step_size: 1 });

/** The tariffs of the demonstration, as OCPI 2.2.1 Tariff objects. */
export const tariffs = {
  flat: {
    country_code: 'DE',
    party_id: 'TLY',
    id: 'demo-flat',
    currency: 'EUR',
    last_updated: '2026-01-01T00:00:00Z',
    elements: [
      { price_components: [energy(0.45), { type: 'FLAT', price: 0.5, vat, step_size: 1 }] },
    ],
  },
  dayNight: {
    country_code: 'DE',
    party_id: 'TLY',
    id: 'demo-day-night',
    currency: 'EUR',
    last_updated: '2026-01-01T00:00:00Z',
    elements: [
      {
        price_components: [energy(0.49)],
        restrictions: { start_time: '07:00', end_time: '21:00' },
      },
      { price_components: [energy(0.35)] },
    ],
  },
  idle: {
    country_code: 'DE',
    party_id: 'TLY',
    id: 'demo-idle',
    currency: 'EUR',
    last_updated: '2026-01-01T00:00:00Z',
    elements: [
      {
        price_components: [energy(0.45), { type: 'PARKING_TIME', price: 6, vat, step_size: 1 }],
      },
    ],
    tallywatt: { idle_grace_seconds: 600 },
  },
} as const;

export type TariffName = keyof typeof tariffs;

/** Publishes the tariffs; publishing the same again makes no new version. */
export const publishTariffs = async (api: OperatorApi): Promise<void> => {
  for (const tariff of Object.values(tariffs)) {
    await api.put('pricingEngine', `/v1/tariffs/${tariff.id}`, tariff);
  }
};

export const chargePointPassword = 'demonstration-only-password';

/** Registers a charge point in Berlin with one connector of 22 kW. */
export const registerChargePoint = async (
  api: OperatorApi,
  id: string,
  tariff: TariffName,
): Promise<void> => {
  await api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: 'demo-berlin',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: vat,
    tariffId: tariffs[tariff].id,
    connectors: [{ id: 1, powerKwMax: 22 }],
    securityProfile: 1,
    password: chargePointPassword,
  });
};

export type TokenSetup = Readonly<{ uid: string; paymentMethod: string; membership?: string }>;

/** Issues a token; a membership comes with a driver of its own. */
export const issueToken = async (api: OperatorApi, token: TokenSetup): Promise<void> => {
  await api.post('authorization', '/v1/tokens', {
    uid: token.uid,
    type: 'RFID',
    status: 'valid',
    paymentMethod: token.paymentMethod,
    ...(token.membership === undefined
      ? {}
      : { membership: token.membership, driverId: `driver-of-${token.uid}` }),
  });
};
