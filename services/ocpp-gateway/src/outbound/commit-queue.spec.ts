import type { SqlClient } from '@tallywatt/event-log';
import { CommitQueue, type Work } from './commit-queue';
import { onBehalfOf } from './station-lock';

const tx: SqlClient = { query: () => Promise.resolve({ rows: [], rowCount: 0 }) };

const setting = () => {
  const transactions: string[] = [];
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
      const result = await work(tx);
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

  it('works side by side for different charge points, and in order for each', async () => {
    const { queue, transactions } = setting();
    const said: string[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const submit = (station: string, name: string, wait?: Promise<void>) =>
      onBehalfOf(station, () =>
        queue.submit(async () => {
          said.push(`${name} begins`);
          await wait;
          said.push(`${name} ends`);
        }),
      );
    const all = [submit('A', 'A1', held), submit('A', 'A2'), submit('B', 'B1')];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said).toEqual(['A1 begins', 'B1 begins', 'B1 ends']);
    letGo();
    await Promise.all(all);
    expect(said.slice(3)).toEqual(['A1 ends', 'A2 begins', 'A2 ends']);
    expect(transactions).toEqual(['committed']);
  });

  it('lets what is done on nobody’s behalf run alone', async () => {
    const { queue } = setting();
    const running = new Set<string>();
    const beside: string[][] = [];
    const work = (name: string) => async (): Promise<void> => {
      running.add(name);
      await new Promise((resolve) => setTimeout(resolve, 5));
      beside.push([...running]);
      running.delete(name);
    };
    await Promise.all([
      onBehalfOf('A', () => queue.submit(work('A'))),
      queue.submit(work('nobody')),
      onBehalfOf('B', () => queue.submit(work('B'))),
    ]);
    expect(beside).toEqual([['A'], ['nobody'], ['B']]);
  });

  it('ends a transaction only when nothing runs in it, with the error that came first', async () => {
    const ends: string[] = [];
    let isBroken = false;
    const queue = new CommitQueue(async <T>(work: Work<T>): Promise<T> => {
      try {
        return await work(tx);
      } catch (error) {
        ends.push(`rolled back after ${(error as Error).message}`);
        throw error;
      }
    });
    const answers = await Promise.allSettled([
      onBehalfOf('A', () =>
        queue.submit(async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          ends.push('A is over');
          if (isBroken) throw new Error('aborted'); // as PostgreSQL refuses all that follows
        }),
      ),
      onBehalfOf('B', () =>
        queue.submit(() => {
          isBroken = true;
          return Promise.reject(new Error('conflict'));
        }),
      ),
    ]);
    expect(ends.slice(0, 2)).toEqual(['A is over', 'rolled back after conflict']);
    expect(answers[1]).toMatchObject({ status: 'rejected', reason: new Error('conflict') });
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
      const result = await work(tx);
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
