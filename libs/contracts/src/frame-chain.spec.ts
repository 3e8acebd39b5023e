import { connectionHash, frameHash, verifyFrameChain } from './frame-chain';
import type { FramesRecorded, RecordedFrame } from './frame-events';

const connection = { cpoId: 'cpo', chargePointId: 'CP-1', connectionId: 'c-1' };
const frame = (n: number): RecordedFrame => ({
  direction: n % 2 === 1 ? 'received' : 'sent',
  at: `2026-11-21T10:00:0${n % 10}.000Z`,
  text: `[2,"${n}","Heartbeat",{}]`,
});

/** Events of so many frames each; a negative number is of frames that were lost. */
const chainOf = (...counts: number[]): FramesRecorded[] => {
  let hash = connectionHash('cpo', 'CP-1', 'c-1');
  let number = 1;
  let framesLost = 0;
  const events: FramesRecorded[] = [];
  for (const count of counts) {
    if (count < 0) {
      framesLost -= count;
      number -= count;
      continue;
    }
    const previousHash = hash;
    const firstNumber = number;
    const frames = Array.from({ length: count }, (_, index) => frame(firstNumber + index));
    for (const one of frames) hash = frameHash(hash, number++, one);
    const type = 'FramesRecorded' as const;
    events.push({
      type,
      ...connection,
      firstNumber,
      framesLost,
      previousHash,
      frames,
      lastHash: hash,
    });
    framesLost = 0;
  }
  return events;
};

describe('the chain of a connection', () => {
  it('holds in whatever order its events come, and however often', () => {
    const [first, second, third] = chainOf(2, 1, 3);
    const told = [third, first, second, first].flatMap((event) => event ?? []);
    expect(verifyFrameChain(told)).toEqual({
      connectionId: 'c-1',
      frames: 6,
      lost: 0,
      lastHash: third?.lastHash,
      faults: [],
    });
  });

  it('counts what was lost, and says where it ended', () => {
    const [first, second] = chainOf(2, -5, 1);
    const endedAt = '2026-11-21T11:00:00.000Z';
    const told = [first, { ...second, endedAt }] as FramesRecorded[];
    expect(verifyFrameChain(told)).toMatchObject({ frames: 3, lost: 5, endedAt, faults: [] });
  });

  it.each<[string, (events: FramesRecorded[]) => (FramesRecorded | undefined)[], string]>([
    ['an event is missing', ([a, , c]) => [a, c], 'frame 4 stands where frame 3 is due'],
    ['the beginning is missing', ([, b, c]) => [b, c], 'frame 3 stands where frame 1 is due'],
    [
      'a text was changed',
      ([a, b, c]) => [a, b && { ...b, frames: [{ ...frame(3), text: '[]' }] }, c],
      'what is said from frame 3 on is not what its hash says',
    ],
    [
      'an instant was changed',
      ([a, b, c]) => [a, b && { ...b, frames: [{ ...frame(3), at: frame(4).at }] }, c],
      'what is said from frame 3 on is not what its hash says',
    ],
    [
      'frames are said to be lost',
      ([a, b, c]) => [a, b && { ...b, framesLost: 1 }, c],
      'frame 3 stands where frame 4 is due',
    ],
    [
      'it is that of another charge point',
      (events) => events.map((event) => ({ ...event, chargePointId: 'CP-2' })),
      'frame 1 does not follow the one before it',
    ],
    [
      'something follows its end',
      ([a, b, c]) => [a, b && { ...b, endedAt: frame(4).at }, c],
      'frame 4 follows the end of the connection',
    ],
  ])('is broken where %s', (_what, changed, fault) => {
    const told = changed(chainOf(2, 1, 3)).flatMap((event) => event ?? []);
    expect(verifyFrameChain(told).faults).toContain(fault);
  });
});
