export { runBench, type BenchOptions } from './bench';
export { textOf, type Report } from './report';
