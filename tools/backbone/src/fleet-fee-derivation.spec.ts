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
  timeZone: 'Europe/Berlin',
  registeredAt: '2026-03-22T12:00:00.000Z',
  feeTariffId: 'ac',
};

const charged = (): FleetFeeCharged => {
  const parsed = parseTariff(document);
  const [stretch] = planStretches([registered], '2026-03', 'Europe/Berlin');
  if (!parsed.ok || stretch === undefined) throw new Error('the example is broken');
  const fee = fleetFee(stretch, { reference: published.tariff, tariff: parsed.tariff });
  if (fee.type !== 'FleetFeeCharged') throw new Error(fee.detail);
  return fee;
};

const known = (): FleetFeeDerivation => {
  const derivation = new FleetFeeDerivation();
  derivation.takeTariff(published);
  derivation.takeAccount(registered);
  return derivation;
};

describe('a fee of a fleet in the log', () => {
  it('follows from its fleet, its month and the tariff it names', () =>
    expect(known().fault(charged())).toBeUndefined());

  it.each<[string, Partial<FleetFeeCharged>]>([
    ['an amount', { amountExclTaxMinor: 9_646n }],
    ['the days', { days: 11 }],
    ['the end of the month', { monthEndedAt: '2026-03-31T23:00:00.000Z' }],
  ])('is found when it says another of %s', (_, changed) =>
    expect(known().fault({ ...charged(), ...changed })).toEqual(expect.any(String)),
  );

  it('is found when nothing was said of its fleet, or its tariff', () => {
    const nobody = new FleetFeeDerivation();
    expect(nobody.fault(charged())).toMatch(/nothing that was said of its fleet/);
    nobody.takeAccount(registered);
    expect(nobody.fault(charged())).toMatch(/no record publishes version 1 of tariff ac/);
  });
});
