import { emptyTally, runRange, sumOf } from './seed-run';

describe('a range of seeds', () => {
  const defect = 'key-made-at-the-call';
  const failing = runRange({ first: 21, seeds: 5 }, { defect, keepGoing: true });

  it('is run to its end when nothing fails', () => {
    const tally = runRange({ first: 1, seeds: 3 }, { keepGoing: false });
    expect(tally).toMatchObject({ seeds: 3, failures: [] });
    expect(tally.steps).toBeGreaterThan(100);
  });

  it('ends at the first seed that fails, or goes on', () => {
    expect(failing.seeds).toBe(5);
    const [first] = failing.failures;
    const stopped = runRange({ first: 21, seeds: 5 }, { defect, keepGoing: false });
    expect(stopped.failures).toEqual([first]);
    expect(stopped.seeds).toBe((first?.seed ?? 0) - 20);
  });
});

it('tallies of threads are one, with failures in the order of seeds', () => {
  const failure = (seed: number) => ({ seed, rule: 'r', detail: 'd' });
  const late = { ...emptyTally, seeds: 1, failures: [failure(9)] };
  const early = { ...emptyTally, seeds: 2, failures: [failure(4)] };
  expect(sumOf(late, early)).toMatchObject({ seeds: 3, failures: [failure(4), failure(9)] });
});
