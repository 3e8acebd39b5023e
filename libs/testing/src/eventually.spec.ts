import { eventually } from './eventually';

describe('eventually', () => {
  it('repeats until the assertion holds and gives its result', async () => {
    let calls = 0;
    const result = await eventually(() => {
      calls += 1;
      if (calls < 3) throw new Error('not yet');
      return 'done';
    });
    expect([result, calls]).toEqual(['done', 3]);
  });

  it('ends with the last failure', () =>
    expect(eventually(() => Promise.reject(new Error('never')), { timeoutMs: 60 })).rejects.toThrow(
      'never',
    ));
});
