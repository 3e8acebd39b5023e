import type { TariffPublished, TariffVersionEvent } from '@tallywatt/contracts';
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

  it('keeps the newest of what a rule makes of one base, and every word of a person', () => {
    const cache = new TariffCache();
    const adjusted = (version: bigint, baseVersion: bigint): TariffVersionEvent => ({
      ...(published(version) as TariffPublished),
      adjustedBy: {
        ruleId: 'peak',
        ruleRevision: 1n,
        baseVersion,
        baseContentHash: 'hash',
        observation: {
          observedAt: '2026-06-01T10:00:00.000Z',
          timeZone: 'UTC',
          connectors: 1,
          connectorsInSession: 1,
          sessionsStartedInHour: 1,
        },
        limits: [],
      },
    });
    cache.apply(published(1n));
    for (const version of [2n, 3n, 4n, 3n, 4n]) cache.apply(adjusted(version, 1n));
    cache.apply(published(5n));
    cache.apply(adjusted(6n, 5n));
    const kept = cache
      .find('north', 'standard')
      ?.versions.map(({ reference }) => reference.version);
    expect(kept?.sort()).toEqual([1n, 4n, 5n, 6n]);
    expect(versionAt(cache, '2026-06-01T10:00:00.000Z')).toBe(6n);
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
