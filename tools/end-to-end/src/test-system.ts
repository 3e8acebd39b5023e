import { rmSync } from 'node:fs';
import {
  freePorts,
  OperatorApi,
  publishTariffs,
  serviceNames,
  startSystem,
  type System,
} from '@tallywatt/demonstration';
import { troubles } from './service-logs';

/** A whole system of its own for one test file, with what a test does to it. */
export type TestSystem = Readonly<{ system: System; api: OperatorApi }>;

const failed = new Set<System>();

/** Starts a system on free ports, with the demonstration's tariffs. Nothing is left if it fails. */
export const startTestSystem = async (
  name: string,
  /** For every service, on top of what the system gives them. */
  environment: Readonly<Record<string, string>> = {},
): Promise<TestSystem> => {
  const system = await startSystem({
    instance: `e2e-${name}-${process.pid}`,
    ports: await freePorts(),
    ephemeral: true,
    environment: Object.fromEntries(serviceNames.map((service) => [service, environment])),
  });
  try {
    const api = new OperatorApi(system.addresses, system.operatorToken);
    await publishTariffs(api);
    return { system, api };
  } catch (error) {
    process.stderr.write(`${troubles(system)}\n`);
    await system.stop();
    throw error;
  }
};

/** Stops everything; the logs stay only where a test has failed. */
export const endTestSystem = async ({ system }: TestSystem): Promise<void> => {
  await system.stop();
  if (!failed.has(system)) rmSync(system.directory, { recursive: true, force: true });
};

/** Wraps a test: when it fails, the services' logs are shown and kept. */
export const withLogs =
  <Arguments extends readonly unknown[]>(
    tested: () => readonly (TestSystem | undefined)[],
    test: (...given: Arguments) => Promise<void>,
  ) =>
  async (...given: Arguments): Promise<void> => {
    try {
      await test(...given);
    } catch (error) {
      for (const one of tested()) {
        if (one === undefined) continue;
        failed.add(one.system);
        process.stderr.write(`${troubles(one.system)}\n`);
      }
      throw error;
    }
  };
