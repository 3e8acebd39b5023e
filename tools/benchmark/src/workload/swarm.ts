import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a swarm is asked to do; `chargers` are the first so many of it. */
export type Asked =
  | Readonly<{ do: 'open'; count: number; atOnce: number }>
  | Readonly<{ do: 'close' }>
  | Readonly<{ do: 'swipe'; chargers: number; perSecond: number; seconds: number; tags: number }>
  | Readonly<{ do: 'swipe-all-out'; chargers: number; seconds: number; tags: number }>
  | Readonly<{ do: 'pairs'; chargers: number; seconds: number; tags: number }>
  | Readonly<{ do: 'storm'; count: number }>;

export type Told = Readonly<{
  latenciesMs?: readonly number[];
  done?: number;
  perSecond?: number;
  seconds?: number;
  faults: readonly string[];
}>;

/** Many chargers in a process of their own. */
export type Swarm = Readonly<{
  ask(asked: Asked): Promise<Told>;
  stop(): Promise<void>;
}>;

/** The next message of a process, or that it has ended. */
export const messageOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${child.spawnfile} has ended`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });

export const endProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
};

export const startSwarm = async (url: string, password: string): Promise<Swarm> => {
  const child = fork(join(__dirname, 'swarm-process.js'), [url, password], {
    serialization: 'advanced', // latencies by the hundred thousand
  });
  await messageOf(child);
  return {
    ask: async (asked) => {
      const told = messageOf(child);
      child.send(asked);
      return (await told) as Told;
    },
    stop: () => endProcess(child),
  };
};
