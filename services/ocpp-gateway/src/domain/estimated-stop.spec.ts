import type { SessionStarted } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import { chargingSession, type SessionFact, type StopSession } from './charging-session';
import { watchStep } from './estimated-stop';

const now = '2026-11-23T12:00:00.000Z';
const at = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`;
const { given } = specification(chargingSession);
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
const estimate = { type: 'EstimateStop', now, detail } as const;
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
const told = 'the charger told its stop after it was estimated';
const corrected: SessionFact = {
  type: 'StopCorrected',
  ...identity,
  ...stop,
  correctedBy: 'charger',
  reason: told,
};
const released: SessionFact = {
  type: 'SessionReleased',
  ...identity,
  reason: 'stop-estimated',
  detail: told,
};
const first = [started(false), read] as const;
const ended = [...first, estimated, doubted, closedAt(20, 'stop')] as const;

describe('a session of which nothing is heard (row 20)', () => {
  it('has its charger asked first', () =>
    expect(watchStep({ hasAsked: false, isConnected: true, isConnectorFree: true })).toBe('ask'));

  it.each([
    ['whose charger is there and whose connector is taken', true, false, 'ask'],
    ['whose connector is free', true, true, 'end'],
    ['whose charger is away', false, false, 'end'],
  ] as const)('%s, is then dealt with', (_what, isConnected, isConnectorFree, step) =>
    expect(watchStep({ hasAsked: true, isConnected, isConnectorFree })).toBe(step),
  );

  it('ends with its last word, and its money waits', () =>
    given(...first)
      .when(estimate)
      .then(estimated, doubted, closedAt(20, 'stop')));

  it('ends its stay where its connector became free', () =>
    given(started(true), read)
      .when({ ...estimate, availableAt: at(40) })
      .then(estimated, doubted, closedAt(40, 'available')));

  it('is ended once, and not after its stop', () =>
    given(...ended)
      .when(estimate)
      .thenIgnored('stop-already-recorded'));
});

describe('a session whose stop was estimated', () => {
  it('has the stop that its charger tells at last, and is billed', () =>
    given(...ended)
      .when(stopCommand())
      .then(corrected, released));

  it('is compared with that from then on', () => {
    given(...ended, corrected, released)
      .when(stopCommand())
      .thenIgnored('stop-already-recorded');
    const { type: _, ...conflicted } = { ...corrected, ...stop, meterStopMilliWh: 5_100_000n };
    const { correctedBy: _by, reason: _why, ...words } = conflicted as Record<string, unknown>;
    given(...ended, corrected, released)
      .when(stopCommand({ stop: { ...stop, meterStopMilliWh: 5_100_000n } }))
      .then({ type: 'StopConflicted', ...words } as SessionFact);
  });

  it('stays in quarantine when that cannot be right either', () =>
    given(...ended)
      .when(stopCommand({ stop: { ...stop, meterStopMilliWh: 500_000n } }))
      .then(
        { ...corrected, meterStopMilliWh: 500_000n },
        {
          type: 'SessionQuarantined',
          ...identity,
          reason: 'meter-ran-backwards',
          detail: 'meter stop 500000 mWh is below 3000000 mWh',
        },
        released,
      ));

  it('is not touched once a person has decided on it: what the charger says is evidence', () => {
    const { type: _, cpoId: _cpo, sessionId: _id, ...words } = { type: '', ...identity, ...stop };
    given(...ended, { ...released, detail: 'op: seen' })
      .when(stopCommand())
      .then({ type: 'StopConflicted', ...identity, ...words });
  });

  it('still takes what is read of it', () => {
    const reading = { readAt: at(25), context: 'Sample.Periodic', registerMilliWh: 4_000_000n };
    given(...ended)
      .when({
        type: 'RecordReadings',
        now,
        origin: stopCommand().origin,
        readings: [reading],
      })
      .then({
        type: 'MeterValuesRecorded',
        ...identity,
        reportedIn: 'meter-values',
        readings: [reading],
      });
  });
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
