import type { MeterReading, SessionStarted } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import { chargingSession, type SessionFact, type StopSession } from './charging-session';

const now = '2026-11-21T12:00:00.000Z';
const at = (minute: number, second = 0): string =>
  `2026-11-21T10:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}.000Z`;
const { given } = specification(chargingSession);

const identity = { cpoId: 'default', sessionId: 'S-1' } as const;
const tariff = { tariffId: 'T', version: 1n, contentHash: 'ab', billsParkingTime: false };
const decision = {
  decisionId: 'D',
  status: 'Accepted',
  tokenRef: 'token-1',
  tier: 'retail',
  paymentRoute: 'card',
  rule: 'token-accepted',
  decidedAt: at(0),
  tariff,
} as const;
const started = {
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
  decision,
} as const satisfies SessionStarted;
const idleBilled = {
  ...started,
  decision: { ...decision, tariff: { ...tariff, billsParkingTime: true } },
} as const;

const start = (from: SessionStarted) => {
  const { type: _, ...facts } = from;
  return { type: 'StartSession', now, started: facts } as const;
};
const origin = {
  cpoId: 'default',
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppTransactionId: '7',
  orphanId: 'O-1',
};
const stop = { stoppedAt: at(30), meterStopMilliWh: 6_000_000n, stopReason: 'Local' } as const;
const stopCommand = (other: Partial<StopSession['stop']> = {}): StopSession => ({
  type: 'StopSession',
  now,
  origin,
  stop: { ...stop, ...other },
  readings: [],
});
const stopped = { type: 'SessionStopped', ...identity, ...stop } as const;
const closed = { type: 'SessionClosed', ...identity, closedAt: at(30), closedBy: 'stop' } as const;
const quarantined = (reason: string, detail: string): SessionFact => ({
  type: 'SessionQuarantined',
  ...identity,
  reason,
  detail,
});
const status = (
  value: 'Available' | 'Charging' | 'Finishing' | 'SuspendedEV' | 'Preparing',
  changedAt: string,
) => ({ type: 'RecordConnectorStatus', now, status: value, changedAt }) as const;
const state = (chargingState: 'Charging' | 'Idle' | 'SuspendedEV', changedAt: string) =>
  ({ type: 'ChargingStateChanged', ...identity, changedAt, chargingState }) as const;
const read = (register: bigint, minute: number, implausibleReason?: string): MeterReading => ({
  readAt: at(minute),
  context: 'Sample.Periodic',
  registerMilliWh: register,
  ...(implausibleReason === undefined ? {} : { implausibleReason }),
});
const readings = (...values: MeterReading[]) =>
  ({ type: 'RecordReadings', now, origin, readings: values }) as const;
const recorded = (...values: MeterReading[]) =>
  ({
    type: 'MeterValuesRecorded',
    ...identity,
    reportedIn: 'meter-values',
    readings: values,
  }) as const;

describe('no session', () => {
  it('starts', () => given().when(start(started)).then(started));

  it('starts and is quarantined when the token is not accepted', () => {
    const denied = {
      ...started,
      decision: { ...decision, status: 'Blocked', rule: 'token-blocked' },
    };
    given()
      .when(start(denied))
      .then(denied, quarantined('token-not-accepted', 'Blocked: token-blocked'));
  });

  it('starts and is quarantined without a tariff: unknown is never free', () => {
    const { tariff: _, ...unpriced } = decision;
    const event = { ...started, decision: unpriced };
    given()
      .when(start(event))
      .then(event, quarantined('tariff-unknown', 'no tariff version was in force at the start'));
  });

  it('starts and is quarantined when the clock is at 1970 (row 13)', () => {
    const early = { ...started, startedAt: '1970-01-01T00:01:00.000Z' };
    given()
      .when(start(early))
      .then(
        early,
        quarantined(
          'clock-implausible',
          'start: 1970-01-01T00:01:00.000Z is before the first plausible instant',
        ),
      );
  });

  it('keeps a stop of an unknown transaction as an orphan (rows 7 and 8)', () =>
    given()
      .when({ ...stopCommand(), origin: { ...origin, ocppTransactionId: '-1' } })
      .then({
        type: 'StopOrphaned',
        cpoId: 'default',
        orphanId: 'O-1',
        chargePointId: 'CP-1',
        ocppTransactionId: '-1',
        ...stop,
        readings: [],
      }));

  it('keeps readings of an unknown transaction as an orphan', () =>
    given()
      .when(readings(read(1n, 1)))
      .then({
        type: 'MeterValuesOrphaned',
        cpoId: 'default',
        orphanId: 'O-1',
        chargePointId: 'CP-1',
        connectorId: 1,
        ocppTransactionId: '7',
        readings: [read(1n, 1)],
      }));
});

describe('an active session', () => {
  it('shrugs at a resent start', () =>
    given(started).when(start(started)).thenIgnored('start-already-recorded'));

  it('stops once and closes with the stop where idle time is free', () =>
    given(started).when(stopCommand()).then(stopped, closed));

  it('stays open after the stop where idle time is billed', () =>
    given(idleBilled).when(stopCommand()).then(stopped));

  it('closes with a stop that its unplugging overtook', () =>
    given(idleBilled)
      .when({ ...stopCommand(), availableAt: at(31) })
      .then(stopped, { ...closed, closedAt: at(31), closedBy: 'available' }));

  it.each([
    ['became available first', { availableAt: at(40), nextStartAt: at(45) }, 'available', at(40)],
    ['was taken again first', { availableAt: at(50), nextStartAt: at(45) }, 'next-start', at(45)],
    ['is taken again', { nextStartAt: at(45) }, 'next-start', at(45)],
  ] as const)(
    'closes with a stop that comes when its connector %s',
    (_, departure, closedBy, end) =>
      given(idleBilled)
        .when({ ...stopCommand(), ...departure })
        .then(stopped, { ...closed, closedBy, closedAt: end }),
  );

  it('does not close for an Available from before it began', () =>
    given(idleBilled)
      .when({ ...stopCommand(), availableAt: '2026-11-21T09:00:00.000Z' })
      .then(stopped));

  it('records readings and the readings of its stop', () => {
    given(started)
      .when(readings(read(2_000_000n, 10)))
      .then(recorded(read(2_000_000n, 10)));
    given(started)
      .when({ ...stopCommand(), readings: [read(6_000_000n, 30)] })
      .then({ ...recorded(read(6_000_000n, 30)), reportedIn: 'transaction-data' }, stopped, closed);
  });

  it('measures a reading against the ones before', () =>
    given(started, recorded(read(3_000_000n, 20)))
      .when(readings(read(2_000_000n, 21)))
      .then(recorded(read(2_000_000n, 21, 'register-ran-backwards'))));

  it.each([0n, -1_000n])(
    'quarantines a meter that stopped at %p below its start (row 11)',
    (meter) =>
      given(started)
        .when(stopCommand({ meterStopMilliWh: meter }))
        .then(
          { ...stopped, meterStopMilliWh: meter },
          quarantined('meter-ran-backwards', `meter stop ${meter} mWh is below 1000000 mWh`),
          closed,
        ),
  );

  it('quarantines the lifetime register after a placeholder zero (row 1)', () => {
    const lifetime = 910_000_000n;
    given({ ...started, meterStartMilliWh: 0n })
      .when(stopCommand({ meterStopMilliWh: lifetime }))
      .then(
        { ...stopped, meterStopMilliWh: lifetime },
        quarantined('meter-jumped', '910000000 mWh is more than 11000 W can deliver in the time'),
        closed,
      );
  });

  it('quarantines a stop before its start', () =>
    given(started)
      .when(stopCommand({ stoppedAt: '2026-11-21T09:00:00.000Z' }))
      .then(
        { ...stopped, stoppedAt: '2026-11-21T09:00:00.000Z' },
        quarantined(
          'clock-implausible',
          `stopped at 2026-11-21T09:00:00.000Z, before its start at ${at(0)}`,
        ),
        { ...closed, closedAt: '2026-11-21T09:00:00.000Z' },
      ));

  it('follows what the car does', () =>
    given(started)
      .when(status('SuspendedEV', at(5)))
      .then(state('SuspendedEV', at(5))));

  it('says a state once', () =>
    given(started, state('Charging', at(1)))
      .when(status('Charging', at(2)))
      .thenIgnored('charging-state-unchanged'));

  it('takes what was queued while the charger was away, each word once', () =>
    given(started, state('Charging', at(50)))
      .when(status('SuspendedEV', at(10)))
      .then(state('SuspendedEV', at(10))));
  it('does not take a queued word for a repetition of what came since', () => {
    const told = [started, state('Charging', at(50)), state('SuspendedEV', at(10))] as const;
    given(...told)
      .when(status('Charging', at(20)))
      .then(state('Charging', at(20)));
    given(...told)
      .when(status('SuspendedEV', at(10)))
      .thenIgnored('charging-state-unchanged');
    given(...told)
      .when(status('Charging', at(55)))
      .thenIgnored('charging-state-unchanged');
  });

  it('takes no state from a clock at 1970', () =>
    given(started)
      .when(status('SuspendedEV', '1970-01-01T00:00:10.000Z'))
      .thenIgnored('status-says-nothing'));

  it('is not over because the connector says so', () =>
    given(started)
      .when(status('Available', at(9)))
      .thenIgnored('session-still-active'));

  it('is not closed by the next start: its stop is still owed', () =>
    given(started)
      .when({ type: 'CloseSession', closedBy: 'next-start', nextStartAt: at(40), now })
      .thenIgnored('session-still-active'));
});

describe('a stopped session', () => {
  it('shrugs at a resent stop (row 6)', () =>
    given(idleBilled, stopped).when(stopCommand()).thenIgnored('stop-already-recorded'));

  it('keeps a different second stop as evidence, once', () => {
    const other = { stoppedAt: at(30), meterStopMilliWh: 7_000_000n, stopReason: 'Local' };
    const conflicted = { type: 'StopConflicted', ...identity, ...other } as const;
    given(idleBilled, stopped).when(stopCommand(other)).then(conflicted);
    given(idleBilled, stopped, conflicted)
      .when(stopCommand(other))
      .thenIgnored('conflict-already-recorded');
  });

  it('is idle from Finishing on', () =>
    given(idleBilled, stopped)
      .when(status('Finishing', at(31)))
      .then(state('Idle', at(31))));

  it('does not believe in energy after the stop', () =>
    given(idleBilled, stopped)
      .when(status('Charging', at(31)))
      .thenIgnored('status-says-nothing'));

  it('closes when the connector is available', () =>
    given(idleBilled, stopped)
      .when(status('Available', at(45)))
      .then({ ...closed, closedAt: at(45), closedBy: 'available' }));

  it('bills no idle time that ends at an impossible instant', () =>
    given(idleBilled, stopped)
      .when(status('Available', '2027-11-21T10:00:00.000Z'))
      .then({ ...closed, closedBy: 'available' }));

  it('closes when the next session starts on its connector', () =>
    given(idleBilled, stopped)
      .when({ type: 'CloseSession', closedBy: 'next-start', nextStartAt: at(50), now })
      .then({ ...closed, closedAt: at(50), closedBy: 'next-start' }));

  it('is not closed by an older one that is told late', () => {
    const close = { type: 'CloseSession', closedBy: 'next-start', now } as const;
    const older = '2026-11-21T09:00:00.000Z';
    given(idleBilled, stopped)
      .when({ ...close, nextStartAt: older })
      .thenIgnored('session-began-later');
    given(idleBilled, stopped)
      .when({ ...close, nextStartAt: '1970-01-01T00:01:00.000Z' })
      .then({ ...closed, closedBy: 'next-start' });
  });

  it('closes by time-out at its stop: unknown idle time is not billed', () =>
    given(idleBilled, stopped)
      .when({ type: 'CloseSession', closedBy: 'time-out' })
      .then({ ...closed, closedBy: 'time-out' }));
});

describe('a frame of more readings than an event holds', () => {
  const many = Array.from({ length: 2_001 }, () => read(1_000_000n, 1));
  it('is recorded in several', () => {
    const parts = [many.slice(0, 1_000), many.slice(1_000, 2_000), many.slice(2_000)];
    given(started)
      .when(readings(...many))
      .then(...parts.map((part) => recorded(...part)));
  });
  it('is kept as several orphans where its session is not known', () => {
    const decided = chargingSession.decide(
      { ...stopCommand(), readings: many },
      chargingSession.initial,
    );
    const facts = decided.kind === 'accepted' ? decided.events : [];
    expect(facts.map(({ type }) => type)).toEqual([
      'StopOrphaned',
      'MeterValuesOrphaned',
      'MeterValuesOrphaned',
    ]);
    const ids = facts.map((fact) => 'orphanId' in fact && fact.orphanId);
    expect(new Set(ids).size).toBe(3);
    expect(facts.flatMap((fact) => ('readings' in fact ? fact.readings : []))).toEqual(many);
  });
});

describe('a closed session', () => {
  const history = [started, stopped, closed] as const;

  it('shrugs at a resent start and a resent stop', () => {
    given(...history)
      .when(start(started))
      .thenIgnored('start-already-recorded');
    given(...history)
      .when(stopCommand())
      .thenIgnored('stop-already-recorded');
  });

  it('does not close again', () => {
    given(...history)
      .when(status('Available', at(59)))
      .thenIgnored('session-already-closed');
    given(...history)
      .when({ type: 'CloseSession', closedBy: 'time-out' })
      .thenIgnored('session-already-closed');
  });

  it('still keeps late readings', () =>
    given(...history)
      .when(readings(read(6_000_000n, 29), read(6_100_000n, 31)))
      .then(recorded(read(6_000_000n, 29), read(6_100_000n, 31, 'read-after-stop'))));
});

describe('a stop that cannot be read', () => {
  const doubt = { type: 'DoubtStop', detail: 'data/meterStop must be integer' } as const;
  const { detail } = doubt;
  const doubted = {
    type: 'SessionQuarantined',
    ...identity,
    reason: 'stop-unreadable',
    detail,
  } as const;

  it('quarantines the session, which has no end', () => given(started).when(doubt).then(doubted));
  it('says so once', () =>
    given(started, doubted).when(doubt).thenIgnored('doubt-already-recorded'));
  it('says nothing of a session that has its stop', () =>
    given(started, stopped).when(doubt).thenIgnored('stop-already-recorded'));
  it('names no session', () => given().when(doubt).thenIgnored('session-unknown'));
  it('does not hinder the stop that can', () =>
    given(started, doubted)
      .when(stopCommand())
      .then(stopped, {
        type: 'SessionClosed',
        ...identity,
        closedAt: at(30),
        closedBy: 'stop',
      }));
});
