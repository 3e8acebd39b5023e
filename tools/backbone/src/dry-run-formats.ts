import type { PricingRuleSet, SiteObservation } from '@tallywatt/contracts';
import { pricesOf, type ReplayedVersion, type RuleReplay } from '@tallywatt/derivations';
import { decimalToString } from '@tallywatt/money';
import { columns } from './command';

/** The prices of a version, by dimension, each once. */
const pricesText = ({ bounds }: PricingRuleSet, { document }: ReplayedVersion): string =>
  bounds
    .map(({ dimension }) => {
      const prices = pricesOf(document).filter((one) => one.dimension === dimension);
      const texts = new Set(prices.map(({ price }) => decimalToString(price)));
      return `${dimension} ${[...texts].join(', ')}`;
    })
    .join('; ');

const observedText = (observation: SiteObservation): string => {
  const { connectors, connectorsInSession, sessionsStartedInHour } = observation;
  const percent = Math.floor((connectorsInSession * 100) / connectors);
  return `${connectorsInSession} of ${connectors} in session (${percent} %), ${sessionsStartedInHour} starts in the hour`;
};

const limitsText = ({ adjustedBy }: ReplayedVersion): string =>
  adjustedBy.limits.map(({ dimension, limit }) => `${dimension} at ${limit}`).join(', ');

/** For people: by day, when the rule would have published what, and why. */
export const replayTable = (
  rule: PricingRuleSet,
  { versions, minutesUnknown }: RuleReplay,
): string =>
  [
    ...(versions.length === 0
      ? ['the rule would have published nothing']
      : [
          columns([
            ['day', 'time', 'price', 'step', 'because', 'limited'],
            ...versions.map((version) => [
              version.localDate,
              version.localTime,
              pricesText(rule, version),
              version.adjustedBy.stepIndex === undefined
                ? 'base'
                : String(version.adjustedBy.stepIndex),
              observedText(version.adjustedBy.observation),
              limitsText(version),
            ]),
          ]),
          'Times are those of the wall clock at the site.',
        ]),
    ...[...minutesUnknown].map(
      ([reason, minutes]) => `it would have stood still for ${minutes} minutes: ${reason}`,
    ),
  ].join('\n');

/** The versions with all that each follows from. */
export const versionsJson = ({ versions }: RuleReplay) =>
  versions.map(({ publishedAt, localDate, localTime, adjustedBy, document }) => ({
    publishedAt,
    localDate,
    localTime,
    adjustedBy,
    tariff: document,
  }));
