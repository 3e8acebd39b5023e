import { startFingerprint } from './session-identity';
import { beginningOf, reportOf, stopCommandOf, type NewStart } from './session-message';
import { carryOut, knownStart, onlyActive } from './session-record';

const at = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`;
const station = { cpoId: 'default', chargePointId: 'CP-1' };
const words = { connectorId: 1, tokenMark: 'mark-1', meterStartMilliWh: 1_000n, startedAt: at(0) };
const start: NewStart = {
  station,
  words,
  now: at(1),
  idTagInfo: { status: 'Accepted' },
  facts: {
    ocppVersion: '1.6',
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
      tariff: { tariffId: 'T', version: 1n, contentHash: 'ab', billsParkingTime: false },
    },
  },
};
const stop = { stoppedAt: at(30), meterStopMilliWh: 6_000n, stopReason: 'Local' };
const stopMessage = { station, now: at(31), transactionId: 7, stop, readings: [] };

const { session: fresh, command: startSession } = beginningOf(start, 1, '7');
const begun = carryOut(startSession, fresh, at(1));
const running = { ...fresh, ...begun.after };

describe('a new start', () => {
  it('names its session by its fingerprint and its number', () => {
    expect(fresh.fingerprint).toBe(startFingerprint(words));
    expect(beginningOf(start, 1, '8').session.sessionId).toBe(fresh.sessionId);
    expect(beginningOf(start, 2, '7').session.sessionId).not.toBe(fresh.sessionId);
  });
  it('keeps the mark of its tag to itself and the transaction id as a text', () => {
    expect(startSession.started).not.toHaveProperty('tokenMark');
    expect(startSession.started).toMatchObject({ ocppTransactionId: '7', occurrence: 1 });
  });
  it('is compared with later starts once it is recorded', () => {
    expect(knownStart(fresh)).toBeUndefined();
    expect(knownStart(undefined)).toBeUndefined();
    expect(knownStart(running)).toEqual({ occurrence: 1, status: 'active' });
  });
});

describe('a stop', () => {
  it("carries the token of the session when the tag is the session's own", () => {
    const own = stopCommandOf({ ...stopMessage, tokenMark: 'mark-1' }, running, {});
    const other = stopCommandOf({ ...stopMessage, tokenMark: 'mark-2' }, running, {});
    expect(own.stop.tokenRef).toBe('token-1');
    expect(other.stop).not.toHaveProperty('tokenRef');
    expect(stopCommandOf(stopMessage, running, {}).stop).not.toHaveProperty('tokenRef');
  });
  it('is one orphan for the same words and another for other words', () => {
    const orphanId = (message: typeof stopMessage): string =>
      stopCommandOf(message, undefined, {}).origin.orphanId;
    expect(orphanId({ ...stopMessage, now: at(50) })).toBe(orphanId(stopMessage));
    const later = { ...stop, meterStopMilliWh: 6_001n };
    expect(orphanId({ ...stopMessage, stop: later })).not.toBe(orphanId(stopMessage));
  });
  it('names no transaction where it cannot be read', () => {
    const { transactionId: _, ...unreadable } = stopMessage;
    const { origin } = stopCommandOf(unreadable, undefined, {});
    expect(origin).not.toHaveProperty('ocppTransactionId');
  });
  it('knows since when its connector is free', () =>
    expect(stopCommandOf(stopMessage, running, { availableAt: at(40) }).availableAt).toBe(at(40)));
});

describe('words of a charger that counts from 1970 (row 13)', () => {
  const claimed = (minute: number): string => new Date(minute * 60_000).toISOString();
  const clock = {
    offsetMs: Date.parse(at(0)),
    connectedAt: at(0),
    receivedAt: at(31),
  };
  const note = (minute: number) => ({
    clockCorrection: { claimedAt: claimed(minute), method: 'connection-offset' },
  });
  const claimedWords = { ...words, startedAt: claimed(0) };

  it('begin a session at the corrected instant, and name it by what was said', () => {
    const { session, command } = beginningOf({ ...start, words: claimedWords, clock }, 1, '7');
    expect(command.started).toMatchObject({ startedAt: at(0), ...note(0) });
    expect(session.fingerprint).toBe(startFingerprint(claimedWords));
    const unknown = beginningOf({ ...start, words: claimedWords }, 1, '7');
    expect(unknown.session.sessionId).toBe(session.sessionId);
    expect(unknown.command.started).toMatchObject({ startedAt: claimed(0) });
  });

  it('stop it once, also where they come again and nothing is known of the clock', () => {
    const said = { ...stopMessage, stop: { ...stop, stoppedAt: claimed(30) } };
    const first = stopCommandOf({ ...said, clock }, running, {});
    expect(first.stop).toMatchObject({ stoppedAt: at(30), ...note(30) });
    const stopped = carryOut(first, running, at(31));
    expect(stopped.facts.map(({ event }) => event.type)).toEqual([
      'SessionStopped',
      'SessionClosed',
    ]);
    const again = stopCommandOf(said, running, {});
    const { decision } = carryOut(again, { ...running, ...stopped.after }, at(50));
    expect(decision).toMatchObject({ kind: 'ignored', reason: 'stop-already-recorded' });
    expect(again.origin.orphanId).toBe(first.origin.orphanId);
  });

  it('are the same report of readings, corrected or not', () => {
    const said = { readAt: claimed(10), registerMilliWh: 2_000n, context: 'Sample.Periodic' };
    const message = { station, now: at(11), connectorId: 1, readings: [said] };
    const { reportHash, command } = reportOf({ ...message, clock });
    expect(reportHash).toBe(reportOf(message).reportHash);
    expect(command.readings).toEqual([{ ...said, readAt: at(10), ...note(10) }]);
  });
});

describe('a report of readings', () => {
  const reading = { readAt: at(10), registerMilliWh: 2_000n, context: 'Sample.Periodic' };
  const report = { station, now: at(11), connectorId: 1, transactionId: 7, readings: [reading] };
  const hashOf = (message: typeof report): string => reportOf(message).reportHash;
  it('is recognised by what it says, whenever it comes', () => {
    expect(hashOf({ ...report, now: at(20) })).toBe(hashOf(report));
    expect(hashOf({ ...report, connectorId: 2 })).not.toBe(hashOf(report));
  });
  it('is recognised by the marks of its signed values, which are encrypted anew each time', () => {
    const signed = (sealedData: string, dataMark: string) => ({
      ...report,
      readings: [{ ...reading, signedValues: [{ sealedData, dataMark }] }],
    });
    expect(hashOf(signed('v1:one', 'mark'))).toBe(hashOf(signed('v1:other', 'mark')));
    expect(hashOf(signed('v1:one', 'mark'))).not.toBe(hashOf(signed('v1:one', 'other mark')));
    expect(hashOf(signed('v1:one', 'mark'))).not.toBe(hashOf(report));
  });
  it('differs from the same readings without a transaction', () => {
    const { transactionId: _, ...unnamed } = report;
    expect(reportOf(unnamed).reportHash).not.toBe(hashOf(report));
  });
  it('without a transaction is about the only session that runs', () => {
    expect(onlyActive([fresh, running])).toBe(running);
    expect(onlyActive([running, running])).toBeUndefined();
    expect(onlyActive([fresh])).toBeUndefined();
  });
});
