import type { TariffPublished } from '@tallywatt/contracts';
import { parseTariff } from '@tallywatt/tariffs';
import type { PinnedTariff } from './rated-session';

/** A published version as the price of a session that names it needs it. */
export const pinnedTariff = (
  contentHash: string,
  ocpiTariffJson: TariffPublished['ocpiTariffJson'],
): PinnedTariff => {
  const parsed = parseTariff(JSON.parse(ocpiTariffJson));
  return parsed.ok
    ? { kind: 'found', contentHash, tariff: parsed.tariff }
    : {
        kind: 'unreadable',
        contentHash,
        detail: parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
      };
};
