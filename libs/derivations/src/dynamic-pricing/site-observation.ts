import type { RegistryEvent, SessionEvent, SiteObservation } from '@tallywatt/contracts';
import { instantFromEpochMs, isTimeZone, parseInstant, type Instant } from '@tallywatt/time';

/** A charge point, as far as the utilisation of its site depends on it. */
export type SiteChargePoint = Readonly<{
  cpoId: string;
  chargePointId: string;
  locationId: string;
  /** IANA zone. */
  timeZone: string;
  connectorIds: readonly number[];
}>;

/** A session, as far as the utilisation of its site depends on it. Times are the charger's claim. */
export type SiteSession = Readonly<{
  cpoId: string;
  sessionId: string;
  locationId: string;
  chargePointId: string;
  /** 0 where the station had not named its EVSE when the session began. */
  connectorId: number;
  startedAt: Instant;
  /** Left out while the session goes on: also an idle vehicle keeps its connector from others. */
  closedAt?: Instant;
}>;

/** Why nothing can be said of a site: what is unknown is not taken as empty. */
export type SiteUnknown = Readonly<{
  unknown: 'location-without-connectors' | 'time-zone-unknown' | 'time-zones-differ';
  detail: string;
}>;

export type Site = Readonly<{
  chargePoints: readonly SiteChargePoint[];
  sessions: readonly SiteSession[];
}>;

const hourMs = 3_600_000;

/** A charge point as it was registered last. */
export const siteChargePointOf = ({
  cpoId,
  chargePointId,
  location,
  connectors,
}: Extract<RegistryEvent, { type: 'ChargePointRegistered' }>): SiteChargePoint => ({
  cpoId,
  chargePointId,
  locationId: location.locationId,
  timeZone: location.timeZone,
  connectorIds: connectors.map(({ connectorId }) => connectorId),
});

/** What is known of a session after a fact; facts that end no wait for a connector change nothing. */
export const siteSessionAfter = (
  before: SiteSession | undefined,
  event: SessionEvent,
): SiteSession | undefined => {
  if (event.type === 'SessionStarted') {
    if (before !== undefined) return before;
    const { cpoId, sessionId, chargePointId, connectorId, startedAt, location } = event;
    const { locationId } = location;
    return { cpoId, sessionId, locationId, chargePointId, connectorId, startedAt };
  }
  return event.type === 'SessionClosed' && before !== undefined
    ? { ...before, closedAt: event.closedAt }
    : before;
};

/** The start of the hour in which starts are counted. */
export const hourBefore = (at: Instant): Instant => instantFromEpochMs(parseInstant(at) - hourMs);

/** Whether a session can still be counted at `at` or later. */
export const isCountedFrom = ({ startedAt, closedAt }: SiteSession, at: Instant): boolean =>
  closedAt === undefined || closedAt > at || startedAt > hourBefore(at);

/**
 * What is known of a site at `at`, by the times that its chargers claim: in whatever order facts
 * came, the same facts say the same. A session that has not begun then is not counted yet.
 *
 * @param locationIds the locations that make up the site; others are passed over.
 */
export const siteObservation = (
  { chargePoints, sessions }: Site,
  locationIds: readonly string[],
  at: Instant,
): SiteObservation | SiteUnknown => {
  const here = chargePoints.filter(({ locationId }) => locationIds.includes(locationId));
  const bare = locationIds.find(
    (id) => !here.some(({ locationId, connectorIds }) => locationId === id && connectorIds.length),
  );
  if (bare !== undefined) return { unknown: 'location-without-connectors', detail: bare };
  const zones = [...new Set(here.map(({ timeZone }) => timeZone))].sort();
  const [timeZone = ''] = zones;
  if (zones.length > 1) return { unknown: 'time-zones-differ', detail: zones.join(', ') };
  if (!isTimeZone(timeZone)) return { unknown: 'time-zone-unknown', detail: timeZone };

  const fromAt = hourBefore(at);
  const taken = new Map<string, Set<string>>();
  const started = new Set<string>();
  for (const session of sessions) {
    const { locationId, sessionId, chargePointId, connectorId, startedAt, closedAt } = session;
    if (!locationIds.includes(locationId) || startedAt > at) continue;
    if (closedAt === undefined || closedAt > at) {
      const places = taken.get(chargePointId) ?? new Set<string>();
      // Each vehicle has a connector of its own, also where nobody says which.
      taken.set(chargePointId, places.add(connectorId === 0 ? sessionId : `${connectorId}`));
    }
    if (startedAt > fromAt) started.add(sessionId);
  }
  return {
    observedAt: at,
    timeZone,
    connectors: here.reduce((sum, { connectorIds }) => sum + connectorIds.length, 0),
    connectorsInSession: here.reduce(
      (sum, { chargePointId, connectorIds }) =>
        sum + Math.min(taken.get(chargePointId)?.size ?? 0, connectorIds.length),
      0,
    ),
    sessionsStartedInHour: started.size,
  };
};
