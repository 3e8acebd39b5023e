import type { LocalRuntime } from '@tallywatt/local-runtime';
import type { Benchmark } from './contest';
import { startServers } from './servers';
import { backboneBenchmarks } from './suites/backbone';
import { openEndToEnd } from './suites/end-to-end';
import { eventLogBenchmarks } from './suites/event-log';
import { ledgerBenchmarks } from './suites/ledger';
import { openOcppGateway } from './suites/ocpp-gateway';
import { tariffBenchmarks } from './suites/tariffs';

type Report = (line: string) => void;

/** Servers that run, and what is to be measured on them. */
export type OpenedProject = Readonly<{
  postgresUrl: string;
  benchmarks: readonly Benchmark[];
  close(): Promise<void>;
}>;

export type OpenProject = (quick: boolean, report: Report) => Promise<OpenedProject>;

const onServers =
  (
    kafka: boolean,
    benchmarksOn: (runtime: LocalRuntime, quick: boolean) => Promise<readonly Benchmark[]>,
  ): OpenProject =>
  async (quick, report) => {
    const runtime = await startServers(report, { kafka });
    try {
      const benchmarks = await benchmarksOn(runtime, quick);
      return { postgresUrl: runtime.postgresUrl, benchmarks, close: () => runtime.stop() };
    } catch (error) {
      await runtime.stop();
      throw error;
    }
  };

/** Every project with a `bench` target, in the order in which all are measured. */
export const projects = {
  tariffs: onServers(false, async (_, quick) => tariffBenchmarks(quick)),
  ledger: onServers(false, ledgerBenchmarks),
  'event-log': onServers(true, eventLogBenchmarks),
  backbone: onServers(true, backboneBenchmarks),
  'ocpp-gateway': openOcppGateway,
  'end-to-end': openEndToEnd,
} as const satisfies Record<string, OpenProject>;

export type ProjectName = keyof typeof projects;
