import {
  canonicalJson,
  sha256Hex,
  type FleetRegistered,
  type TariffPublished,
} from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import { eventually } from '@tallywatt/testing';
import { logger, openPricingStage, tariffJson, type PricingStage } from './testing/pricing-stage';

let stage: PricingStage;
const now = new Date();
const monthStart = (before: number): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - before, 1));
const lastMonth = monthStart(1).toISOString().slice(0, 7);
const fleetRef = '5b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35';

const published = (version: bigint, fee: object, at: Date): TariffPublished => {
  const text = canonicalJson({
    ...tariffJson(0.5),
    id: 'fleet',
    tallywatt: {
      fleets: [
        { plan: 'vans', monthly_fee: fee, included_kwh_per_month: 9, overage_price_per_kwh: 0.3 },
      ],
    },
  });
  return {
    type: 'TariffPublished',
    cpoId: 'default',
    tariff: {
      tariffId: 'fleet',
      version,
      contentHash: sha256Hex(text),
      billsParkingTime: true,
    },
    currency: 'EUR',
    ocpiTariffJson: text,
    publishedAt: at.toISOString(),
  };
};

const registered: FleetRegistered = {
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef,
  revision: 1n,
  plan: 'vans',
  timeZone: 'UTC',
  registeredAt: monthStart(1).toISOString(),
  feeTariffId: 'fleet',
};

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

describe('the fee of a month that is over', () => {
  it('is by the version that was in force at its end, not by one published after it', async () => {
    // The log as it is when a price is raised on the first of a month, before the fee is charged.
    const pool = stage.poolOf(await stage.emptyDatabase());
    await pool.query(eventLogMigrations);
    const before = createEventLog({
      service: 'pricing-engine',
      pool,
      brokers: stage.brokers,
      logger,
      streamsAreNew: true,
    });
    before.startRelay();
    const versions = [
      published(1n, { excl_vat: 299, incl_vat: 355.81 }, monthStart(3)),
      published(2n, { excl_vat: 399, incl_vat: 474.81 }, monthStart(0)),
    ];
    await before.transaction((tx) =>
      before.append(
        tx,
        versions.map((event) => ({ event, occurredAt: event.publishedAt })),
      ),
    );
    await eventually(async () => {
      const { rows } = await pool.query('SELECT FROM event_log.outbox WHERE published_at IS NULL');
      expect(rows).toHaveLength(0);
    });
    await before.stop();
    await stage.moveTo(await stage.emptyDatabase());
    await stage.recordAccounts([registered]);
    await eventually(
      async () =>
        expect(
          (await stage.call('GET', `/v1/fleet-fees?fleetRef=${fleetRef}`)).body.items,
        ).toMatchObject([
          { period: lastMonth, tariff: { version: '1' }, amountExclTaxMinor: '29900' },
        ]),
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });
});
