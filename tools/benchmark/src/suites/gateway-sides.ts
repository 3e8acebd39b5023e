import type { Benchmark, Contender, Measurement } from '../contest';
import type { Swarm, Told } from '../workload/swarm';
import { decisionsThere, type GatewayStage } from './gateway-stage';

/** The name under which the gateway contends. */
export const ours = 'gateway';
const bareName = 'ocpp-rpc, strict';
/** A server with the chargers that are connected to it. */
export type Side = Readonly<{ swarm: Swarm; pid: number | undefined; isOurs: boolean }>;

export const sidesOf = ({
  gateway,
  bare,
}: GatewayStage): Readonly<{ mine: Side; limit: Side }> => ({
  mine: { swarm: gateway.swarm, pid: gateway.process.pid, isOurs: true },
  limit: { ...bare, isOurs: false },
});

/** A benchmark of the gateway and of the bare server, which do the same work. */
export const beside = (
  stage: GatewayStage,
  what: Pick<Benchmark, 'id' | 'title' | 'about'>,
  run: (side: Side) => Promise<Measurement>,
): Benchmark => {
  const contender = (name: string, role: Contender['role'], about: string): Contender => ({
    name,
    role,
    about,
    run: () => run(role === 'ours' ? sidesOf(stage).mine : sidesOf(stage).limit),
  });
  return {
    ...what,
    contenders: [
      contender(ours, 'ours', 'ocpp-gateway and authorization, each a process'),
      contender(
        bareName,
        'limit',
        'one process that checks schemas, accepts all and keeps nothing',
      ),
    ],
  };
};

/** Says what was asked of authorization and waits until all of it is on Kafka. */
export const accounted = async (
  stage: GatewayStage,
  side: Side,
  decisions: number,
  wasOut = false,
): Promise<string[]> => {
  if (!side.isOurs) return [];
  stage.expected.decisions += decisions;
  return decisionsThere(stage, { wasOut });
};

export const openAll = async (swarm: Swarm, count: number): Promise<void> => {
  const { faults } = await swarm.ask({ do: 'open', count, atOnce: 50 });
  if (faults.length > 0) throw new Error(`chargers could not connect: ${faults.join('; ')}`);
};

export const closeAll = (swarm: Swarm): Promise<Told> => swarm.ask({ do: 'close' });
