import { emptyTally, type SeedRange } from './seed-run';
import { shareOut, type Runner } from './seed-threads';

const failure = (seed: number) => ({ seed, rule: 'r', detail: 'd' });

/** A runner in this thread, which finds the given seeds to fail. */
const runner =
  (ran: SeedRange[], failing: readonly number[] = []): Runner =>
  async (range) => {
    ran.push(range);
    await new Promise(setImmediate);
    const isIn = (seed: number): boolean => seed >= range.first && seed < range.first + range.seeds;
    return { ...emptyTally, seeds: range.seeds, failures: failing.filter(isIn).map(failure) };
  };

describe('seeds on several runners', () => {
  it('are each run once, and all are counted', async () => {
    const ran: SeedRange[] = [];
    const seen: number[] = [];
    const onProgress = ({ seeds }: { seeds: number }) => void seen.push(seeds);
    const range = { first: 7, seeds: 130, keepGoing: false, onProgress };
    const tally = await shareOut(range, [runner(ran), runner(ran), runner(ran)]);
    expect(tally.seeds).toBe(130);
    expect(seen.at(-1)).toBe(130);
    const firsts = ran.map(({ first }) => first).sort((a, b) => a - b);
    expect(firsts).toEqual([7, 27, 47, 67, 87, 107, 127]);
  });

  it('are not begun any more after a failure, and the first that failed is named', async () => {
    const ran: SeedRange[] = [];
    const runners = [runner(ran, [35, 15]), runner(ran, [35, 15])];
    const tally = await shareOut({ first: 1, seeds: 1_000, keepGoing: false }, runners);
    expect(tally.failures).toEqual([failure(15)]);
    expect(ran).toHaveLength(2);
  });

  it('are all run where failures are to be collected', async () => {
    const ran: SeedRange[] = [];
    const runners = [runner(ran, [35, 15]), runner(ran, [35, 15])];
    const tally = await shareOut({ first: 1, seeds: 100, keepGoing: true }, runners);
    expect(tally).toMatchObject({ seeds: 100, failures: [failure(15), failure(35)] });
  });
});
