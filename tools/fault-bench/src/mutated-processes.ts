import { readFileSync } from 'node:fs';
import { serviceNames, until, type System } from '@tallywatt/demonstration';
import { logFileOf } from './bench-system';
import { mutationNotice, mutations, type MutationName } from './mutations';

/** @throws when no service has loaded a mutated passage: its failure would prove nothing. */
export const untilMutated = async (system: System, mutation: MutationName): Promise<void> => {
  for (const { file } of mutations[mutation].passages) {
    await until(
      `a service runs with ${file} mutated`,
      async () => {
        const logs = serviceNames.map((name) => readFileSync(logFileOf(system, name), 'utf8'));
        return logs.some((log) => log.includes(mutationNotice(file))) ? true : undefined;
      },
      10_000,
    );
  }
};
