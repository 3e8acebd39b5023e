import { stopAll } from './stopping';

const nothing = async (): Promise<void> => undefined;

describe('the end of a run', () => {
  it('comes when everything has ended', async () => {
    const ended: string[] = [];
    await stopAll(
      { one: async () => void ended.push('one'), two: async () => void ended.push('two') },
      60_000,
    );
    expect(ended).toEqual(['one', 'two']);
  });

  it('names what does not end, instead of waiting for ever or ending without a word', async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    await expect(stopAll({ one: nothing, 'the proxy': never }, 20)).rejects.toThrow(
      'not ended after 0.02 s: the proxy',
    );
  });

  it('tells what went wrong while ending', async () => {
    const failing = (): Promise<void> => Promise.reject(new Error('no such process'));
    await expect(stopAll({ one: failing }, 60_000)).rejects.toThrow('no such process');
  });
});
