import { median, percentile, rounded, spreadOf, type Spread } from './statistics';

/** What one run of one contender yields. Names of series are the same for all contenders. */
export type Measurement = Readonly<{
  /** Things per second, by series: more is better. */
  perSecond?: Readonly<Record<string, number>>;
  /** Single latencies, by series: less is better. */
  latenciesMs?: Readonly<Record<string, readonly number[]>>;
  /** What one of the things took, by series, in CPU milliseconds: it says where time goes. */
  cpuMs?: Readonly<Record<string, number>>;
  /** What one of the things takes in memory, by series. */
  memoryKiB?: Readonly<Record<string, number>>;
  /**
   * The same, where it is what a process has grown by: of the rounds the greatest counts, because what
   * one has left free the next uses again.
   */
  growthKiB?: Readonly<Record<string, number>>;
  /** What is wrong with the result. A faster wrong run is a failure. */
  faults: readonly string[];
}>;

/** `limit`: what the parts can do when nothing of ours is in the way; `reference`: to compare. */
export type Role = 'ours' | 'limit' | 'reference';

export type Contender = Readonly<{
  name: string;
  role: Role;
  about: string;
  run(round: number): Promise<Measurement>;
}>;

/** Contenders for the same work, measured in turn on the same servers. */
export type Benchmark = Readonly<{
  id: string;
  title: string;
  about: string;
  contenders: readonly Contender[];
  /** Unrecorded runs of each contender before the first round; 1 if not given. */
  warmUps?: number;
}>;

export type RateResult = Spread & Readonly<{ rounds: readonly number[] }>;

export type LatencyResult = Readonly<{
  /** Over the samples of all rounds together. */
  p50: number;
  p99: number;
  samples: number;
  p50Rounds: readonly number[];
  p99Rounds: readonly number[];
}>;

export type ContenderResult = Readonly<{
  name: string;
  role: Role;
  about: string;
  perSecond: Readonly<Record<string, RateResult>>;
  latencyMs: Readonly<Record<string, LatencyResult>>;
  /** Medians over the rounds. */
  cpuMs?: Readonly<Record<string, number>>;
  memoryKiB?: Readonly<Record<string, number>>;
}>;

/** Ours divided by a limit, round by round: the machine's noise is in both. */
export type Ratio = Readonly<{
  ours: string;
  against: string;
  series: string;
  measure: 'per-second' | 'p50' | 'p99';
  median: number;
  rounds: readonly number[];
}>;

export type BenchmarkResult = Readonly<{
  id: string;
  title: string;
  about: string;
  rounds: number;
  contenders: readonly ContenderResult[];
  ratios: readonly Ratio[];
}>;

/** A run whose outcome is not what it has to be: there is no figure then. */
export class WrongRun extends Error {
  constructor(benchmark: string, contender: string, faults: readonly string[]) {
    super(`${benchmark}, ${contender}: ${faults.join('; ')}`);
    this.name = 'WrongRun';
  }
}

/** Who runs when: all in every round, each round beginning with another one. */
export const runningOrder = <T>(contenders: readonly T[], round: number): T[] => {
  const first = contenders.length === 0 ? 0 : round % contenders.length;
  return [...contenders.slice(first), ...contenders.slice(0, first)];
};

/**
 * Runs the contenders of a benchmark in turn.
 *
 * @throws WrongRun at the first run, warm-ups included, whose outcome is wrong.
 */
export const runContest = async (
  benchmark: Benchmark,
  rounds: number,
  report: (line: string) => void,
): Promise<BenchmarkResult> => {
  const measured = new Map<Contender, Measurement[]>();
  for (const contender of benchmark.contenders) measured.set(contender, []);
  const warmUps = benchmark.warmUps ?? 1;
  for (let turn = 0; turn < warmUps + rounds; turn += 1) {
    const round = turn - warmUps;
    for (const contender of runningOrder(benchmark.contenders, turn)) {
      const measurement = await contender.run(turn);
      if (measurement.faults.length > 0) {
        throw new WrongRun(benchmark.id, contender.name, measurement.faults);
      }
      if (round >= 0) measured.get(contender)?.push(measurement);
      report(lineOf(benchmark.id, round, contender.name, measurement));
    }
  }
  const contenders = benchmark.contenders.map((contender) =>
    resultOf(contender, measured.get(contender) ?? []),
  );
  return {
    id: benchmark.id,
    title: benchmark.title,
    about: benchmark.about,
    rounds,
    contenders,
    ratios: ratiosOf(contenders),
  };
};

const lineOf = (
  id: string,
  round: number,
  contender: string,
  { perSecond = {}, latenciesMs = {}, cpuMs = {}, memoryKiB = {}, growthKiB = {} }: Measurement,
): string => {
  const turn = round < 0 ? 'warm-up' : `round ${round + 1}`;
  const rates = Object.entries(perSecond).map(([name, rate]) => `${Math.round(rate)} ${name}/s`);
  const latencies = Object.entries(latenciesMs).map(([name, samples]) => {
    const [p50, p99] = [0.5, 0.99].map((fraction) => percentile(samples, fraction).toFixed(2));
    return `${name} p50 ${p50} p99 ${p99} ms`;
  });
  const cpu = Object.entries(cpuMs).map(([name, ms]) => `${name} ${ms.toFixed(2)} CPU ms`);
  const memory = Object.entries({ ...memoryKiB, ...growthKiB }).map(
    ([name, size]) => `${name} ${size.toFixed(1)} KiB`,
  );
  return `${id} ${turn} ${contender}: ${[...rates, ...latencies, ...cpu, ...memory].join(', ')}`;
};

const resultOf = (
  { name, role, about }: Contender,
  measurements: readonly Measurement[],
): ContenderResult => ({
  name,
  role,
  about,
  perSecond: bySeries(
    measurements.map(({ perSecond }) => perSecond ?? {}),
    (rates) => {
      const { median, min, max } = spreadOf(rates);
      return {
        median: rounded(median),
        min: rounded(min),
        max: rounded(max),
        rounds: rates.map(rounded),
      };
    },
  ),
  ...named('cpuMs', summary('cpuMs', measurements, median)),
  ...named('memoryKiB', {
    ...summary('memoryKiB', measurements, median),
    ...summary('growthKiB', measurements, (values) => Math.max(...values)),
  }),
  latencyMs: bySeries(
    measurements.map(({ latenciesMs }) => latenciesMs ?? {}),
    (samples) => ({
      p50: rounded(percentile(samples.flat(), 0.5)),
      p99: rounded(percentile(samples.flat(), 0.99)),
      samples: samples.flat().length,
      p50Rounds: samples.map((round) => rounded(percentile(round, 0.5))),
      p99Rounds: samples.map((round) => rounded(percentile(round, 0.99))),
    }),
  ),
});

const summary = (
  name: 'cpuMs' | 'memoryKiB' | 'growthKiB',
  measurements: readonly Measurement[],
  summarise: (values: readonly number[]) => number,
): Record<string, number> =>
  bySeries<number, number>(
    measurements.map((one) => one[name] ?? {}),
    (values) => rounded(summarise(values)),
  );

/** Left out where no round says anything of it. */
const named = <Name extends 'cpuMs' | 'memoryKiB'>(
  name: Name,
  figures: Readonly<Record<string, number>>,
): { [key in Name]?: Readonly<Record<string, number>> } =>
  Object.keys(figures).length === 0
    ? {}
    : ({ [name]: figures } as { [key in Name]: Readonly<Record<string, number>> });

const bySeries = <From, To>(
  rounds: readonly Readonly<Record<string, From>>[],
  summarise: (values: From[]) => To,
): Record<string, To> => {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  return Object.fromEntries(
    names.map((name) => [
      name,
      summarise(rounds.flatMap((round) => (name in round ? [round[name] as From] : []))),
    ]),
  );
};

const ratiosOf = (contenders: readonly ContenderResult[]): Ratio[] => {
  const ours = contenders.filter(({ role }) => role === 'ours');
  const others = contenders.filter(({ role }) => role !== 'ours');
  return ours.flatMap((mine) =>
    others.flatMap((other) => {
      const pair = { ours: mine.name, against: other.name };
      const compare = (
        series: string,
        measure: Ratio['measure'],
        above: readonly number[],
        below: readonly number[],
      ): Ratio => {
        const rounds = above.map((value, index) => rounded(value / (below[index] as number)));
        return { ...pair, series, measure, median: rounded(median(rounds)), rounds };
      };
      const rates = sameSeries(mine.perSecond, other.perSecond).map(([series, a, b]) =>
        compare(series, 'per-second', a.rounds, b.rounds),
      );
      const latencies = sameSeries(mine.latencyMs, other.latencyMs).flatMap(([series, a, b]) => [
        compare(series, 'p50', a.p50Rounds, b.p50Rounds),
        compare(series, 'p99', a.p99Rounds, b.p99Rounds),
      ]);
      return [...rates, ...latencies];
    }),
  );
};

const sameSeries = <T>(
  mine: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
): (readonly [string, T, T])[] =>
  Object.entries(mine).flatMap(([series, a]) => {
    const b = other[series];
    return b === undefined ? [] : [[series, a, b] as const];
  });
