import { until, type OperatorApi } from '@tallywatt/demonstration';
import { benchTariffs, taxPercent, type TariffName } from './bench-tariffs';
import type { Holder, SessionPlan } from './session-plan';

export const chargePointPassword = 'fault-bench-only-password';

const powerKwMax: Readonly<Record<number, number>> = { 1: 22, 2: 22, 3: 150 };

/** The connectors that every charger of the bench has. */
export const connectors = Object.entries(powerKwMax).map(([id, power]) => ({
  id: Number(id),
  powerKwMax: power,
}));

type IssuedHolder = Exclude<Holder, 'unknown'>;

const paymentMethods: Readonly<Record<IssuedHolder, string>> = {
  visa: 'pm_card_visa',
  mastercard: 'pm_card_mastercard',
  member: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  unauthenticated: 'pm_card_authenticationRequired',
};

/** The idTag of a holder at a charger, at most 20 characters. */
export const idTagOf = (holder: Holder, chargePointIndex: number): string =>
  `${holder.toUpperCase().slice(0, 15)}-${chargePointIndex}`;

const registerChargePoint = (api: OperatorApi, id: string, tariff: TariffName): Promise<unknown> =>
  api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: 'bench-berlin',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: taxPercent,
    tariffId: benchTariffs[tariff].id,
    connectors,
    securityProfile: 1,
    password: chargePointPassword,
  });

const issueToken = (api: OperatorApi, holder: IssuedHolder, uid: string): Promise<unknown> =>
  api.post('authorization', '/v1/tokens', {
    uid,
    type: 'RFID',
    status: 'valid',
    paymentMethod: paymentMethods[holder],
    ...(holder === 'member' ? { membership: 'member', driverId: `driver-of-${uid}` } : {}),
  });

/** Publishes tariffs, registers every charger of the plan and issues the tokens shown there. */
export const prepareSite = async (api: OperatorApi, plan: SessionPlan): Promise<void> => {
  for (const tariff of Object.values(benchTariffs)) {
    await api.put('pricingEngine', `/v1/tariffs/${tariff.id}`, tariff);
  }
  for (const [index, { id, tariff }] of plan.chargePoints.entries()) {
    await registerChargePoint(api, id, tariff);
    const holders = new Set(
      plan.visits
        .filter(({ chargePointId }) => chargePointId === id)
        .flatMap(({ sessions }) => sessions.map(({ holder }) => holder)),
    );
    for (const holder of holders) {
      if (holder !== 'unknown') await issueToken(api, holder, idTagOf(holder, index));
    }
  }
  await until(
    'the tariffs are in force',
    async () => {
      const listed = await api.list<unknown>('pricingEngine', '/v1/tariffs');
      return listed.length >= Object.keys(benchTariffs).length ? true : undefined;
    },
    30_000,
  );
};
