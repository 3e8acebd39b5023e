import type { FleetRegistered } from '@tallywatt/contracts';
import { nextPeriod } from '@tallywatt/derivations';
import { eventually } from '@tallywatt/testing';
import { openPricingStage, tariffJson, type PricingStage } from './testing/pricing-stage';

let stage: PricingStage;
const fleetRef = '5b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35';
/** Three months that are over, whenever this runs; the first of them began with the fleet. */
const thisMonth = new Date().toISOString().slice(0, 7);
const monthsBefore = (count: number): string => {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1));
  return first.toISOString().slice(0, 7);
};
const first = monthsBefore(3);
const periods = [first, nextPeriod(first), nextPeriod(nextPeriod(first))];

const tariff = (monthlyFee: object) => ({
  ...tariffJson(0.5),
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

const registered: FleetRegistered = {
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef,
  revision: 1n,
  plan: 'vans',
  timeZone: 'UTC',
  registeredAt: `${first}-01T00:00:00.000Z`,
  feeTariffId: 'fleet',
};

const fees = async (): Promise<readonly Record<string, unknown>[]> =>
  (await stage.call('GET', `/v1/fleet-fees?fleetRef=${fleetRef}`)).body.items;

const patience = { timeoutMs: 120_000, intervalMs: 500 };

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

describe('the monthly fee of a fleet plan', () => {
  it('is withheld while its tax is unknown, then charged once for every month that is over', async () => {
    await stage.call('PUT', '/v1/tariffs/fleet', tariff({ excl_vat: 299 }));
    await stage.recordAccounts([registered]);
    await eventually(
      async () =>
        expect((await fees()).map(({ status, reason }) => [status, reason])).toEqual(
          periods.map(() => ['withheld', 'tax-unknown']),
        ),
      patience,
    );
    await stage.call('PUT', '/v1/tariffs/fleet', tariff({ excl_vat: 299, incl_vat: 355.81 }));
    const charged = periods.map((period) => ({
      status: 'charged',
      period,
      tariff: { tariffId: 'fleet', version: '2' },
      amountExclTaxMinor: '29900',
      taxMinor: '5681',
      amountInclTaxMinor: '35581',
    }));
    await eventually(async () => expect(await fees()).toMatchObject(charged), patience);
    // The month that runs is not over, and no month is charged twice.
    expect((await fees()).map(({ period }) => period)).not.toContain(thisMonth);
    const pool = stage.poolOf(stage.databaseUrl);
    const counted = async () =>
      (
        await pool.query<{ type: string; count: string }>(
          `SELECT headers->>'ce_type' AS type, count(*) FROM event_log.outbox
           WHERE topic = 'pricing.fleet-fees.v1' GROUP BY 1 ORDER BY 1`,
        )
      ).rows.map(({ count }) => count);
    expect(await counted()).toEqual(['3', '3']);
  });

  it('is not charged again by a new database, which knows it from the log', async () => {
    const before = await fees();
    const url = await stage.emptyDatabase();
    await stage.moveTo(url);
    const pool = stage.poolOf(url);
    // Once its months are closed it has decided on all of them.
    await eventually(async () => {
      const { rows } = await pool.query('SELECT period FROM fleet_months ORDER BY period');
      expect(rows.map(({ period }: { period: string }) => period)).toEqual(periods);
    }, patience);
    expect(await fees()).toEqual(before);
    const { rows } = await pool.query<{ count: string }>(
      `SELECT count(*) FROM event_log.outbox WHERE topic = 'pricing.fleet-fees.v1'`,
    );
    expect(rows[0]?.count).toBe('6');
  });
});
