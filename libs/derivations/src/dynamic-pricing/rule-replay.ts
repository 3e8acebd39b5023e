import type { PricingRuleSet, RegistryEvent, SessionEvent } from '@tallywatt/contracts';
import { instantFromEpochMs, localParts, parseInstant, type Instant } from '@tallywatt/time';
import { nextVersion, type NextVersion, type PublishedVersion } from './next-version';
import {
  isCountedFrom,
  siteChargePointOf,
  siteObservation,
  siteSessionAfter,
  type SiteChargePoint,
  type SiteSession,
  type SiteUnknown,
} from './site-observation';
import type { TariffDocument } from './tariff-prices';

/** A fact of a site, and since when it is known. */
export type SiteFact = Readonly<{ recordedAt: Instant; event: SessionEvent | RegistryEvent }>;

/** A version that a rule would have published, and when that was at the site. */
export type ReplayedVersion = NextVersion &
  Readonly<{ publishedAt: Instant; localDate: string; localTime: string }>;

export type RuleReplay = Readonly<{
  versions: readonly ReplayedVersion[];
  /** Minutes in which nothing could be said of the site, by reason. */
  minutesUnknown: ReadonlyMap<SiteUnknown['unknown'], number>;
}>;

const minuteMs = 60_000;

/**
 * What a rule would have published had it been set at `from` and asked each minute before `to`:
 * by the same functions as in the service, and each minute knowing what was recorded by then.
 *
 * @param facts in the order in which they were recorded.
 */
export const replayRule = (
  rule: PricingRuleSet,
  base: TariffDocument,
  facts: readonly SiteFact[],
  { from, to }: Readonly<{ from: Instant; to: Instant }>,
): RuleReplay => {
  const site = new KnownSite(rule);
  const versions: ReplayedVersion[] = [];
  const minutesUnknown = new Map<SiteUnknown['unknown'], number>();
  let latest: PublishedVersion = { version: rule.base.version, document: base, publishedAt: from };
  let known = 0;
  for (let atMs = parseInstant(from); atMs < parseInstant(to); atMs += minuteMs) {
    const at = instantFromEpochMs(atMs);
    for (let fact = facts[known]; fact !== undefined && fact.recordedAt <= at;) {
      site.take(fact.event);
      known += 1;
      fact = facts[known];
    }
    const observation = site.observe(at);
    if ('unknown' in observation) {
      const { unknown } = observation;
      minutesUnknown.set(unknown, (minutesUnknown.get(unknown) ?? 0) + 1);
      continue;
    }
    const decision = nextVersion(rule, base, latest, observation);
    if (decision.kind !== 'accepted') continue;
    const { date, time } = localParts(atMs, observation.timeZone);
    for (const { document, adjustedBy } of decision.events) {
      latest = { version: latest.version + 1n, document, publishedAt: at, adjustedBy };
      versions.push({ document, adjustedBy, publishedAt: at, localDate: date, localTime: time });
    }
  }
  return { versions, minutesUnknown };
};

/** What is known of a site while time goes on. */
class KnownSite {
  private readonly chargePoints = new Map<string, SiteChargePoint>();
  private readonly sessions = new Map<string, SiteSession>();

  constructor(private readonly rule: Pick<PricingRuleSet, 'cpoId' | 'locationIds'>) {}

  take(event: SiteFact['event']): void {
    if (event.cpoId !== this.rule.cpoId) return;
    if (event.type === 'ChargePointRegistered') {
      const chargePoint = siteChargePointOf(event);
      this.chargePoints.set(chargePoint.chargePointId, chargePoint);
      return;
    }
    const after = siteSessionAfter(this.sessions.get(event.sessionId), event);
    if (after !== undefined) this.sessions.set(event.sessionId, after);
  }

  observe(at: Instant): ReturnType<typeof siteObservation> {
    const { locationIds } = this.rule;
    for (const [sessionId, session] of this.sessions) {
      if (!isCountedFrom(session, at)) this.sessions.delete(sessionId);
    }
    const chargePoints = [...this.chargePoints.values()];
    return siteObservation(
      { chargePoints, sessions: [...this.sessions.values()] },
      locationIds,
      at,
    );
  }
}
