import { parseTariff, planMonth } from './index';

const tariffOf = (monthlyFee: object) => {
  const parsed = parseTariff({
    id: 'ac',
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }] }],
    tallywatt: {
      fleets: [
        {
          plan: 'vans',
          monthly_fee: monthlyFee,
          included_kwh_per_month: 1000,
          overage_price_per_kwh: 0.35,
        },
      ],
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};
const tariff = tariffOf({ excl_vat: 299, incl_vat: 355.81 });

describe('the month of a fleet plan', () => {
  it('costs its fee where the plan was held all month', () =>
    expect(planMonth(tariff, 'vans', { days: 31, daysInMonth: 31 })).toEqual({
      ok: true,
      currency: 'EUR',
      amountExclTaxMinor: 29_900n,
      taxMinor: 5_681n,
      amountInclTaxMinor: 35_581n,
    }));
  it('costs its share of the days otherwise, rounded once', () =>
    // 299 x 10/30 = 99.666..., 355.81 x 10/30 = 118.603...
    expect(planMonth(tariff, 'vans', { days: 10, daysInMonth: 30 })).toMatchObject({
      amountExclTaxMinor: 9_967n,
      taxMinor: 1_893n,
      amountInclTaxMinor: 11_860n,
    }));
  it('is not priced while its tax is unknown: that is not zero', () =>
    expect(
      planMonth(tariffOf({ excl_vat: 299 }), 'vans', { days: 30, daysInMonth: 30 }),
    ).toMatchObject({ ok: false, reason: 'tax-unknown' }));
  it('is not priced where the tariff has no such plan', () =>
    expect(planMonth(tariff, 'trucks', { days: 30, daysInMonth: 30 })).toMatchObject({
      ok: false,
      reason: 'plan-unknown',
    }));
});
