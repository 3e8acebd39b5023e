import type { TariffAdjustment, TariffPublished } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Fault } from '@tallywatt/service-kit';
import { instantFromEpochMs, parseInstant, type Instant } from '@tallywatt/time';
import { tariffVersion, type TariffVersion } from '../domain/tariff-version';
import { loadRule } from '../outbound/pricing-rule-table';
import { findBase, keepTariffs, lockTariff, type TariffKey } from '../outbound/tariff-tables';
import { readHandedIn, readTariff, type ReadTariff } from './tariff-reading';

export type Publication = Readonly<{
  tariffId: string;
  version: bigint;
  contentHash: string;
  /** False: the latest version says the same already. */
  isNew: boolean;
  warnings: readonly Fault[];
}>;

/** Where tariffs are handed in. */
export class TariffDesk {
  constructor(private readonly eventLog: EventLog) {}

  /** @throws Problem 422 with every fault of the tariff by its JSON path. */
  async publish(key: TariffKey, body: unknown): Promise<Publication> {
    const read = readHandedIn(key.tariffId, body);
    return this.eventLog.transaction(async (tx) => {
      const latest = await lockTariff(tx, key);
      const now = instantFromEpochMs(Date.now());
      const again = leavesToAdjusted(latest, read, now)
        ? await this.publishBaseAgain(tx, latest, key, now)
        : undefined;
      const before = again === undefined ? latest : tariffVersion.evolve(latest, again);
      const published = await this.publishVersion(tx, before, { cpoId: key.cpoId, read, now });
      const { version, contentHash } = publishedVersion(published, before);
      return {
        tariffId: key.tariffId,
        version,
        contentHash,
        isNew: published !== undefined,
        warnings: [
          ...read.warnings,
          ...(again === undefined ? [] : [baseAgain(again)]),
          ...(published === undefined ? [] : repeatedAdjusted(published, latest)),
          ...(published === undefined ? [] : await superseded(tx, key, version)),
        ],
      };
    });
  }

  /**
   * Publishes once more, dated anew, what a person has published last: a reader of OCPI would keep
   * the version of a rule as the later one.
   *
   * @param latest a version that a rule made.
   */
  async publishBaseAgain(
    tx: SqlClient,
    latest: TariffVersion,
    key: TariffKey,
    now: Instant,
  ): Promise<TariffPublished> {
    const base = await findBase(tx, key);
    if (base === undefined) throw new Error(`the rule of tariff ${key.tariffId} has no base`);
    const document = { ...(JSON.parse(base.ocpi_tariff_json) as object), last_updated: now };
    const read = readTariff(key.tariffId, document);
    const published = await this.publishVersion(tx, latest, { cpoId: key.cpoId, read, now });
    if (published === undefined) throw new Error('what a rule has published is not repeated');
    return published;
  }

  /**
   * The one way to a new version, for people and for rules, under the lock of the tariff's row.
   *
   * @returns undefined when the latest version says the same already.
   */
  async publishVersion(
    tx: SqlClient,
    latest: TariffVersion,
    {
      cpoId,
      read: { document, tariff },
      adjustedBy,
      now,
    }: Readonly<{ cpoId: string; read: ReadTariff; adjustedBy?: TariffAdjustment; now: Instant }>,
  ): Promise<TariffPublished | undefined> {
    const why = adjustedBy === undefined ? {} : { adjustedBy };
    const decision = tariffVersion.decide(
      { type: 'PublishTariff', cpoId, document, tariff, ...why, now },
      latest,
    );
    if (decision.kind !== 'accepted') return undefined;
    const published = decision.events as readonly TariffPublished[];
    await this.eventLog.append(
      tx,
      published.map((event) => ({ event, occurredAt: now })),
      { recordedAt: now },
    );
    await keepTariffs(tx, published);
    return published[0];
  }
}

/**
 * Whether a version that a rule made would price starts before or after the dates of a new one: a
 * rule does not take back its price once a person has published.
 */
const leavesToAdjusted = (latest: TariffVersion, { tariff }: ReadTariff, now: Instant): boolean => {
  if (latest.status !== 'published' || !latest.isAdjusted) return false;
  const { startAtMs, endAtMs } = tariff;
  return (startAtMs !== undefined && startAtMs > parseInstant(now)) || endAtMs !== undefined;
};

const baseAgain = ({ tariff }: TariffPublished): Fault => ({
  path: '$',
  message:
    `version ${tariff.version} takes back the prices of a pricing rule: it is what a person ` +
    'published last, and in force where the dates of this one do not hold',
});

/** Whoever hands in what GET has shown may not have meant the prices of a rule to stay. */
const repeatedAdjusted = ({ tariff }: TariffPublished, latest: TariffVersion): Fault[] =>
  latest.status === 'published' && latest.isAdjusted && latest.contentHash === tariff.contentHash
    ? [
        {
          path: '$',
          message: `is what a pricing rule made of its base, as version ${latest.version}: its prices are what a person set from now on`,
        },
      ]
    : [];

/** A person's publication wins; who published it is told which rule stands still since. */
const superseded = async (tx: SqlClient, key: TariffKey, version: bigint): Promise<Fault[]> => {
  const rule = await loadRule(tx, key);
  if (rule.status !== 'set') return [];
  const message = `pricing rule ${rule.rule.ruleId} stands still until it is set on version ${version}`;
  return [{ path: '$', message }];
};

const publishedVersion = (
  published: TariffPublished | undefined,
  latest: TariffVersion,
): Pick<Publication, 'version' | 'contentHash'> => {
  if (published !== undefined) return published.tariff;
  if (latest.status === 'absent')
    throw new Error('a tariff without versions has nothing to repeat');
  return latest;
};
