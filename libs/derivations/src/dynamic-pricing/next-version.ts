import type { PricingRuleSet, SiteObservation, TariffAdjustment } from '@tallywatt/contracts';
import { accept, ignore, type Decision } from '@tallywatt/decider';
import { parseInstant, type Instant } from '@tallywatt/time';
import { adjustedTariff } from './adjusted-tariff';
import { holdingStep } from './pricing-step';
import type { TariffDocument } from './tariff-prices';

/** A version of a tariff, and why it was published if a rule did it. */
export type PublishedVersion = Readonly<{
  version: bigint;
  document: TariffDocument;
  publishedAt: Instant;
  adjustedBy?: TariffAdjustment | undefined;
}>;

/** A version that a rule wants published. */
export type NextVersion = Readonly<{ document: TariffDocument; adjustedBy: TariffAdjustment }>;

export type StandStillReason = 'base-superseded' | 'prices-unchanged' | 'dwell-not-over';

/** Whether what a person published last is what the rule was set for. */
export const isBaseInForce = (
  rule: Pick<PricingRuleSet, 'base'>,
  { version, adjustedBy }: Pick<PublishedVersion, 'version' | 'adjustedBy'>,
): boolean => (adjustedBy?.baseVersion ?? version) === rule.base.version;

/**
 * Which version a rule publishes next. The same for the service and for a dry run: it follows from
 * the rule, the base, the latest version and what was observed.
 *
 * @param base the document of the rule's base version.
 * @param latest the latest version of the tariff, whoever published it.
 */
export const nextVersion = (
  rule: PricingRuleSet,
  base: TariffDocument,
  latest: PublishedVersion,
  observation: SiteObservation,
): Decision<NextVersion, StandStillReason> => {
  if (!isBaseInForce(rule, latest)) return ignore('base-superseded');
  const { adjustedBy } = latest;
  const at = observation.observedAt;
  const versions = { base, standing: latest.document };
  const isOurs = adjustedBy?.ruleId === rule.ruleId && adjustedBy.ruleRevision === rule.revision;
  const heldIndex = isOurs ? adjustedBy.stepIndex : undefined;
  // A step after another of the same prices makes no version that would name it.
  const stepIndex = holdingStep(
    rule,
    observation,
    (index) =>
      heldIndex !== undefined &&
      (index === heldIndex || adjustedTariff(rule, index, versions, at).isUnchanged),
  );
  const { document, limits, isUnchanged, leavesBounds } = adjustedTariff(
    rule,
    stepIndex,
    versions,
    at,
  );
  if (isUnchanged) return ignore('prices-unchanged');
  // A person's own version is not waited for, nor is a price outside of what is allowed since.
  if (adjustedBy !== undefined && !leavesBounds && !isDwellOver(rule, latest, at)) {
    return ignore('dwell-not-over');
  }
  return accept({
    document,
    adjustedBy: {
      ruleId: rule.ruleId,
      ruleRevision: rule.revision,
      baseVersion: rule.base.version,
      baseContentHash: rule.base.contentHash,
      ...(stepIndex === undefined ? {} : { stepIndex }),
      observation,
      limits,
    },
  });
};

const isDwellOver = (
  { dwellMinutes }: PricingRuleSet,
  { publishedAt }: PublishedVersion,
  at: Instant,
): boolean => parseInstant(at) >= parseInstant(publishedAt) + dwellMinutes * 60_000;
