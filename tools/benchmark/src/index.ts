export { runContest, WrongRun, type Benchmark, type BenchmarkResult } from './contest';
