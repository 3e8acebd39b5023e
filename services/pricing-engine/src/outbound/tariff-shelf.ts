import type { TariffReference } from '@tallywatt/contracts';
import { pinnedTariff, type PinnedTariff } from '@tallywatt/derivations';
import { NotYetKnown, type SqlClient } from '@tallywatt/event-log';

import { loadVersions } from './tariff-tables';

const versionsMax = 5_000;

/** Tariff versions read before. A version never changes, so what is on the shelf stays right. */
export class TariffShelf {
  private readonly versions = new Map<string, PinnedTariff>();

  /** Fetches the versions that are not on the shelf yet, as far as they are known. */
  async fetch(
    tx: SqlClient,
    wanted: readonly Readonly<{ cpoId: string; reference: TariffReference }>[],
  ): Promise<void> {
    const missing = new Map(
      wanted
        .map(({ cpoId, reference }) => [keyOf(cpoId, reference), { cpoId, ...reference }] as const)
        .filter(([key]) => !this.versions.has(key)),
    );
    if (missing.size === 0) return;
    if (this.versions.size > versionsMax) this.versions.clear();
    for (const row of await loadVersions(tx, [...missing.values()])) {
      const reference = { tariffId: row.tariff_id, version: BigInt(row.version) };
      this.versions.set(
        keyOf(row.cpo_id, reference),
        pinnedTariff(row.content_hash, row.ocpi_tariff_json),
      );
    }
  }

  /** The version, unless the log has not told us of it yet. */
  known(cpoId: string, reference: TariffReference): PinnedTariff | undefined {
    return this.versions.get(keyOf(cpoId, reference));
  }

  /** @throws NotYetKnown when the log has not told us of the version yet. */
  pinned(cpoId: string, reference: TariffReference): PinnedTariff {
    const known = this.known(cpoId, reference);
    if (known === undefined) {
      throw new NotYetKnown(
        `tariff ${reference.tariffId} version ${reference.version} of ${cpoId}`,
      );
    }
    return known;
  }
}

const keyOf = (
  cpoId: string,
  { tariffId, version }: Pick<TariffReference, 'tariffId' | 'version'>,
): string => `${cpoId}/${version}/${tariffId}`;
