import { atSteadyRate } from './schedule';

describe('a steady rate', () => {
  it('starts everything once and in order, and waits for the last', async () => {
    const started: number[] = [];
    let ended = 0;
    await atSteadyRate(2_000, 50, async (index) => {
      started.push(index);
      await new Promise((resolve) => setImmediate(resolve));
      ended += 1;
    });
    expect(started).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(ended).toBe(50);
  });

  it('does not wait for one before it starts the next', async () => {
    let release = (): void => undefined;
    const last = new Promise<void>((resolve) => (release = resolve));
    await atSteadyRate(2_000, 10, async (index) => {
      if (index === 9) release();
      await last;
    });
  });

  it('tells what went wrong', async () => {
    const failing = atSteadyRate(1_000, 2, async () => {
      throw new Error('lost');
    });
    await expect(failing).rejects.toThrow('lost');
  });
});
