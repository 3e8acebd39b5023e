import type { ChargingSession, SessionCommand } from './charging-session';
import { carryOut, factTime, type StoredSession } from './session-record';

const now = '2026-11-21T12:00:00.000Z';
const startedAt = '2026-11-21T10:00:00.000Z';
const stop = {
  stoppedAt: '2026-11-21T10:30:00.000Z',
  meterStopMilliWh: 6_000n,
  stopReason: 'Local',
};
const active: ChargingSession = {
  status: 'active',
  cpoId: 'default',
  sessionId: 'S-1',
  startedAt,
  meterStartMilliWh: 1_000n,
  powerWMax: 11_000n,
  billsParkingTime: false,
  track: { registerMilliWh: 1_000n, readAt: startedAt },
  quarantineReasons: [],
};
const session: StoredSession = {
  cpoId: 'default',
  sessionId: 'S-1',
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '7',
  fingerprint: 'F',
  occurrence: 1,
  tokenMark: 'mark-1',
  tokenRef: 'token-1',
  idTagInfo: { status: 'Accepted' },
  state: active,
  eventCount: 4,
};
const stopSession: SessionCommand = {
  type: 'StopSession',
  now,
  origin: {
    cpoId: 'default',
    chargePointId: 'CP-1',
    connectorId: 0,
    ocppTransactionId: '7',
    orphanId: 'O-1',
  },
  stop,
  readings: [],
};

describe('a command about a session', () => {
  const { decision, facts, after } = carryOut(stopSession, session, now);
  it('is dated by what the charger said', () => {
    expect(decision.kind).toBe('accepted');
    expect(facts.map(({ event, occurredAt }) => [event.type, occurredAt])).toEqual([
      ['SessionStopped', stop.stoppedAt],
      ['SessionClosed', stop.stoppedAt],
    ]);
  });
  it('leaves the state and the count that its facts make', () => {
    expect(after?.state.status).toBe('closed');
    expect(after?.eventCount).toBe(6);
  });
  it('gives each fact an id by its number, the same when it is done again', () => {
    const ids = facts.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(carryOut(stopSession, session, now).facts.map(({ id }) => id)).toEqual(ids);
    const later = carryOut(stopSession, { ...session, eventCount: 5 }, now).facts;
    expect(later[0]?.id).toBe(ids[1]);
    expect(facts.every(({ correlationId }) => correlationId === 'S-1')).toBe(true);
  });
  it('that changes nothing leaves nothing to write', () => {
    const stopped = { ...session, ...after };
    const again = carryOut(stopSession, stopped, now);
    expect(again).toEqual({
      decision: { kind: 'ignored', reason: 'stop-already-recorded' },
      facts: [],
    });
  });
});

describe('a command about no session', () => {
  it('keeps the fact under an id of its content, and no state', () => {
    const { facts, after } = carryOut(stopSession, undefined, now);
    expect(after).toBeUndefined();
    expect(facts.map(({ event }) => event.type)).toEqual(['StopOrphaned']);
    expect(facts[0]).not.toHaveProperty('id');
  });
});

describe('what the gateway concludes by itself', () => {
  it('happens when it concludes it', () => {
    const quarantined = {
      type: 'SessionQuarantined',
      cpoId: 'default',
      sessionId: 'S-1',
      reason: 'clock-implausible',
      detail: '',
    } as const;
    expect(factTime(quarantined, now)).toBe(now);
  });
});
