import type { FleetFeeCharged, FleetRegistered, TariffPublished } from '@tallywatt/contracts';
import { fleetFee, planStretches } from '@tallywatt/derivations';
import { parseTariff } from '@tallywatt/tariffs';
import { FleetFeeDerivation } from './fleet-fee-derivation';

const document = {
  id: 'ac',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }] }],
  tallywatt: {
    fleets: [
      {
        plan: 'vans',
        monthly_fee: { excl_vat: 299, incl_vat: 355.81 },
        included_kwh_per_month: 1000,
        overage_price_per_kwh: 0.35,
      },
    ],
  },
};
const published: TariffPublished = {
  type: 'TariffPublished',
  cpoId: 'default',
  tariff: { tariffId: 'ac', version: 1n, contentHash: 'c0', billsParkingTime: false },
  currency: 'EUR',
  ocpiTariffJson: JSON.stringify(document),
  publishedAt: '2026-01-01T00:00:00.000Z',
};
const registered: FleetRegistered = {
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef: 'f-1',
  revision: 1n,
  plan: 'vans',
  timeZone: 'UTC',
  registeredAt: '2026-03-01T12:00:00.000Z',
  feeTariffId: 'ac',
};
const charged = (): FleetFeeCharged => {
  const parsed = parseTariff(document);
  const [stretch] = planStretches([registered], '2026-03', 'UTC');
  if (!parsed.ok || stretch === undefined) throw new Error('the example is broken');
  const fee = fleetFee(stretch, { reference: published.tariff, tariff: parsed.tariff });
  if (fee.type !== 'FleetFeeCharged') throw new Error(fee.detail);
  return fee;
};

describe('a fee that was charged by all that the log held then', () => {
  it('still follows once the log holds what authorization could not publish in time', () => {
    const derivation = new FleetFeeDerivation();
    derivation.takeTariff(published);
    derivation.takeAccount(registered);
    // Said on the last evening of March, while authorization was cut off from Kafka for two hours.
    derivation.takeAccount({
      type: 'FleetClosed',
      cpoId: 'default',
      fleetRef: 'f-1',
      revision: 2n,
      closedAt: '2026-03-31T23:30:00.000Z',
    });
    expect(derivation.fault(charged())).toBeUndefined();
  });
});
