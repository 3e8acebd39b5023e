import type { FleetRegistered } from '@tallywatt/contracts';
import { nextPeriod } from '@tallywatt/derivations';
import { eventually } from '@tallywatt/testing';
import { openPricingStage, tariffJson, type PricingStage } from './testing/pricing-stage';

let stage: PricingStage;
const monthsBefore = (count: number): string => {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1));
  return first.toISOString().slice(0, 7);
};
const first = monthsBefore(3);
const second = nextPeriod(first);
const third = nextPeriod(second);

const plan = (name: string) => ({
  plan: name,
  monthly_fee: { excl_vat: 310, incl_vat: 368.9 },
  included_kwh_per_month: 1000,
  overage_price_per_kwh: 0.35,
});

const early = '1b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35';
const changed = '2b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35';
/** Looked at after the others of the same round: once it is charged, so are they. */
const last = (digit: string) => `fffffff${digit}-9d2f-4e63-8a41-2c6d9e0f7b35`;

const registered = (
  fleetRef: string,
  revision: bigint,
  registeredAt: string,
  terms: Partial<FleetRegistered> = {},
): FleetRegistered => ({
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef,
  revision,
  plan: 'vans',
  timeZone: 'UTC',
  registeredAt,
  feeTariffId: 'fleet',
  ...terms,
});

const fees = async (fleetRef: string): Promise<readonly Record<string, unknown>[]> =>
  (await stage.call('GET', `/v1/fleet-fees?fleetRef=${fleetRef}`)).body.items;
const said = async (fleetRef: string) =>
  (await fees(fleetRef)).map(({ status, period, plan: of, days }) => [status, period, of, days]);

const patience = { timeoutMs: 120_000, intervalMs: 500 };

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

describe('a fleet whose time zone is stated anew', () => {
  let before: readonly unknown[];

  it('is charged for no month again, and for none before it was registered', async () => {
    await stage.call('PUT', '/v1/tariffs/fleet', {
      ...tariffJson(0.5),
      tallywatt: { fleets: [plan('vans'), plan('trucks')] },
    });
    await stage.recordAccounts([
      registered(early, 1n, `${first}-01T00:30:00.000Z`),
      registered(changed, 1n, `${first}-10T12:00:00.000Z`),
      registered(changed, 2n, `${second}-01T02:00:00.000Z`, { plan: 'trucks' }),
    ]);
    await eventually(async () => {
      expect(await said(early)).toHaveLength(3);
      expect((await said(changed)).map(([, period, of]) => [period, of])).toEqual([
        [first, 'vans'],
        [second, 'trucks'],
        [third, 'trucks'],
      ]);
    }, patience);
    const charged = await said(early);
    before = await fees(changed);
    const now = new Date().toISOString();
    const timeZone = 'America/New_York';
    await stage.recordAccounts([
      registered(early, 2n, now, { timeZone }),
      registered(changed, 3n, now, { timeZone, plan: 'trucks' }),
    ]);
    const pool = stage.poolOf(stage.databaseUrl);
    await eventually(async () => {
      const { rows } = await pool.query('SELECT FROM fleet_words');
      expect(rows).toHaveLength(5);
    }, patience);
    await stage.recordAccounts([registered(last('1'), 1n, `${first}-10T12:00:00.000Z`)]);
    await eventually(async () => expect(await said(last('1'))).toHaveLength(3), patience);
    expect(await said(early)).toEqual(charged);
  });

  it('is charged the same by a new database', async () => {
    const url = await stage.emptyDatabase();
    await stage.moveTo(url);
    await stage.recordAccounts([registered(last('2'), 1n, `${first}-10T12:00:00.000Z`)]);
    await eventually(async () => expect(await said(last('2'))).toHaveLength(3), patience);
    expect(await fees(changed)).toEqual(before);
  });
});
