import type { SessionStarted } from '@tallywatt/contracts';
import { chargingSession, type SessionFact, type StopSession } from './charging-session';

const now = '2026-11-23T12:00:00.000Z';
const at = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`;
const identity = { cpoId: 'default', sessionId: 'S-1' } as const;

const started = (billsParkingTime: boolean): SessionStarted => ({
  type: 'SessionStarted',
  ...identity,
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '7',
  occurrence: 1,
  meterStartMilliWh: 1_000_000n,
  startedAt: at(0),
  powerWMax: 11_000n,
  location: { locationId: 'L', timeZone: 'Europe/Berlin', currency: 'EUR' },
  decision: {
    decisionId: 'D',
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    rule: 'token-accepted',
    decidedAt: at(0),
    tariff: { tariffId: 'T', version: 1n, contentHash: 'ab', billsParkingTime },
  },
});
const read: SessionFact = {
  type: 'MeterValuesRecorded',
  ...identity,
  reportedIn: 'meter-values',
  readings: [{ readAt: at(20), context: 'Sample.Periodic', registerMilliWh: 3_000_000n }],
};
const detail = 'nothing was heard';
const estimated: SessionFact = {
  type: 'SessionStopped',
  ...identity,
  stoppedAt: at(20),
  meterStopMilliWh: 3_000_000n,
  stopReason: 'Other',
  isEstimated: true,
};
const doubted: SessionFact = {
  type: 'SessionQuarantined',
  ...identity,
  reason: 'stop-estimated',
  detail,
};
const closedAt = (minute: number, closedBy: 'stop' | 'available'): SessionFact => ({
  type: 'SessionClosed',
  ...identity,
  closedAt: at(minute),
  closedBy,
});
const stop = { stoppedAt: at(30), meterStopMilliWh: 5_000_000n, stopReason: 'Local' } as const;
const stopCommand = (other: Partial<StopSession> = {}): StopSession => ({
  type: 'StopSession',
  now,
  origin: { cpoId: 'default', chargePointId: 'CP-1', connectorId: 1, orphanId: 'O-1' },
  stop,
  readings: [],
  ...other,
});
describe('a session whose stop was estimated, and whose stay was ended by its connector', () => {
  const ended = [started(true), read, estimated, doubted, closedAt(25, 'available')] as const;
  const after = (facts: readonly SessionFact[]) =>
    facts.reduce(chargingSession.evolve, chargingSession.initial);
  const reasonsAfter = (facts: readonly SessionFact[]) => {
    const decision = chargingSession.decide(stopCommand(), after(facts));
    const state = after([...facts, ...(decision.kind === 'accepted' ? decision.events : [])]);
    return state.status === 'absent' ? [] : state.quarantineReasons;
  };

  // Chargers say Available seconds before the time of their stop, and no end before it can be priced.
  it('is in doubt when its charger tells a stop after that', () =>
    expect(reasonsAfter(ended)).toEqual(['stop-after-close']));

  it('is in none where parking is not billed', () =>
    expect(reasonsAfter([started(false), ...ended.slice(1)])).toEqual([]));
});
