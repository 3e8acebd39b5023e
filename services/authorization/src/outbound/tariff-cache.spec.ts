import type { TariffVersionEvent } from '@tallywatt/contracts';
import { tariffInForce } from '@tallywatt/tariffs';
import { TariffCache } from './tariff-cache';

const published = (version: bigint, ocpi: object = {}): TariffVersionEvent => ({
  type: 'TariffPublished',
  cpoId: 'north',
  tariff: {
    tariffId: 'standard',
    version,
    contentHash: version.toString().repeat(64),
    billsParkingTime: false,
  },
  currency: 'EUR',
  ocpiTariffJson: JSON.stringify({ id: 'standard', ...ocpi }),
  publishedAt: '2026-06-01T10:00:00.000Z',
});

const versionAt = (cache: TariffCache, at: string): bigint | undefined =>
  tariffInForce(cache.find('north', 'standard'), at)?.reference.version;

describe('the tariff cache', () => {
  it('reads the dates of a version as OCPI writes them, in UTC when no zone is said', () => {
    const cache = new TariffCache();
    cache.apply(published(1n));
    cache.apply(
      published(2n, {
        start_date_time: '2026-07-01T00:00:00',
        end_date_time: '2026-08-01T02:00:00+02:00',
      }),
    );
    expect(versionAt(cache, '2026-06-30T23:59:59.999Z')).toBe(1n);
    expect(versionAt(cache, '2026-07-01T00:00:00.000Z')).toBe(2n);
    expect(versionAt(cache, '2026-08-01T00:00:00.000Z')).toBe(1n);
  });

  it('takes a version once, however often it is told', () => {
    const cache = new TariffCache();
    cache.apply(published(1n));
    cache.apply(published(1n));
    expect(cache.find('north', 'standard')?.versions).toHaveLength(1);
  });

  it('forgets nothing when a tariff is withdrawn and published again', () => {
    const cache = new TariffCache();
    const noon = '2026-06-01T12:00:00.000Z';
    cache.apply(published(1n));
    cache.apply({
      type: 'TariffWithdrawn',
      cpoId: 'north',
      tariffId: 'standard',
      lastVersion: 1n,
      withdrawnAt: noon,
    });
    expect(versionAt(cache, noon)).toBeUndefined();
    cache.apply(published(2n));
    expect(versionAt(cache, noon)).toBe(2n);
  });
});
