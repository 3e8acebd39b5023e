import { corrected, correctedReadings, liveClock } from './clock-correction';

const connectedAt = '2026-11-22T10:00:00.000Z';
/** A charger that counts from 1970 and was switched on a minute before it connected. */
const claim = (second: number): string => new Date((60 + second) * 1_000).toISOString();
const heard = (second: number): string =>
  new Date(Date.parse(connectedAt) + second * 1_000).toISOString();
const status = (claimed: number, received = claimed) => ({
  claimedAt: claim(claimed),
  receivedAt: heard(received),
});
const offsetMs = Date.parse(connectedAt) - 60_000;

describe('a message (row 13)', () => {
  it('is live when its time has kept step with ours since a status ten seconds before', () =>
    expect(liveClock([status(1)], status(30), connectedAt)).toEqual({
      offsetMs,
      connectedAt,
      receivedAt: heard(30),
    }));

  it.each([
    ['the first of its connection', [], status(30)],
    ['less than ten seconds after', [status(1)], status(10)],
    ['queued: less time passed by its clock', [status(60, 1)], status(30, 90)],
    ['of another run of the clock: more time passed', [status(1)], status(3_000, 30)],
  ])('is not known to be live when it is %s', (_why, witnesses, said) =>
    expect(liveClock(witnesses, said, connectedAt)).toBeUndefined(),
  );

  it('has the least difference of those that kept step: each took some time on its way', () => {
    const slow = { claimedAt: claim(1), receivedAt: heard(4) };
    expect(liveClock([slow, status(12)], status(30), connectedAt)?.offsetMs).toBe(offsetMs);
    expect(liveClock([slow], status(30), connectedAt)?.offsetMs).toBe(offsetMs);
  });
});

describe('a claim that cannot be right (row 13)', () => {
  const clock = { offsetMs, connectedAt, receivedAt: heard(60) };

  it('is set by the clock of its connection, and stays beside it', () =>
    expect(corrected(claim(20), clock)).toEqual({
      at: heard(20),
      clockCorrection: { claimedAt: claim(20), method: 'connection-offset' },
    }));

  it('of the future is, too', () => {
    const ahead = { ...clock, offsetMs: -365 * 86_400_000 };
    expect(corrected('2027-11-22T10:00:20.000Z', ahead).at).toBe(heard(20));
  });

  it('is left alone where the clock is so little ahead that a queue makes it look right', () => {
    const twoDays = 2 * 86_400_000;
    const of = (at: string) => new Date(Date.parse(at) + twoDays).toISOString();
    const ahead = { ...clock, offsetMs: -twoDays };
    expect(corrected(of(heard(20)), ahead)).toEqual({ at: of(heard(20)) });
  });

  it.each([
    ['nothing shows how far its clock is off', claim(20), undefined],
    ['it is of before the connection', claim(-1), clock],
    ['it would be after its message came', claim(61), clock],
    ['it can be right', '2026-11-22T09:00:00.000Z', clock],
  ])('stays as it is where %s', (_why, claimedAt, known) =>
    expect(corrected(claimedAt, known)).toEqual({ at: claimedAt }),
  );

  it('among readings leaves the others alone', () => {
    const of = (readAt: string) => ({ readAt, context: 'Sample.Periodic', registerMilliWh: 1n });
    expect(
      correctedReadings([of(claim(-1)), of(claim(30)), of(heard(31))], clock).map(
        ({ readAt }) => readAt,
      ),
    ).toEqual([claim(-1), heard(30), heard(31)]);
  });
});
