import { runContest, runningOrder, type Benchmark, type Contender, WrongRun } from './contest';

const silent = (): void => undefined;

/** A contender whose runs yield what is written down for them, and who says when it ran. */
const scripted = (
  name: string,
  role: Contender['role'],
  rates: readonly number[],
  ran: string[],
): Contender => ({
  name,
  role,
  about: name,
  run: async (turn) => {
    ran.push(name);
    const things = rates[turn] ?? 0;
    return { perSecond: { things }, latenciesMs: { done: [1, 2, things] }, faults: [] };
  },
});

const benchmarkOf = (...contenders: Contender[]): Benchmark => ({
  id: 'things',
  title: 'Things',
  about: 'things',
  contenders,
});

describe('a contest', () => {
  it('lets another contender begin each round', () => {
    expect(runningOrder(['a', 'b', 'c'], 0)).toEqual(['a', 'b', 'c']);
    expect(runningOrder(['a', 'b', 'c'], 1)).toEqual(['b', 'c', 'a']);
    expect(runningOrder(['a', 'b', 'c'], 5)).toEqual(['c', 'a', 'b']);
  });

  it('runs all in every round, warms up first and leaves that out', async () => {
    const ran: string[] = [];
    const ours = scripted('ours', 'ours', [999, 10, 30], ran);
    const limit = scripted('limit', 'limit', [999, 100, 60], ran);
    const result = await runContest(benchmarkOf(ours, limit), 2, silent);
    expect(ran).toEqual(['ours', 'limit', 'limit', 'ours', 'ours', 'limit']);
    expect(result.contenders.map(({ perSecond }) => perSecond['things'])).toEqual([
      { median: 20, min: 10, max: 30, rounds: [10, 30] },
      { median: 80, min: 60, max: 100, rounds: [100, 60] },
    ]);
  });

  it('takes of sizes the median, and of what a process has grown by the greatest', async () => {
    const growing: Contender = {
      ...scripted('ours', 'ours', [], []),
      run: async (turn) => ({
        memoryKiB: { session: [9, 2, 6, 4][turn] ?? 0 },
        growthKiB: { connection: [90, 1, 37, 0][turn] ?? 0 },
        faults: [],
      }),
    };
    const { contenders } = await runContest(benchmarkOf(growing), 3, silent);
    expect(contenders[0]?.memoryKiB).toEqual({ session: 4, connection: 37 });
  });

  it('divides round by round, so that the noise of a round is in both', async () => {
    const result = await runContest(
      benchmarkOf(
        scripted('ours', 'ours', [0, 10, 30, 5], []),
        scripted('limit', 'limit', [1, 100, 60, 20], []),
      ),
      3,
      silent,
    );
    const rates = result.ratios.find(({ measure }) => measure === 'per-second');
    expect(rates).toEqual({
      ours: 'ours',
      against: 'limit',
      series: 'things',
      measure: 'per-second',
      rounds: [0.1, 0.5, 0.25],
      median: 0.25,
    });
  });

  it('takes percentiles over the samples of all rounds', async () => {
    const ours = scripted('ours', 'ours', [0, 10, 30], []);
    const result = await runContest(benchmarkOf(ours), 2, silent);
    expect(result.contenders[0]?.latencyMs['done']).toEqual({
      p50: 2,
      p99: 30,
      samples: 6,
      p50Rounds: [2, 2],
      p99Rounds: [10, 30],
    });
  });

  it('has no figure for a wrong run, however fast, nor for a wrong warm-up', async () => {
    const wrong: Contender = {
      name: 'fast',
      role: 'ours',
      about: '',
      run: async (turn) => ({
        perSecond: { things: 1e9 },
        faults: turn === 0 ? ['9 events in, 8 effects'] : [],
      }),
    };
    await expect(runContest(benchmarkOf(wrong), 1, silent)).rejects.toThrow(WrongRun);
    await expect(runContest(benchmarkOf(wrong), 1, silent)).rejects.toThrow('8 effects');
  });
});
