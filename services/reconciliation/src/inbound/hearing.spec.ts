import type { ConsumerState } from '@tallywatt/event-log';
import { hearing } from './hearing';

const stateOf = (lag: number | undefined, more: Partial<ConsumerState> = {}): ConsumerState => ({
  name: 'reconciliation',
  running: true,
  joined: true,
  assigned: 6,
  lag,
  takenUntilMs: undefined,
  parkedKeys: 0,
  waiting: [],
  ...more,
});

describe('silence means something', () => {
  let nowMs = 0;
  const start = () => hearing(() => nowMs);

  it('once everything was heard, and as long as little is on its way', () => {
    const hears = start();
    expect([undefined, 3, 0, 3, 500].map((lag) => hears(stateOf(lag)))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('after a minute without being far behind, where something is always on its way', () => {
    const hears = start();
    expect(hears(stateOf(7))).toBe(false);
    nowMs += 59_999;
    expect(hears(stateOf(7))).toBe(false);
    nowMs += 1;
    expect(hears(stateOf(7))).toBe(true);
  });

  it.each([
    ['is far behind', stateOf(501)],
    ['is no member of its group', stateOf(0, { joined: false })],
    [
      'waits in a partition',
      stateOf(0, { waiting: [{ topic: 'pricing.cdrs.v1', partition: 1, reason: 'the database' }] }),
    ],
  ])('not to one who %s, and then anew', (_, state) => {
    const hears = start();
    expect(hears(stateOf(0))).toBe(true);
    expect(hears(state)).toBe(false);
    expect(hears(stateOf(7))).toBe(false);
    expect(hears(stateOf(0))).toBe(true);
  });
});
