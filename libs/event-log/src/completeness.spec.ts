import { completenessAfter, nothingTaken, type Look } from './completeness';

const look = (
  atMs: number,
  from: bigint,
  end: bigint,
  other: [bigint, bigint] = [0n, 0n],
): Look => ({
  atMs,
  partitions: new Map([
    ['t/0', { from, end }],
    ['t/1', { from: other[0], end: other[1] }],
  ]),
});
const after = (...looks: Look[]) => looks.reduce(completenessAfter, nothingTaken).takenUntilMs;

describe('until when all is taken', () => {
  it('is unknown before the ends of a first look are reached', () => {
    expect(after(look(1, 0n, 5n))).toBeUndefined();
    expect(after(look(1, 0n, 5n), look(2, 4n, 9n))).toBeUndefined();
    expect(after(look(1, 0n, 5n, [0n, 3n]), look(2, 9n, 9n, [2n, 3n]))).toBeUndefined();
  });

  it('is the time of a look at which nothing is left', () => {
    expect(after(look(1, 5n, 5n))).toBe(1);
    expect(after(look(1, 5n, 5n), look(2, 5n, 5n))).toBe(2);
  });

  it('goes on while more is always coming, and stands still when nothing is taken', () => {
    const busy = [look(1, 0n, 5n), look(2, 5n, 9n), look(3, 8n, 12n), look(4, 10n, 15n)];
    expect(busy.map((_, index) => after(...busy.slice(0, index + 1)))).toEqual([
      undefined,
      1,
      1,
      2,
    ]);
    expect(after(...busy, look(5, 10n, 20n), look(6, 10n, 30n))).toBe(2);
  });

  it('is not reached by a partition that cannot be looked at', () => {
    const goal = look(1, 0n, 5n);
    expect(after(goal, { atMs: 2, partitions: new Map([['t/0', { from: 9n, end: 10n }]]) })).toBe(
      undefined,
    );
  });
});
