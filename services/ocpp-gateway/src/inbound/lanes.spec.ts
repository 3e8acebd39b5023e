import { LaneFull, Lanes } from './lanes';

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
};

describe('lanes', () => {
  it('keep the order of one charger and do not hold up another', async () => {
    const lanes = new Lanes();
    const done: string[] = [];
    const { opened, open } = gate();
    const first = lanes.run('a', async () => {
      await opened;
      done.push('a1');
    });
    const second = lanes.run('a', async () => void done.push('a2'));
    await lanes.run('b', async () => void done.push('b1'));
    expect(done).toEqual(['b1']);
    open();
    await Promise.all([first, second]);
    expect(done).toEqual(['b1', 'a1', 'a2']);
  });

  it('go on after a failure', async () => {
    const lanes = new Lanes();
    const failing = lanes.run('a', () => Promise.reject(new Error('broken')));
    const next = lanes.run('a', () => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('next');
    await lanes.drained();
  });

  it('say when one charger has nothing left, also what came while that was waited for', async () => {
    const lanes = new Lanes();
    const done: string[] = [];
    const { opened, open } = gate();
    const busy = gate();
    void lanes.run('b', () => busy.opened);
    void lanes.run('a', () => opened.then(() => void done.push('a1')));
    const idle = lanes.idle('a').then(() => done.push('idle'));
    void lanes.run('a', async () => void done.push('a2'));
    open();
    await idle;
    expect(done).toEqual(['a1', 'a2', 'idle']);
    await lanes.idle('nobody');
    busy.open();
  });

  it('refuse a flood', async () => {
    const lanes = new Lanes();
    const { opened, open } = gate();
    const waiting = Array.from({ length: 500 }, () => lanes.run('a', () => opened));
    await expect(lanes.run('a', () => opened)).rejects.toBeInstanceOf(LaneFull);
    const hungUp = lanes.runAlways('a', () => Promise.resolve('hung up'));
    open();
    await Promise.all(waiting);
    // That the sender went away is written down all the same: nobody would say it again.
    await expect(hungUp).resolves.toBe('hung up');
    await expect(lanes.run('a', () => Promise.resolve(1))).resolves.toBe(1);
  });
});
