import type { TariffPublished, TariffVersionEvent } from '@tallywatt/contracts';
import { normalizeInstant, type Instant } from '@tallywatt/time';
import type { TariffVersion, TariffVersions } from '../domain/tariff-versions';

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
    const { cpoId, tariff } = event;
    const known = this.find(cpoId, tariff.tariffId) ?? { versions: [] };
    const others = known.versions.filter(({ reference }) => reference.version !== tariff.version);
    this.tariffs.set(`${cpoId}/${tariff.tariffId}`, {
      ...known,
      versions: [...others, decodeVersion(event)],
    });
  }

  find(cpoId: string, tariffId: string): TariffVersions | undefined {
    return this.tariffs.get(`${cpoId}/${tariffId}`);
  }
}

const decodeVersion = ({ tariff, ocpiTariffJson }: TariffPublished): TariffVersion => {
  const ocpi = JSON.parse(ocpiTariffJson) as Record<string, unknown>;
  const validFrom = dateTime(ocpi['start_date_time']);
  const validUntil = dateTime(ocpi['end_date_time']);
  return {
    reference: tariff,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
};

// OCPI 2.2.1 section 16.2: a DateTime without a zone is in UTC.
const dateTime = (field: unknown): Instant | undefined => {
  if (typeof field !== 'string') return undefined;
  return normalizeInstant(/(Z|[+-]\d{2}:\d{2})$/i.test(field) ? field : `${field}Z`);
};
