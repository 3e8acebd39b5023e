import {
  canonicalJson,
  sha256Hex,
  type TariffAdjustment,
  type TariffPublished,
  type TariffVersionEvent,
} from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decider, type Decision } from '@tallywatt/decider';
import { hasParkingTime, type OcpiTariff } from '@tallywatt/tariffs';
import type { Instant } from '@tallywatt/time';

/** The latest version of one tariff. */
export type TariffVersion =
  | Readonly<{ status: 'absent' }>
  | Readonly<{
      status: 'published' | 'withdrawn';
      version: bigint;
      contentHash: string;
      /** OCPI's own field, as it stands in the published text. */
      lastUpdated: string | undefined;
      /** A rule published it, not a person. */
      isAdjusted: boolean;
    }>;

export type PublishTariff = Readonly<{
  type: 'PublishTariff';
  cpoId: string;
  /** The OCPI 2.2.1 Tariff as its author wrote it, already read as `tariff`. */
  document: Readonly<Record<string, unknown>>;
  tariff: OcpiTariff;
  /** Why a rule publishes it; left out for a person. */
  adjustedBy?: TariffAdjustment;
  now: Instant;
}>;

const evolve = (state: TariffVersion, event: TariffVersionEvent): TariffVersion => {
  switch (event.type) {
    case 'TariffPublished':
      return {
        status: 'published',
        version: event.tariff.version,
        contentHash: event.tariff.contentHash,
        lastUpdated: lastUpdatedOf(event.ocpiTariffJson),
        isAdjusted: event.adjustedBy !== undefined,
      };
    case 'TariffWithdrawn':
      return state.status === 'absent' ? state : { ...state, status: 'withdrawn' };
    default:
      return unreachable(event);
  }
};

const lastUpdatedOf = (json: string): string | undefined => {
  const value = (JSON.parse(json) as Readonly<Record<string, unknown>>)['last_updated'];
  return typeof value === 'string' ? value : undefined;
};

const decide = (
  { cpoId, document, tariff, adjustedBy, now }: PublishTariff,
  latest: TariffVersion,
): Decision<TariffPublished, 'content-unchanged'> => {
  if (latest.status === 'published' && isSame(document, latest)) return ignore('content-unchanged');
  const ocpiTariffJson = canonicalJson(withLastUpdated(document, now));
  return accept({
    type: 'TariffPublished',
    cpoId,
    tariff: {
      tariffId: tariff.id,
      version: latest.status === 'absent' ? 1n : latest.version + 1n,
      contentHash: sha256Hex(ocpiTariffJson),
      billsParkingTime: hasParkingTime(tariff),
    },
    currency: tariff.currency,
    ocpiTariffJson,
    publishedAt: now,
    ...(adjustedBy === undefined ? {} : { adjustedBy }),
  });
};

// A document without last_updated is compared as if it had that of the version it may repeat:
// sending the same tariff twice makes one version, whenever it is sent. What a rule has published is
// not repeated: a person who publishes the same means it to stay.
const isSame = (
  document: PublishTariff['document'],
  latest: Extract<TariffVersion, { contentHash: string }>,
): boolean =>
  !latest.isAdjusted &&
  sha256Hex(canonicalJson(withLastUpdated(document, latest.lastUpdated))) === latest.contentHash;

const withLastUpdated = (
  document: PublishTariff['document'],
  lastUpdated: string | undefined,
): Readonly<Record<string, unknown>> =>
  document['last_updated'] === undefined && lastUpdated !== undefined
    ? { ...document, last_updated: lastUpdated }
    : document;

export const tariffVersion: Decider<
  PublishTariff,
  TariffVersion,
  TariffVersionEvent,
  'content-unchanged'
> = { initial: { status: 'absent' }, decide, evolve };
