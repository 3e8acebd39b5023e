import {
  canonicalJson,
  sha256Hex,
  type PricingRuleSet,
  type TariffPublished,
  type TopicName,
} from '@tallywatt/contracts';
import type { PricingRuleTerms, SiteFact } from '@tallywatt/derivations';
import { logEnds, scanLog, type KafkaConnection, type ScannedRecord } from '@tallywatt/event-log';
import { UsageFault } from './command';
import { placeText } from './log-access';

/** What the log knows of a rule's tariff and its site. */
export type RuleGround = Readonly<{
  rule: PricingRuleSet;
  base: Readonly<Record<string, unknown>>;
  /** In the order in which they were recorded. */
  facts: readonly SiteFact[];
  /** Records that may be of the site and cannot be read. */
  unreadable: readonly string[];
}>;

const topics = [
  'charging.sessions.v1',
  'charging.registry.v1',
  'pricing.tariffs.v1',
] as const satisfies readonly TopicName[];

/**
 * Reads what a rule would have known. Nothing is written.
 *
 * @throws UsageFault when the base version is none that a person has published.
 */
export const ruleGround = async (
  kafka: KafkaConnection,
  cpoId: string,
  terms: PricingRuleTerms,
  from: string,
): Promise<RuleGround> => {
  const ends = await logEnds({ ...kafka, topics });
  const site = new SiteReading(cpoId, terms.locationIds);
  let published: TariffPublished | undefined;
  const scan = (topic: TopicName, take: (record: ScannedRecord) => void): Promise<void> =>
    scanLog({ ...kafka, topics: [topic], ends, take: (records) => records.forEach(take) });
  await scan('pricing.tariffs.v1', ({ recorded }) => {
    const event = recorded?.event;
    if (event?.type !== 'TariffPublished' || event.cpoId !== cpoId) return;
    const { tariffId, version } = event.tariff;
    if (tariffId === terms.tariffId && version === terms.baseVersion) published = event;
  });
  const base = readBase(published, terms);
  await scan('charging.registry.v1', (record) => site.take(record));
  await scan('charging.sessions.v1', (record) => site.take(record));
  const { tariffId: _, baseVersion: __, ...asked } = terms;
  return {
    rule: {
      type: 'PricingRuleSet',
      cpoId,
      ruleId: 'dry-run',
      revision: 1n,
      base: base.reference,
      ...asked,
      setBy: 'dry-run',
      setAt: from,
    },
    base: base.document,
    facts: site.facts(),
    unreadable: site.unreadable,
  };
};

const readBase = (
  published: TariffPublished | undefined,
  { tariffId, baseVersion }: PricingRuleTerms,
) => {
  const name = `version ${baseVersion} of tariff ${tariffId}`;
  if (published === undefined) throw new UsageFault(`no record publishes ${name}`);
  if (published.adjustedBy !== undefined) {
    throw new UsageFault(`${name} was published by rule ${published.adjustedBy.ruleId}`);
  }
  const document = JSON.parse(published.ocpiTariffJson) as Readonly<Record<string, unknown>>;
  if (sha256Hex(canonicalJson(document)) !== published.tariff.contentHash) {
    throw new UsageFault(`the text of ${name} has not the hash that the log says`);
  }
  return { reference: published.tariff, document };
};

/** Collects starts and closes of sessions at a site, and where its charge points are. */
class SiteReading {
  private readonly taken: SiteFact[] = [];
  private readonly followed = new Set<string>();
  private readonly lastRecordedAt = new Map<string, string>();
  readonly unreadable: string[] = [];

  constructor(
    private readonly cpoId: string,
    private readonly locationIds: readonly string[],
  ) {}

  take({ key, position, recorded, fault }: ScannedRecord): void {
    if (recorded === undefined) {
      if (key.startsWith(`${this.cpoId}/`))
        this.unreadable.push(`${placeText(position)}: ${fault}`);
      return;
    }
    const { event, metadata } = recorded;
    if (event.cpoId !== this.cpoId) return;
    switch (event.type) {
      case 'ChargePointRegistered':
        break; // also when it is elsewhere: it may have been moved away
      case 'SessionStarted':
        if (!this.locationIds.includes(event.location.locationId)) return;
        this.followed.add(key);
        break;
      case 'SessionClosed':
        if (!this.followed.has(key)) return;
        break;
      default:
        return;
    }
    // Facts of one stream are known in their order, whatever the clocks of two replicas say.
    const before =
      this.lastRecordedAt.get(`${event.type === 'ChargePointRegistered'} ${key}`) ?? '';
    const recordedAt = metadata.recordedAt > before ? metadata.recordedAt : before;
    this.lastRecordedAt.set(`${event.type === 'ChargePointRegistered'} ${key}`, recordedAt);
    this.taken.push({ recordedAt, event });
  }

  facts(): readonly SiteFact[] {
    const order = (a: SiteFact, b: SiteFact): number =>
      a.recordedAt < b.recordedAt ? -1 : a.recordedAt > b.recordedAt ? 1 : 0;
    return this.taken.sort(order);
  }
}
