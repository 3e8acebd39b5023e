import type { TariffReference } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';

/** One published version of a tariff, as far as a decision needs it. */
export type TariffVersion = Readonly<{
  reference: TariffReference;
  /** OCPI 2.2.1 Tariff start_date_time and end_date_time: from inclusive, until exclusive. */
  validFrom?: Instant;
  validUntil?: Instant;
}>;

/** What is known of one tariff. */
export type TariffVersions = Readonly<{
  versions: readonly TariffVersion[];
  /** Versions up to `lastVersion` are not in force from `withdrawnAt` on. */
  withdrawn?: Readonly<{ lastVersion: bigint; withdrawnAt: Instant }>;
}>;

/**
 * The version that prices a session starting at `at`: the newest one published by the time of the
 * decision whose own dates cover `at`. When it was published does not matter, because a charger
 * may claim a start from before (it was offline, or its clock is another one).
 */
export const tariffInForce = (
  tariff: TariffVersions | undefined,
  at: Instant,
): TariffReference | undefined => {
  let newest: TariffReference | undefined;
  for (const { reference, validFrom, validUntil } of tariff?.versions ?? []) {
    if (validFrom !== undefined && at < validFrom) continue;
    if (validUntil !== undefined && at >= validUntil) continue;
    if (isWithdrawn(tariff, reference, at)) continue;
    if (newest === undefined || reference.version > newest.version) newest = reference;
  }
  return newest;
};

const isWithdrawn = (
  tariff: TariffVersions | undefined,
  reference: TariffReference,
  at: Instant,
): boolean => {
  const withdrawn = tariff?.withdrawn;
  if (withdrawn === undefined) return false;
  return reference.version <= withdrawn.lastVersion && at >= withdrawn.withdrawnAt;
};
