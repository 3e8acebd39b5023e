import type { TariffPublished, TariffVersionEvent } from '@tallywatt/contracts';
import { tariffVersionOf, type TariffVersions } from '@tallywatt/tariffs';

/** Every tariff's versions, in this process, fed from `pricing.tariffs.v1`. */
export class TariffCache {
  private readonly tariffs = new Map<string, TariffVersions>();
  /** The newest version that a rule made, by the tariff and the base that it adjusts. */
  private readonly adjusted = new Map<string, bigint>();

  apply(event: TariffVersionEvent): void {
    if (event.type === 'TariffWithdrawn') {
      const { cpoId, tariffId, lastVersion, withdrawnAt } = event;
      const known = this.find(cpoId, tariffId);
      this.tariffs.set(`${cpoId}/${tariffId}`, {
        versions: known?.versions ?? [],
        withdrawn: { lastVersion, withdrawnAt },
      });
      return;
    }
    const { cpoId, tariff, currency, ocpiTariffJson } = event;
    const known = this.find(cpoId, tariff.tariffId) ?? { versions: [] };
    const superseded = this.supersededBy(event);
    if (superseded === tariff.version) return;
    const others = known.versions.filter(
      ({ reference: { version } }) => version !== tariff.version && version !== superseded,
    );
    this.tariffs.set(`${cpoId}/${tariff.tariffId}`, {
      ...known,
      versions: [...others, tariffVersionOf(tariff, currency, ocpiTariffJson)],
    });
  }

  /**
   * Versions that a rule made of one base have its dates: the newest always wins over the others,
   * of which there may be a hundred a day. Undefined when none of them is known yet.
   */
  private supersededBy({ cpoId, tariff, adjustedBy }: TariffPublished): bigint | undefined {
    if (adjustedBy === undefined) return undefined;
    const key = `${cpoId}/${adjustedBy.baseVersion}/${tariff.tariffId}`;
    const before = this.adjusted.get(key);
    if (before !== undefined && before > tariff.version) return tariff.version;
    this.adjusted.set(key, tariff.version);
    return before === tariff.version ? undefined : before;
  }

  find(cpoId: string, tariffId: string): TariffVersions | undefined {
    return this.tariffs.get(`${cpoId}/${tariffId}`);
  }
}
