import { readFileSync } from 'node:fs';
import type { Benchmark, Measurement } from '../contest';
import { cpuMsOf } from '../process-cpu';
import type { Swarm } from '../workload/swarm';
import { accounted, beside, closeAll, openAll, ours, sidesOf } from './gateway-sides';
import {
  connectionsRecorded,
  type GatewayStage,
  openGatewayStage,
  sessionsOf,
  type Sizes,
} from './gateway-stage';

const atRate = (
  stage: GatewayStage,
  id: string,
  chargers: number,
  perSecond: number,
  seconds: number,
): Benchmark =>
  beside(
    stage,
    {
      id,
      title: `Authorize, ${chargers} chargers, ${perSecond} a second`,
      about:
        `${perSecond * seconds} swipes in ${seconds} s over ${chargers} connections, ` +
        `${stage.sizes.tokens} tokens, from the write of the frame to its answer; every answer ` +
        'Accepted, every decision on Kafka afterwards',
    },
    async (side) => {
      await openAll(side.swarm, chargers);
      const { tokens: tags } = stage.sizes;
      const cpuBefore = cpuMsOf(side.pid);
      const told = await side.swarm.ask({ do: 'swipe', chargers, perSecond, seconds, tags });
      const cpu = cpuMsOf(side.pid) - cpuBefore;
      await closeAll(side.swarm);
      const done = told.done ?? 0;
      return {
        latenciesMs: { answered: told.latenciesMs ?? [] },
        cpuMs: { Authorize: cpu / done },
        faults: [...told.faults, ...(await accounted(stage, side, done))],
      };
    },
  );

const saturated = (stage: GatewayStage, chargers: number, seconds: number): Benchmark =>
  beside(
    stage,
    {
      id: 'authorize-saturated',
      title: 'Authorize, as fast as it goes',
      about:
        `${chargers} chargers that swipe again as soon as they are answered, for ${seconds} s; ` +
        'clients, servers, broker and database on the same cores. CPU time is that of the gateway',
    },
    async (side) => {
      await openAll(side.swarm, chargers);
      const { tokens: tags } = stage.sizes;
      const cpuBefore = cpuMsOf(side.pid);
      const told = await side.swarm.ask({ do: 'swipe-all-out', chargers, seconds, tags });
      const cpu = cpuMsOf(side.pid) - cpuBefore;
      await closeAll(side.swarm);
      const done = told.done ?? 0;
      return {
        perSecond: { Authorize: told.perSecond ?? 0 },
        cpuMs: { Authorize: cpu / done },
        faults: [...told.faults, ...(await accounted(stage, side, done))],
      };
    },
  );

/** Row 4: the same swipes with the servers stopped, beside those with them. */
const outage = (stage: GatewayStage, perSecond: number, seconds: number): Benchmark => {
  const { chargers, tokens: tags } = stage.sizes;
  const run = async (isOut: boolean): Promise<Measurement> => {
    const side = sidesOf(stage).mine;
    const { kafka, postgres } = stage.runtime;
    await openAll(side.swarm, chargers);
    await connectionsRecorded(stage, chargers);
    // Reading their registrations began with the connections; so long it may take on a busy machine.
    const before = await side.swarm.ask({ do: 'swipe', chargers, perSecond, seconds: 2, tags });
    if (isOut) await Promise.all([kafka.stop(), postgres.stop()]);
    const told = await side.swarm.ask({ do: 'swipe', chargers, perSecond, seconds, tags });
    if (isOut) await Promise.all([kafka.start(), postgres.start()]);
    const done = (before.done ?? 0) + (told.done ?? 0);
    const missing = await accounted(stage, side, done, isOut);
    const faults = [...before.faults, ...told.faults, ...missing];
    await closeAll(side.swarm);
    return { latenciesMs: { answered: told.latenciesMs ?? [] }, faults };
  };
  return {
    id: 'authorize-outage',
    title: 'Authorize while Kafka and PostgreSQL are stopped',
    about:
      `${perSecond} swipes a second for ${seconds} s over ${chargers} connections, with both ` +
      'servers stopped and with both running; afterwards every decision is on Kafka',
    contenders: [
      { name: ours, role: 'ours', about: 'both servers are stopped', run: () => run(true) },
      {
        name: 'gateway, servers running',
        role: 'reference',
        about: 'the same gateway, nothing is stopped',
        run: () => run(false),
      },
    ],
  };
};

const rssKiB = (pid: number | undefined): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1]);

const idleMemory = (stage: GatewayStage, chargers: number): Benchmark =>
  beside(
    stage,
    {
      id: `idle-memory-${chargers}`,
      title: `Memory of an idle connection, ${chargers} chargers`,
      about:
        'growth of the resident memory of the server process from before the chargers connect to ' +
        'three seconds after, divided by their number; of the rounds the greatest, because what one ' +
        'has left free the next uses again',
    },
    async (side) => {
      const before = rssKiB(side.pid);
      await openAll(side.swarm, chargers);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const each = (rssKiB(side.pid) - before) / chargers;
      await closeAll(side.swarm);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return { growthKiB: { connection: Math.max(0, each) }, faults: [] };
    },
  );

const storm = (stage: GatewayStage): Benchmark => {
  const { chargers } = stage.sizes;
  return beside(
    stage,
    {
      id: 'storm',
      title: `${chargers} chargers come back at once`,
      about:
        'connect, BootNotification, StatusNotification, all chargers begin in the same moment; ' +
        'from the first connect of each to its last answer. Their passwords are known to the ' +
        'process, as they are after a network has failed; one that has just started checks each',
    },
    async (side) => {
      if (side.isOurs) await openAll(side.swarm, 1);
      await closeAll(side.swarm);
      const told = await side.swarm.ask({ do: 'storm', count: chargers });
      await closeAll(side.swarm);
      return {
        latenciesMs: {
          'all back': [(told.seconds ?? 0) * 1_000],
          'one back': told.latenciesMs ?? [],
        },
        faults: told.faults,
      };
    },
  );
};

const pairs = (stage: GatewayStage, chargers: number, seconds: number): Benchmark =>
  beside(
    stage,
    {
      id: 'start-stop-pairs',
      title: 'StartTransaction and StopTransaction, durable',
      about:
        `${chargers} chargers that start and stop again and again for ${seconds} s; the gateway ` +
        'answers after its commit and asks authorization for each start; as many sessions as pairs',
    },
    async (side) => {
      await openAll(side.swarm, chargers);
      const before = side.isOurs ? await sessionsOf(stage) : 0;
      const { tokens: tags } = stage.sizes;
      const told = await side.swarm.ask({ do: 'pairs', chargers, seconds, tags });
      const done = told.done ?? 0;
      const faults = [...told.faults, ...(await accounted(stage, side, done))];
      const found = side.isOurs ? (await sessionsOf(stage)) - before : done;
      if (found !== done) faults.push(`${done} pairs, ${found} sessions`);
      await closeAll(side.swarm);
      return { perSecond: { pairs: told.perSecond ?? 0 }, faults };
    },
  );

/** Row 15: the same swipes at a gateway with a short and at one with a long history. */
const history = (stage: GatewayStage, seconds: number): Benchmark => {
  const { few: chargers, tokens: tags, history: sessions } = stage.sizes;
  const run = async (swarm: Swarm): Promise<Measurement> => {
    await openAll(swarm, chargers);
    const told = await swarm.ask({ do: 'swipe', chargers, perSecond: 100, seconds, tags });
    await closeAll(swarm);
    const side = { ...sidesOf(stage).mine, swarm };
    const faults = [...told.faults, ...(await accounted(stage, side, told.done ?? 0))];
    return { latenciesMs: { answered: told.latenciesMs ?? [] }, faults };
  };
  return {
    id: 'authorize-history',
    title: 'Authorize as the history grows',
    about: `100 swipes a second over ${chargers} connections; two gateways, two databases`,
    contenders: [
      {
        name: ours,
        role: 'ours',
        about: `${sessions} finished sessions in its database`,
        run: () => run(stage.old.swarm),
      },
      {
        name: 'gateway, short history',
        role: 'reference',
        about: `${sessions / 100} finished sessions in its database`,
        run: () => run(stage.gateway.swarm),
      },
    ],
  };
};

/** The gateway with authorization, on servers of their own. */
export const openOcppGateway = async (
  quick: boolean,
  report: (line: string) => void,
): Promise<{
  postgresUrl: string;
  benchmarks: readonly Benchmark[];
  close: () => Promise<void>;
}> => {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  const sizes: Sizes = quick
    ? { chargers: 500, tokens: 2_000, history: 20_000, few: 200 }
    : { chargers: 5_000, tokens: 100_000, history: 1_000_000, few: 200 };
  try {
    const stage = await openGatewayStage(sizes, report, (step) => void closing.push(step));
    const seconds = quick ? 2 : 5;
    const rate = quick ? 200 : 1_000;
    const { chargers, few } = sizes;
    return {
      postgresUrl: stage.runtime.postgresUrl,
      benchmarks: [
        idleMemory(stage, chargers),
        idleMemory(stage, 2 * chargers),
        atRate(stage, 'authorize', chargers, rate, seconds),
        atRate(stage, 'authorize-200', few, 50, seconds),
        saturated(stage, few, seconds),
        outage(stage, rate, seconds),
        history(stage, seconds),
        pairs(stage, few, seconds),
        storm(stage),
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
