import type { TariffAdjustment, TariffPublished } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Fault } from '@tallywatt/service-kit';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { tariffVersion, type TariffVersion } from '../domain/tariff-version';
import { loadRule } from '../outbound/pricing-rule-table';
import { keepTariffs, lockTariff, type TariffKey } from '../outbound/tariff-tables';
import { readTariff, type ReadTariff } from './tariff-reading';

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
    const read = readTariff(key.tariffId, body);
    return this.eventLog.transaction(async (tx) => {
      const latest = await lockTariff(tx, key);
      const now = instantFromEpochMs(Date.now());
      const published = await this.publishVersion(tx, latest, { cpoId: key.cpoId, read, now });
      const { version, contentHash } = publishedVersion(published, latest);
      return {
        tariffId: key.tariffId,
        version,
        contentHash,
        isNew: published !== undefined,
        warnings: [
          ...read.warnings,
          ...(published === undefined ? [] : await superseded(tx, key, version)),
        ],
      };
    });
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
