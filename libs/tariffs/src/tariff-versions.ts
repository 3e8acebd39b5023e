import { normalizeInstant, type Instant } from '@tallywatt/time';
import type { MemberTerms } from './entitlement';
import { parseTariff } from './tariff-parsing';

/** Which text a version of a tariff is; the log's TariffReference says the same. */
export type VersionReference = Readonly<{
  tariffId: string;
  version: bigint;
  /** SHA-256, hex, over the canonical JSON of the OCPI tariff. */
  contentHash: string;
  billsParkingTime: boolean;
}>;

/** One published version of a tariff, as far as the choice of a start's tariff needs it. */
export type TariffVersion = Readonly<{
  reference: VersionReference;
  /** ISO 4217 */
  currency: string;
  /** OCPI 2.2.1 Tariff start_date_time and end_date_time: from inclusive, until exclusive. */
  validFrom?: Instant;
  validUntil?: Instant;
  /** What it says of tiers and fleet plans; left out when it says nothing of them. */
  memberTerms?: MemberTerms;
}>;

/** What is known of one tariff. */
export type TariffVersions = Readonly<{
  versions: readonly TariffVersion[];
  /** Versions up to `lastVersion` are not in force from `withdrawnAt` on. */
  withdrawn?: Readonly<{ lastVersion: bigint; withdrawnAt: Instant }>;
}>;

/** Reads a version from its published text, an OCPI 2.2.1 Tariff with our extension. */
export const tariffVersionOf = (
  reference: VersionReference,
  currency: string,
  ocpiTariffJson: string,
): TariffVersion => {
  const ocpi = JSON.parse(ocpiTariffJson) as Record<string, unknown>;
  const validFrom = dateTime(ocpi['start_date_time']);
  const validUntil = dateTime(ocpi['end_date_time']);
  const memberTerms = memberTermsOf(ocpi);
  return {
    reference,
    currency,
    ...(memberTerms === undefined ? {} : { memberTerms }),
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
};

// A text that this version cannot read prices no session either, so nothing is included by it.
const memberTermsOf = (ocpi: Readonly<Record<string, unknown>>): MemberTerms | undefined => {
  const extension = ocpi['tallywatt'];
  if (typeof extension !== 'object' || extension === null) return undefined;
  if (!('memberships' in extension) && !('fleets' in extension)) return undefined;
  const parsed = parseTariff(ocpi);
  if (!parsed.ok) return undefined;
  const { memberships, fleets } = parsed.tariff;
  return {
    ...(memberships === undefined ? {} : { memberships }),
    ...(fleets === undefined ? {} : { fleets }),
  };
};

// OCPI 2.2.1 section 16.2: a DateTime without a zone is in UTC.
const dateTime = (field: unknown): Instant | undefined => {
  if (typeof field !== 'string') return undefined;
  return normalizeInstant(/(Z|[+-]\d{2}:\d{2})$/i.test(field) ? field : `${field}Z`);
};

/**
 * The version that prices a session starting at `at`: the newest one published by the time of the
 * decision whose own dates cover `at`. When it was published does not matter, because a charger
 * may claim a start from before (it was offline, or its clock is another one).
 */
export const tariffInForce = (
  tariff: TariffVersions | undefined,
  at: Instant,
): TariffVersion | undefined => {
  let newest: TariffVersion | undefined;
  for (const version of tariff?.versions ?? []) {
    const { reference, validFrom, validUntil } = version;
    if (validFrom !== undefined && at < validFrom) continue;
    if (validUntil !== undefined && at >= validUntil) continue;
    if (isWithdrawn(tariff, reference, at)) continue;
    if (newest === undefined || reference.version > newest.reference.version) newest = version;
  }
  return newest;
};

const isWithdrawn = (
  tariff: TariffVersions | undefined,
  reference: VersionReference,
  at: Instant,
): boolean => {
  const withdrawn = tariff?.withdrawn;
  if (withdrawn === undefined) return false;
  return reference.version <= withdrawn.lastVersion && at >= withdrawn.withdrawnAt;
};
