import { Scheduler } from './scheduler';

describe('the virtual clock', () => {
  it('runs steps in the order of their times, and of their making at the same time', () => {
    const clock = new Scheduler(0);
    const ran: string[] = [];
    for (const [delayMs, name] of [
      [30, 'c'],
      [10, 'a'],
      [20, 'b1'],
      [20, 'b2'],
      [5, 'first'],
    ] as const) {
      clock.after(delayMs, () => ran.push(`${name}@${clock.nowMs}`));
    }
    clock.runUntil(25);
    expect(ran).toEqual(['first@5', 'a@10', 'b1@20', 'b2@20']);
    expect(clock.nowMs).toBe(25);
  });

  it('does not go on for ever', () => {
    const clock = new Scheduler(0);
    const again = (): void => clock.after(0, again);
    again();
    expect(() => clock.runUntil(1)).toThrow('a run ends');
  });
});
