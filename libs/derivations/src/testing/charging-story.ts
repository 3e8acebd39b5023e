import type { CdrEvent, SessionEvent, SessionStarted } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { decimalFromString } from '@tallywatt/money';
import { parseTariff, type OcpiTariff } from '@tallywatt/tariffs';
import { specification } from '@tallywatt/testing';
import type { PinnedTariff } from '../pinned-tariff';
import {
  ratedSession,
  type IgnoreReason,
  type IssueCdr,
  type RatedSession,
  type RatedSessionEvent,
} from '../rated-session';

// One charging session, told event by event, and the tariffs it can be priced with.

export const identity = { cpoId: 'default', sessionId: '3f0c9c1e-7c55-5d0e-9d51-5a1f0b7f2c10' };
export const contentHash = 'a'.repeat(64);
export const tariffReference = {
  tariffId: 'ac',
  version: 3n,
  contentHash,
  billsParkingTime: true,
} as const;
export const berlin = {
  locationId: 'LOC-1',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  taxRatePercent: decimalFromString('19'),
};
export const decision: SessionStarted['decision'] = {
  decisionId: 'd-1',
  status: 'Accepted',
  tokenRef: 'token-1',
  tier: 'retail',
  paymentRoute: 'card',
  hold: { amountMinor: 5000n, currency: 'EUR' },
  tariff: tariffReference,
  rule: 'retail',
  decidedAt: '2026-06-01T13:30:00.000Z',
};

/** The same for a driver with 10 kWh included each month. */
export const drawing: SessionStarted['decision'] = {
  ...decision,
  tier: 'member',
  driverRef: 'driver-1',
  includedEnergy: { subjectRef: 'driver-1', monthlyMilliWh: 10_000_000n },
};

export const started = (changes: Partial<SessionStarted> = {}): SessionStarted => ({
  type: 'SessionStarted',
  ...identity,
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '4711',
  occurrence: 1,
  meterStartMilliWh: 1_000_000_000n,
  startedAt: '2026-06-01T13:30:00.000Z',
  powerWMax: 22_000n,
  location: berlin,
  decision,
  ...changes,
});
export const reading = (
  readAt: string,
  registerMilliWh: bigint,
  implausibleReason?: string,
): SessionEvent => ({
  type: 'MeterValuesRecorded',
  ...identity,
  reportedIn: 'meter-values',
  readings: [
    {
      readAt,
      context: 'Sample.Periodic',
      registerMilliWh,
      ...(implausibleReason === undefined ? {} : { implausibleReason }),
    },
  ],
});
export const stateChanged = (
  changedAt: string,
  chargingState: 'SuspendedEV' | 'SuspendedEVSE' | 'EVConnected' | 'Charging',
): SessionEvent => ({ type: 'ChargingStateChanged', ...identity, changedAt, chargingState });
export const stopped: SessionEvent = {
  type: 'SessionStopped',
  ...identity,
  stoppedAt: '2026-06-01T14:40:00.000Z',
  meterStopMilliWh: 1_012_000_000n,
  stopReason: 'Local',
};
export const corrected = (meterStopMilliWh: bigint): SessionEvent => ({
  type: 'StopCorrected',
  ...identity,
  stoppedAt: '2026-06-01T14:40:00.000Z',
  meterStopMilliWh,
  correctedBy: 'operator@example.org',
  reason: 'Photograph of the meter.',
});
export const closed = (closedAt = '2026-06-01T14:40:00.000Z'): SessionEvent => ({
  type: 'SessionClosed',
  ...identity,
  closedAt,
  closedBy: 'available',
});
export const quarantined = (reason: string): SessionEvent => ({
  type: 'SessionQuarantined',
  ...identity,
  reason,
  detail: `because of ${reason}`,
});
export const released = (reason: string): SessionEvent => ({
  type: 'SessionReleased',
  ...identity,
  reason,
  detail: 'looked at',
});

export const component = (type: string, price: number) => ({ type, price, vat: 19, step_size: 1 });
export const tariffOf = (elements: unknown[], tallywatt = {}): OcpiTariff => {
  const parsed = parseTariff({ id: 'ac', currency: 'EUR', elements, tallywatt });
  if (!parsed.ok) throw new Error(parsed.faults.map(({ path }) => path).join());
  return parsed.tariff;
};
export const because = 'Something arrived after the CDR.';
export const issueBy = (pinned: PinnedTariff): IssueCdr => ({ type: 'IssueCdr', pinned, because });
export const issue = (tariff: OcpiTariff): IssueCdr =>
  issueBy({ kind: 'found', contentHash, tariff });
export const flatEnergy = issue(tariffOf([{ price_components: [component('ENERGY', 0.5)] }]));
export const dayAndEvening = issue(
  tariffOf([
    {
      price_components: [component('ENERGY', 0.6)],
      restrictions: { start_time: '16:00', end_time: '20:00' },
    },
    { price_components: [component('ENERGY', 0.4)] },
  ]),
);
export const withIdleFee = issue(
  tariffOf([{ price_components: [component('ENERGY', 0.5), component('PARKING_TIME', 6)] }], {
    idle_grace_seconds: 600,
  }),
);

export const { given } = specification<IssueCdr, RatedSession, RatedSessionEvent, IgnoreReason>(
  ratedSession,
);

/** The events that a command leads to. */
export const allDecided = (
  command: IssueCdr,
  ...history: RatedSessionEvent[]
): readonly CdrEvent[] => {
  const decision = ratedSession.decide(command, fold(ratedSession, history));
  if (decision.kind !== 'accepted') throw new Error(`${decision.kind}: ${decision.reason}`);
  return decision.events;
};

/** The one event that a command leads to. */
export const decided = (command: IssueCdr, ...history: RatedSessionEvent[]): CdrEvent => {
  const events = allDecided(command, ...history);
  expect(events).toHaveLength(1);
  return events[0] as CdrEvent;
};
