import { recogniseStart, sessionIdOf, startFingerprint } from './session-identity';

const now = '2026-11-21T12:00:00.000Z';
const start = {
  connectorId: 1,
  tokenMark: 'mark',
  meterStartMilliWh: 1_000n,
  startedAt: '2026-11-21T10:00:00.000Z',
};
const clockless = { ...start, meterStartMilliWh: 0n, startedAt: '1970-01-01T00:00:00.000Z' };

describe('a start fingerprint', () => {
  it('is the same for the same words', () =>
    expect(startFingerprint({ ...start })).toBe(startFingerprint(start)));

  it.each([
    { connectorId: 2 },
    { tokenMark: 'other' },
    { meterStartMilliWh: 2_000n },
    { startedAt: '2026-11-21T10:00:01.000Z' },
  ])('differs with %p', (other) =>
    expect(startFingerprint({ ...start, ...other })).not.toBe(startFingerprint(start)),
  );
});

describe('a session id (row 10)', () => {
  it('never mixes tenants, charge points or occurrences', () => {
    const ids = [
      sessionIdOf('a', 'CP', 'f', 1),
      sessionIdOf('b', 'CP', 'f', 1),
      sessionIdOf('a', 'CP2', 'f', 1),
      sessionIdOf('a', 'CP', 'f', 2),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(sessionIdOf('a', 'CP', 'f', 1)).toBe(ids[0]);
  });
});

describe('a start', () => {
  it('is new when its words are', () =>
    expect(recogniseStart(start, undefined, now)).toEqual({ kind: 'new', occurrence: 1 }));

  it.each(['active', 'stopped', 'closed'] as const)(
    'is a resend while or after its session was %s (row 9)',
    (status) =>
      expect(recogniseStart(start, { occurrence: 1, status }, now)).toEqual({ kind: 'resent' }),
  );

  it('is a resend of a running session even without a clock', () =>
    expect(recogniseStart(clockless, { occurrence: 3, status: 'active' }, now)).toEqual({
      kind: 'resent',
    }));

  it('is the next session of a charger without a clock after the stop', () =>
    expect(recogniseStart(clockless, { occurrence: 3, status: 'closed' }, now)).toEqual({
      kind: 'new',
      occurrence: 4,
    }));
});
