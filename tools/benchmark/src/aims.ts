import type { BenchmarkResult, Ratio } from './contest';

/** What a figure has to be, or what we work for. */
export type Level = 'must' | 'aim';

/** One comparison of a measured figure with a bound. */
export type Claim = Readonly<{
  level: Level;
  benchmark: string;
  contender: string;
  series: string;
  /** `ratio` (of rates or of p99) and `p50-ratio` compare with `against`, round by round. */
  measure: 'per-second' | 'p50' | 'p99' | 'ratio' | 'p50-ratio' | 'cpu-ms' | 'memory-kib';
  against?: string;
  atLeast?: number;
  atMost?: number;
}>;

/** A row of the table of aims. Rows without claims are not measured by any benchmark yet. */
export type Aim = Readonly<{
  row: number;
  metric: string;
  /** What others are known to reach. */
  anchor: string;
  /** What the parts can do on a machine of two cores. */
  limit: string;
  must: string;
  aim: string;
  claims: readonly Claim[];
}>;

const claims = (
  place: Pick<Claim, 'benchmark' | 'contender' | 'series'>,
  bounds: readonly Omit<Claim, 'benchmark' | 'contender' | 'series'>[],
): Claim[] => bounds.map((bound) => ({ ...place, ...bound }));

const stop200 = {
  benchmark: 'stop-to-journal-200',
  contender: 'six services',
  series: 'booked',
} as const;
const rebuildMemory = {
  benchmark: 'rebuild-in-memory',
  contender: 'replay into memory',
  series: 'events',
} as const;
const rebuildLedger = {
  benchmark: 'rebuild-with-ledger',
  contender: 'backbone rebuild --verify',
  series: 'session events',
} as const;
const booking = {
  benchmark: 'booking-batch',
  contender: 'ledger',
  series: 'entries',
} as const;
const pricing = {
  benchmark: 'pricing',
  contender: 'rate, price by power',
  series: 'sessions',
} as const;

const gateway = { contender: 'gateway', series: 'answered' } as const;
const authorize = { benchmark: 'authorize', ...gateway } as const;
const saturated = {
  benchmark: 'authorize-saturated',
  contender: 'gateway',
  series: 'Authorize',
} as const;

/** The table of aims; `docs/benchmarks.md` prints it with what was measured. */
export const aims: readonly Aim[] = [
  {
    row: 1,
    metric: 'Authorize, 5,000 chargers connected, 1,000/s, 100k tokens in process',
    anchor: 'SteVe with empty log 9 ms p99, CitrineOS 120 ms p99 (200 chargers, 50/s)',
    limit: 'ocpp-rpc strict p50 0.09, p99 0.8 ms (up to 2)',
    must: 'p50 <= 1 ms, p99 <= 10 ms, p50 <= 5x ocpp-rpc in the same run',
    aim: 'p99 <= 5 ms',
    claims: claims(authorize, [
      { level: 'must', measure: 'p50', atMost: 1 },
      { level: 'must', measure: 'p99', atMost: 10 },
      { level: 'must', measure: 'p50-ratio', against: 'ocpp-rpc, strict', atMost: 5 },
      { level: 'aim', measure: 'p99', atMost: 5 },
    ]),
  },
  {
    row: 2,
    metric: 'Authorize side by side, 200 chargers, 50/s',
    anchor: 'as row 1',
    limit: '0.45 / 2.1 ms',
    must: 'p99 <= 4.5 ms: half of SteVe with empty log, a tenth of CitrineOS is 12 ms',
    aim: 'p99 <= 3 ms: a third of SteVe with empty log',
    claims: claims({ benchmark: 'authorize-200', ...gateway }, [
      { level: 'must', measure: 'p99', atMost: 4.5 },
      { level: 'aim', measure: 'p99', atMost: 3 },
    ]),
  },
  {
    row: 3,
    metric: 'Authorize saturated, one gateway process',
    anchor: 'SteVe 264-286/s with empty log, CitrineOS 259/s',
    limit: '50,500/s',
    must: '>= 5,000/s',
    aim: '15,000/s',
    claims: claims(saturated, [
      { level: 'must', measure: 'per-second', atLeast: 5_000 },
      { level: 'aim', measure: 'per-second', atLeast: 15_000 },
    ]),
  },
  {
    row: 4,
    metric: 'Authorize while Kafka and PostgreSQL are stopped',
    anchor: 'peers: no answer',
    limit: 'as row 1',
    must: 'p99 within 1.5x of row 1, 0 errors, for the stated lifetime of the cache',
    aim: '',
    claims: claims({ benchmark: 'authorize-outage', ...gateway }, [
      { level: 'must', measure: 'ratio', against: 'gateway, servers running', atMost: 1.5 },
    ]),
  },
  {
    row: 5,
    metric: 'memory per idle connection at 5,000 (growth of the gateway)',
    anchor: '',
    limit: '9.3 KiB ws, 13.2 KiB ocpp-rpc',
    must: '<= 32 KiB',
    aim: '<= 20 KiB',
    claims: claims({ benchmark: 'idle-memory-5000', contender: 'gateway', series: 'connection' }, [
      { level: 'must', measure: 'memory-kib', atMost: 32 },
      { level: 'aim', measure: 'memory-kib', atMost: 20 },
    ]),
  },
  {
    row: 6,
    metric: 'reconnect storm: 5,000 chargers connect, boot and report at once',
    anchor: 'SteVe 84 of 200 errors, CitrineOS hangs',
    limit: '4,900 connects/s; 9,900 BootNotifications/s',
    must: 'all answered <= 15 s, 0 errors, 0 lost',
    aim: '<= 5 s',
    claims: claims({ benchmark: 'storm', contender: 'gateway', series: 'all back' }, [
      { level: 'must', measure: 'p99', atMost: 15_000 },
      { level: 'aim', measure: 'p99', atMost: 5_000 },
    ]),
  },
  {
    row: 7,
    metric: 'start and stop pairs/s, answered only when durable',
    anchor: 'SteVe 54, CitrineOS 70',
    limit: '~6k pairs/s',
    must: '>= 500/s',
    aim: '1,500/s',
    claims: claims({ benchmark: 'start-stop-pairs', contender: 'gateway', series: 'pairs' }, [
      { level: 'must', measure: 'per-second', atLeast: 500 },
      { level: 'aim', measure: 'per-second', atLeast: 1_500 },
    ]),
  },
  {
    row: 8,
    metric: 'stop received to ledger booked, 200 sessions/s',
    anchor: 'Lago, event to billable: < 2 s p99',
    limit: '2.2 / 10.4 ms',
    must: 'p99 <= 60 ms and <= 5x the bare pipeline in the same run',
    aim: 'p99 <= 30 ms',
    claims: claims(stop200, [
      { level: 'must', measure: 'p99', atMost: 60 },
      { level: 'must', measure: 'ratio', against: 'bare pipeline', atMost: 5 },
      { level: 'aim', measure: 'p99', atMost: 30 },
    ]),
  },
  {
    row: 9,
    metric: 'rebuild of projections in memory',
    anchor: 'Lago, PostgreSQL only: 10k events/s taken in',
    limit: '317k events/s',
    must: '>= 25 % of the raw consumer in the same run; identical state',
    aim: '50 %',
    claims: claims(rebuildMemory, [
      { level: 'must', measure: 'ratio', against: 'raw consumer', atLeast: 0.25 },
      { level: 'aim', measure: 'ratio', against: 'raw consumer', atLeast: 0.5 },
    ]),
  },
  {
    row: 10,
    metric: 'rebuild with the ledger in PostgreSQL',
    anchor: '',
    limit: 'the lesser of 317k events/s and 111k transfers/s by COPY',
    must: '>= 20k session events/s, identical trial balance',
    aim: '40k/s',
    claims: claims(rebuildLedger, [
      { level: 'must', measure: 'per-second', atLeast: 20_000 },
      { level: 'aim', measure: 'per-second', atLeast: 40_000 },
    ]),
  },
  {
    row: 11,
    metric: 'ledger booking, batches of 1,000, each fact once',
    anchor: 'pgledger 8.6k/s, Blnk 533, Formance 331-467, TigerBeetle 343k',
    limit: 'COPY 111k transfers/s; unnest with balances 37k',
    must: '>= 25 % of COPY in the same run and >= 2x pgledger',
    aim: '>= 35 % of COPY, >= 4x pgledger',
    claims: claims(booking, [
      { level: 'must', measure: 'ratio', against: 'COPY, batches of 10,000', atLeast: 0.25 },
      { level: 'must', measure: 'per-second', atLeast: 17_200 },
      { level: 'aim', measure: 'ratio', against: 'COPY, batches of 10,000', atLeast: 0.35 },
      { level: 'aim', measure: 'per-second', atLeast: 34_400 },
    ]),
  },
  {
    row: 12,
    metric: 'ledger booking, one fact a transaction, 100/s',
    anchor: 'pgledger 0.5 / 0.8 ms',
    limit: '0.18 / 0.28 ms',
    must: 'p99 <= 5 ms',
    aim: 'p99 <= 2 ms',
    claims: claims({ benchmark: 'booking-single', contender: 'ledger', series: 'committed' }, [
      { level: 'must', measure: 'p99', atMost: 5 },
      { level: 'aim', measure: 'p99', atMost: 2 },
    ]),
  },
  {
    row: 13,
    metric: 'pricing, 60 segments, itemised, exact money, one core',
    anchor: 'in the style of decimal.js 28k/s',
    limit: 'JSON.parse and BigInt 93k sessions/s',
    must: '>= 15k/s and >= 15 % of the floor in the same run',
    aim: '30k/s',
    claims: claims(pricing, [
      { level: 'must', measure: 'per-second', atLeast: 15_000 },
      { level: 'must', measure: 'ratio', against: 'JSON.parse and BigInt', atLeast: 0.15 },
      { level: 'aim', measure: 'per-second', atLeast: 30_000 },
    ]),
  },
  {
    row: 14,
    metric: 'gateway CPU per Authorize',
    anchor: '',
    limit: '28 us ocpp-rpc strict, 8 us Kafka client',
    must: '<= 150 us',
    aim: '<= 80 us',
    claims: claims(saturated, [
      { level: 'must', measure: 'cpu-ms', atMost: 0.15 },
      { level: 'aim', measure: 'cpu-ms', atMost: 0.08 },
    ]),
  },
  {
    row: 15,
    metric: 'cost as the log grows, 10k against 1M sessions: Authorize, booking, pricing',
    anchor: 'SteVe x8.5 at 20k, x43 at 100k, x146 at 300k',
    limit: '1.0',
    must: 'ratio <= 1.2',
    aim: '<= 1.05 at 10M',
    claims: claims({ benchmark: 'authorize-history', ...gateway }, [
      { level: 'must', measure: 'p50-ratio', against: 'gateway, short history', atMost: 1.2 },
    ]),
  },
  {
    row: 16,
    metric: 'payment capture against the processor’s limit',
    anchor: 'Stripe 25/s per endpoint, 100/s per account',
    limit: 'the cap',
    must: '>= 95 % of the cap, no 429 in 10 min; the backlog drains in order',
    aim: '',
    claims: [],
  },
  {
    row: 17,
    metric: 'correctness under load, in every run of every row',
    anchor: '',
    limit: '',
    must: 'events in = events booked, sum of postings = 0, no duplicates',
    aim: '',
    claims: [],
  },
];

export type Judgement = Readonly<{
  claim: Claim;
  /** Undefined while no benchmark has measured it. */
  found: number | undefined;
  isMet: boolean;
}>;

/** Looks the figure of a claim up among what was measured. */
export const judge = (claim: Claim, results: readonly BenchmarkResult[]): Judgement => {
  const found = figureOf(claim, results);
  const { atLeast = -Infinity, atMost = Infinity } = claim;
  return { claim, found, isMet: found !== undefined && found >= atLeast && found <= atMost };
};

const figureOf = (claim: Claim, results: readonly BenchmarkResult[]): number | undefined => {
  const benchmark = results.find(({ id }) => id === claim.benchmark);
  const contender = benchmark?.contenders.find(({ name }) => name === claim.contender);
  if (benchmark === undefined || contender === undefined) return undefined;
  const ratioOf = (measures: readonly Ratio['measure'][]): number | undefined =>
    benchmark.ratios.find(
      (ratio) =>
        ratio.ours === claim.contender &&
        ratio.against === claim.against &&
        ratio.series === claim.series &&
        measures.includes(ratio.measure),
    )?.median;
  switch (claim.measure) {
    case 'per-second':
      return contender.perSecond[claim.series]?.median;
    case 'p50':
      return contender.latencyMs[claim.series]?.p50;
    case 'p99':
      return contender.latencyMs[claim.series]?.p99;
    case 'cpu-ms':
      return contender.cpuMs?.[claim.series];
    case 'memory-kib':
      return contender.memoryKiB?.[claim.series];
    case 'ratio':
      return ratioOf(['per-second', 'p99']);
    case 'p50-ratio':
      return ratioOf(['p50']);
  }
};
