import type { MeterReading, SessionCostEstimated, SessionEvent } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { PinnedTariff } from './pinned-tariff';
import { pricedFacts } from './priced-facts';
import type { RatedSession } from './rated-session';
import type { SessionFacts, StoppedFacts } from './session-facts';

/** What a running session would cost now, or why nobody can say. */
export type SessionEstimate =
  | Readonly<{ kind: 'estimated'; estimate: SessionCostEstimated }>
  /** `reason` in kebab-case; `detail` is a sentence for a person. */
  | Readonly<{ kind: 'none'; reason: string; detail: string }>;

/**
 * What a session would cost if it had stopped, and been closed, at its newest fact: by the function
 * that prices its CDR. None once it is closed, while it is doubted, and when the price is refused:
 * an estimate is shown to a driver, and a guess is worse than none.
 *
 * @param sessionSequence number of the last event of the session's stream that `session` holds.
 */
export const sessionEstimate = (
  session: RatedSession,
  pinned: PinnedTariff,
  sessionSequence: bigint,
): SessionEstimate => {
  if (session.status === 'absent') return none('session-unknown', 'no session has started');
  const { facts } = session;
  if (facts.closedAt !== undefined) {
    return none('session-closed', `the session was closed at ${facts.closedAt}`);
  }
  const priced = pricedFacts(stoppedNow(facts), pinned);
  if (!priced.ok) return none(priced.reason, priced.detail);
  const { report, reference: tariff } = priced;
  const { cpoId, sessionId, chargePointId, connectorId } = facts.started;
  const estimate: SessionCostEstimated = {
    type: 'SessionCostEstimated',
    cpoId,
    sessionId,
    chargePointId,
    connectorId,
    tariff,
    asOf: priced.facts.closedAt,
    sessionSequence,
    energyMilliWh: report.energyMilliWh,
    chargingSeconds: report.chargingSeconds,
    parkingSeconds: report.parkingSeconds,
    currency: report.currency,
    totalExclTaxMinor: report.totals.exclTaxMinor,
    totalTaxMinor: report.totals.taxMinor,
    totalInclTaxMinor: report.totals.inclTaxMinor,
    ratingPolicyId: report.ratingPolicyId,
    roundingPolicyId: report.roundingPolicyId,
    interpolationPolicyId: report.interpolationPolicyId,
    ...(facts.started.decision.includedEnergy === undefined ? {} : { beforeIncludedEnergy: true }),
  };
  return { kind: 'estimated', estimate };
};

const none = (reason: string, detail: string): SessionEstimate => ({
  kind: 'none',
  reason,
  detail,
});

/**
 * Whether facts that came together may change what a running session would cost: its meter, what
 * the vehicle does, and its stop do, so does what a person decides about these. A start alone has
 * nothing to show.
 *
 * A price looks at all readings there are. So that a session of thousands does not cost the square
 * of it, readings alone ask again only once there is a five-hundredth more to look at than at the
 * last estimate; up to 500 facts each of them does.
 *
 * @param sequence number of the last of the facts in the session's stream.
 * @param estimatedSequence the number that the last estimate rests on, 0 when there is none.
 */
export const isEstimateDue = (
  facts: readonly SessionEvent[],
  sequence: bigint,
  estimatedSequence: bigint,
): boolean => {
  if (sequence <= estimatedSequence) return false;
  const asking = facts.filter(({ type }) => asks.has(type));
  const areReadings = asking.every(({ type }) => type === 'MeterValuesRecorded');
  return (
    asking.length > 0 &&
    (!areReadings || (sequence - estimatedSequence) * factsEachEstimated >= sequence)
  );
};

const factsEachEstimated = 500n;

const asks: ReadonlySet<SessionEvent['type']> = new Set([
  'MeterValuesRecorded',
  'ChargingStateChanged',
  'SessionStopped',
  'StopCorrected',
  'SessionReleased',
] as const);

/**
 * Whether an estimate tells a driver nothing that another did not: energy, times and amounts are
 * the same, whatever fact came since.
 */
export const estimatesTheSame = (one: SessionCostEstimated, other: SessionCostEstimated): boolean =>
  one.energyMilliWh === other.energyMilliWh &&
  one.chargingSeconds === other.chargingSeconds &&
  one.parkingSeconds === other.parkingSeconds &&
  one.currency === other.currency &&
  one.totalExclTaxMinor === other.totalExclTaxMinor &&
  one.totalTaxMinor === other.totalTaxMinor;

/** The facts as if the session had stopped and been closed at the newest of them. */
const stoppedNow = (facts: SessionFacts): StoppedFacts => {
  const { started, stop, states } = facts;
  const changes = states.map(({ changedAt }) => changedAt);
  // After the stop only what the vehicle does says that it is still there: parking time runs as
  // far as that, and no clock is asked.
  if (stop !== undefined) return { ...facts, stop, closedAt: latest(stop.stoppedAt, changes) };
  const plausible = facts.readings.filter(
    ({ readAt, implausibleReason }) =>
      implausibleReason === undefined && readAt >= started.startedAt,
  );
  const reads = plausible.map(({ readAt }) => readAt);
  const stoppedAt = latest(started.startedAt, [...changes, ...reads]);
  const meterStopMilliWh = lastRegister(plausible) ?? started.meterStartMilliWh;
  return { ...facts, stop: { stoppedAt, meterStopMilliWh }, closedAt: stoppedAt };
};

const latest = (first: Instant, others: readonly Instant[]): Instant =>
  others.reduce((last, one) => (one > last ? one : last), first);

/** In milli-Wh. Of two values for one instant the larger counts, as it does within a session. */
const lastRegister = (readings: readonly MeterReading[]): bigint | undefined => {
  let readAt = '';
  let register: bigint | undefined;
  for (const reading of readings) {
    const { registerMilliWh } = reading;
    if (registerMilliWh === undefined || reading.readAt < readAt) continue;
    if (register === undefined || reading.readAt > readAt || registerMilliWh > register) {
      register = registerMilliWh;
    }
    readAt = reading.readAt;
  }
  return register;
};
