import type { TariffVersionEvent } from '@tallywatt/contracts';
import { tariffVersionOf, type TariffVersions } from '@tallywatt/tariffs';

/** Every tariff's versions, in this process, fed from `pricing.tariffs.v1`. */
export class TariffCache {
  private readonly tariffs = new Map<string, TariffVersions>();

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
    const others = known.versions.filter(({ reference }) => reference.version !== tariff.version);
    this.tariffs.set(`${cpoId}/${tariff.tariffId}`, {
      ...known,
      versions: [...others, tariffVersionOf(tariff, currency, ocpiTariffJson)],
    });
  }

  find(cpoId: string, tariffId: string): TariffVersions | undefined {
    return this.tariffs.get(`${cpoId}/${tariffId}`);
  }
}
