import { clockAfter, clockFault, clockSkewMs, isQueued } from './clock';

const now = '2026-11-21T12:00:00.000Z';

describe('a claimed instant (row 13)', () => {
  it.each(['2020-01-01T00:00:00.000Z', '2026-11-22T12:00:00.000Z'])('%s can be right', (claim) =>
    expect(clockFault(claim, now)).toBeUndefined(),
  );

  it.each(['1970-01-01T00:00:00.000Z', '2019-12-31T23:59:59.999Z', '2026-11-22T12:00:00.001Z'])(
    '%s cannot be right',
    (claim) => expect(clockFault(claim, now)).toContain(claim),
  );
});

describe('clock skew', () => {
  it('is ours minus the charger’s', () =>
    expect(clockSkewMs('2026-11-21T11:59:58.500Z', now, '2026-11-21T11:00:00.000Z')).toBe(1_500n));

  it('is unknown for a message older than its connection', () =>
    expect(clockSkewMs('2026-11-21T10:00:00.000Z', now, '2026-11-21T11:00:00.000Z')).toBe(
      undefined,
    ));
});

describe('a slow clock (row 13)', () => {
  const connectedAt = '2026-11-21T11:00:00.000Z';
  const slow = '2026-11-21T10:30:00.000Z';
  const live = { offsetMs: 5_400_000 };

  it('is measured by a message that is known to have been made when it came', () =>
    expect(clockSkewMs(slow, now, connectedAt, live)).toBe(5_400_000n));

  it('does not make readings queued that were read on their connection', () => {
    const readings = [{ readAt: slow }];
    expect(isQueued(readings, now, connectedAt)).toBe(true);
    expect(isQueued(readings, now, connectedAt, live)).toBe(false);
    const older = { readAt: '2026-11-21T09:00:00.000Z' };
    expect(isQueued([...readings, older], now, connectedAt, live)).toBe(true);
  });
});

describe('the clock of a charger (row 13)', () => {
  const known = { connectionId: 'C-1', skewMs: 500n, recordedSkewMs: 0n };

  it('is right until it is known to be wrong by more than ten seconds', () => {
    expect(clockAfter(undefined, 'C-1', 9_000n)).toMatchObject({ hasMoved: false });
    expect(clockAfter(undefined, 'C-1', 90_000n)).toEqual({
      connectionId: 'C-1',
      skewMs: 90_000n,
      recordedSkewMs: 90_000n,
      hasMoved: true,
    });
  });

  it('is not moved by a message that was long on its way', () =>
    expect(clockAfter(known, 'C-1', 1_800_000n)).toEqual({ ...known, hasMoved: false }));

  it('is measured anew on another connection, and after it was set forward', () => {
    expect(clockAfter(known, 'C-2', 60_000n)).toMatchObject({ skewMs: 60_000n, hasMoved: true });
    expect(clockAfter(known, 'C-1', -60_000n)).toMatchObject({ skewMs: -60_000n, hasMoved: true });
  });
});
