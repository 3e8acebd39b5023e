import {
  canonicalJson,
  encodeEvent,
  type PricingRuleSet,
  type TariffEvent,
  type TariffPublished,
} from '@tallywatt/contracts';
import { nextVersion, type PublishedVersion, type TariffDocument } from '@tallywatt/derivations';

/** What the stream of a tariff has said so far. */
type Told = {
  readonly bases: Map<bigint, Readonly<{ contentHash: string; document: TariffDocument }>>;
  rule: PricingRuleSet | undefined;
  latest: PublishedVersion | undefined;
};

/**
 * Versions that a rule made, as they follow again from the rule, its base, the version before and
 * what was observed. Events of one tariff have to come in order.
 */
export class TariffDerivation {
  private readonly tariffs = new Map<string, Told>();

  /** @returns what is wrong with a version that a rule made. */
  take(event: TariffEvent): string | undefined {
    switch (event.type) {
      case 'PricingRuleSet':
        this.toldOf(event.cpoId, event.base.tariffId).rule = event;
        return undefined;
      case 'PricingRuleRemoved':
        this.toldOf(event.cpoId, event.tariffId).rule = undefined;
        return undefined;
      case 'TariffPublished':
        return this.takeVersion(event);
      default:
        return undefined;
    }
  }

  private takeVersion(event: TariffPublished): string | undefined {
    const { cpoId, tariff, ocpiTariffJson, publishedAt, adjustedBy } = event;
    const told = this.toldOf(cpoId, tariff.tariffId);
    const fault = adjustedBy === undefined ? undefined : faultOf(event, told);
    const { version, contentHash } = tariff;
    const document = JSON.parse(ocpiTariffJson) as TariffDocument;
    if (adjustedBy === undefined) told.bases.set(version, { contentHash, document });
    told.latest = { version, document, publishedAt, adjustedBy };
    return fault;
  }

  private toldOf(cpoId: string, tariffId: string): Told {
    const key = `${cpoId}/${tariffId}`;
    const known = this.tariffs.get(key);
    if (known !== undefined) return known;
    const told: Told = { bases: new Map(), rule: undefined, latest: undefined };
    this.tariffs.set(key, told);
    return told;
  }
}

const faultOf = (event: TariffPublished, { rule, bases, latest }: Told): string | undefined => {
  const { adjustedBy } = event;
  if (adjustedBy === undefined) return undefined;
  const { ruleId, ruleRevision, baseVersion, baseContentHash, observation } = adjustedBy;
  if (rule?.ruleId !== ruleId || rule.revision !== ruleRevision) {
    return `revision ${ruleRevision} of rule ${ruleId} is not what was set then`;
  }
  const base = bases.get(baseVersion);
  if (base?.contentHash !== baseContentHash || latest === undefined) {
    return `no person published version ${baseVersion} with the hash ${baseContentHash}`;
  }
  const decision = nextVersion(rule, base.document, latest, observation);
  if (decision.kind !== 'accepted') return `rule ${ruleId} publishes nothing: ${decision.reason}`;
  const [next] = decision.events;
  if (next === undefined) return `rule ${ruleId} publishes nothing`;
  const ocpiTariffJson = canonicalJson(next.document);
  const derived = { ...event, ocpiTariffJson, adjustedBy: next.adjustedBy };
  return encodeEvent(derived).contentHash === encodeEvent(event).contentHash
    ? undefined
    : `rule ${ruleId} yields another version: ${ocpiTariffJson}`;
};
