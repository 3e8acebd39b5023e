import type { LocalRuntime } from '@tallywatt/local-runtime';
import type { Benchmark } from './contest';
import { eventLogBenchmarks } from './suites/event-log';
import { ledgerBenchmarks } from './suites/ledger';
import { tariffBenchmarks } from './suites/tariffs';

/** How to measure a project. */
export type MeasuredProject = Readonly<{
  needsKafka: boolean;
  benchmarks(runtime: LocalRuntime, quick: boolean): Promise<readonly Benchmark[]>;
}>;

/** Every project with a `bench` target, in the order in which all are measured. */
export const projects = {
  tariffs: { needsKafka: false, benchmarks: async (_, quick) => tariffBenchmarks(quick) },
  'event-log': { needsKafka: true, benchmarks: eventLogBenchmarks },
  ledger: { needsKafka: false, benchmarks: ledgerBenchmarks },
} as const satisfies Record<string, MeasuredProject>;

export type ProjectName = keyof typeof projects;
