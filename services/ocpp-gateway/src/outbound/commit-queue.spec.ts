import type { SqlClient } from '@tallywatt/event-log';
import { CommitQueue, type Work } from './commit-queue';

const setting = () => {
  const transactions: string[] = [];
  const tx = {} as SqlClient;
  const queue = new CommitQueue(async <T>(work: Work<T>): Promise<T> => {
    try {
      const result = await work(tx);
      transactions.push('committed');
      return result;
    } catch (error) {
      transactions.push('rolled back');
      throw error;
    }
  });
  return { queue, transactions };
};

describe('the commit queue', () => {
  it('commits what comes together in one transaction, in order', async () => {
    const { queue, transactions } = setting();
    const order: number[] = [];
    const results = await Promise.all(
      [1, 2, 3].map((n) =>
        queue.submit(async () => {
          order.push(n);
          return n * 10;
        }),
      ),
    );
    expect(results).toEqual([10, 20, 30]);
    expect(order).toEqual([1, 2, 3]);
    expect(transactions).toEqual(['committed']);
  });

  it('answers nobody before the commit', async () => {
    let commit = (): void => undefined;
    const queue = new CommitQueue(async <T>(work: Work<T>): Promise<T> => {
      const result = await work({} as SqlClient);
      await new Promise<void>((resolve) => (commit = resolve));
      return result;
    });
    let isAnswered = false;
    const answered = queue.submit(async () => undefined).then(() => (isAnswered = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAnswered).toBe(false);
    commit();
    await answered;
    expect(isAnswered).toBe(true);
  });

  it('fails only the frame that fails', async () => {
    const { queue, transactions } = setting();
    const outcomes = await Promise.allSettled([
      queue.submit(async () => 'one'),
      queue.submit(() => Promise.reject(new Error('broken'))),
      queue.submit(async () => 'three'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(transactions).toEqual(['rolled back', 'committed', 'rolled back', 'committed']);
  });

  it('goes on after a failure', async () => {
    const { queue } = setting();
    await expect(queue.submit(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(queue.submit(async () => 'next')).resolves.toBe('next');
    await queue.drained();
  });

  it('goes no further than so many transactions at once, and shares them then', async () => {
    const commits: (() => void)[] = [];
    const queue = new CommitQueue(async <T>(work: Work<T>): Promise<T> => {
      const result = await work({} as SqlClient);
      await new Promise<void>((resolve) => commits.push(resolve));
      return result;
    }, 2);
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
    const answers: Promise<number>[] = [];
    for (const n of [1, 2, 3, 4]) {
      answers.push(queue.submit(async () => n));
      await turn();
    }
    expect(commits).toHaveLength(2);
    commits.shift()?.();
    await answers[0];
    await turn();
    expect(commits).toHaveLength(2);
    for (const commit of commits) commit();
    await expect(Promise.all(answers)).resolves.toEqual([1, 2, 3, 4]);
    await queue.drained();
  });
});
