import type { Benchmark, Contender, Measurement } from '../contest';
import { memoryUseOf } from '../memory';
import {
  alternatingSessions,
  evenSessions,
  ratedFromJson,
  shortSessions,
  summedFromJson,
  type MeteredSessions,
} from '../workload/metered-sessions';

const timed = (count: number, texts: readonly string[], work: (text: string) => unknown) => {
  const startedMs = performance.now();
  for (let index = 0; index < count; index += 1) work(texts[index % texts.length] ?? '');
  return { sessions: count / ((performance.now() - startedMs) / 1_000) };
};

const rating = (count: number, work: MeteredSessions): (() => Promise<Measurement>) => {
  const { sessions, tariff, periods } = work;
  const texts = sessions.map(({ text }) => text);
  return async () => {
    const faults = sessions.flatMap(({ text, cents }, variant) => {
      const report = ratedFromJson(text, tariff);
      const found = report.totals.exclTaxMinor;
      return [
        ...(found === cents ? [] : [`session ${variant} costs ${cents} cents, priced ${found}`]),
        ...(report.periods.length === periods
          ? []
          : [`session ${variant} has ${report.periods.length} periods instead of ${periods}`]),
      ];
    });
    const perSecond = timed(count, texts, (text) => ratedFromJson(text, tariff));
    const memory = memoryUseOf((index) => ratedFromJson(texts[index % texts.length] ?? '', tariff));
    return {
      perSecond,
      memoryKiB: { allocated: memory.allocatedKiB, 'kept by the report': memory.keptKiB },
      faults,
    };
  };
};

const limit = (count: number, { sessions }: MeteredSessions): Contender => ({
  name: 'JSON.parse and BigInt',
  role: 'limit',
  about: 'parsed, energy summed reading by reading, one multiplication, one rounding',
  run: async () => ({
    perSecond: timed(
      count,
      sessions.map(({ text }) => text),
      summedFromJson,
    ),
    faults: [],
  }),
});

/** Short and long sessions from JSON with RFC 3339 instants, and whether cost is linear. */
export const sessionSizeBenchmarks = (quick: boolean): Benchmark[] => {
  const short = shortSessions();
  const long = alternatingSessions(120);
  const [some, tenfold] = [evenSessions(60), evenSessions(600)];
  const shortCount = quick ? 20_000 : 60_000;
  const longCount = quick ? 1_000 : 4_000;
  const someCount = quick ? 4_000 : 12_000;
  return [
    {
      id: 'pricing-short',
      title: 'Pricing a short session, one core',
      about: `${shortCount} sessions of 4 readings, 4 periods and 5 lines each run, from JSON`,
      contenders: [
        {
          name: 'rate, 4 periods',
          role: 'ours',
          about: 'day and night price, session fee, grace and idle time, with tax and explanations',
          run: rating(shortCount, short),
        },
        limit(shortCount, short),
      ],
    },
    {
      id: 'pricing-long',
      title: 'Pricing a session of 120 periods, one core',
      about: `${longCount} sessions of 119 readings, a price by power that changes at each, each run`,
      contenders: [
        {
          name: 'rate, 120 periods',
          role: 'ours',
          about: '120 periods and 120 lines, each with its explanation',
          run: rating(longCount, long),
        },
        limit(longCount, long),
      ],
    },
    {
      id: 'pricing-linear',
      title: 'Ten times the readings, one core',
      about:
        'The price asks about the power, so the session is cut at each reading; 10 % means that ' +
        'ten times the readings cost ten times as much',
      contenders: [
        {
          name: 'rate, 600 segments',
          role: 'ours',
          about: '599 readings, from JSON',
          run: rating(someCount / 10, tenfold),
        },
        {
          name: 'rate, 60 segments',
          role: 'reference',
          about: '59 readings, from JSON',
          run: rating(someCount, some),
        },
      ],
    },
  ];
};
