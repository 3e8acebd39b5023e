import { factFaults, type ObservedSession } from './session-facts';

const scope = { nowMs: 0, clockMs: () => 0, captured: new Map([['tx', 42]]) };
const session: ObservedSession = {
  connector: 1,
  transactionId: '42',
  startedAt: '2026-11-20T16:00:00Z',
  stoppedAt: null,
  startRegisterWh: '1000',
  stopRegisterWh: null,
  energyWh: null,
  stopReason: null,
  closedBy: null,
  closedAt: null,
  heldBack: [],
  conflictingStops: 0,
  duplicates: 1,
  readings: [],
  chargingStates: [],
  sequenceGaps: [],
  signedValues: [],
};
const nothing = { sessions: [], orphanStops: 0, orphanReports: 0 };

it('sessions fit in any order, each one once', () => {
  const other = { ...session, transactionId: '43' };
  const observed = { ...nothing, sessions: [other, session] };
  const expected = { sessions: [{ transactionId: '{{tx}}' }, { connector: 1 }] };
  expect(factFaults(expected, observed, scope)).toEqual([]);
});

it('what is not expected is a fault, also where nothing was said about it', () => {
  expect(factFaults({ sessions: [] }, { ...nothing, sessions: [session] }, scope)).toEqual([
    '1 sessions instead of 0',
  ]);
  expect(
    factFaults({ sessions: [] }, { ...nothing, orphanStops: 1, orphanReports: 2 }, scope),
  ).toEqual(['1 orphan stops instead of 0', '2 orphan reports instead of 0']);
  const odd = { ...session, heldBack: ['meter-jumped'], conflictingStops: 1 };
  expect(factFaults({ sessions: [{}] }, { ...nothing, sessions: [odd] }, scope)).toEqual([
    'session 0.conflictingStops: 1 instead of 0',
    'session 0.heldBack: ["meter-jumped"] instead of []',
  ]);
});

it('a session that is missing is named', () =>
  expect(factFaults({ sessions: [{}] }, nothing, scope)).toEqual([
    'session 0: there is none',
    '0 sessions instead of 1',
  ]));
