import type { TariffPublished } from '@tallywatt/contracts';
import { parseTariff, type OcpiTariff } from '@tallywatt/tariffs';

/** The tariff version that a session's decision names, as far as it is known. */
export type PinnedTariff =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'found'; contentHash: string; tariff: OcpiTariff }>
  /** Taken from the log, and not a tariff that this version can read. */
  | Readonly<{ kind: 'unreadable'; contentHash: string; detail: string }>;

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
