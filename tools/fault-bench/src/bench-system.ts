import { join, resolve } from 'node:path';
import {
  freePorts,
  OperatorApi,
  serviceNames,
  startSystem,
  type ServiceName,
  type System,
} from '@tallywatt/demonstration';
import { freePort } from '@tallywatt/local-runtime';
import { startTcpProxy, type TcpProxy } from '@tallywatt/testing';
import { mutationVariable, type MutationName } from './mutations';
import { stopAll } from './stopping';
import { SupervisedService } from './supervised-service';

/** A line that can be dead for a while. */
export type Line = Pick<TcpProxy, 'address' | 'refuse' | 'allow'>;

/** The whole system, with hands on everything that can be made to fail. */
export type BenchSystem = Readonly<{
  system: System;
  instance: string;
  api: OperatorApi;
  services: Readonly<Record<ServiceName, SupervisedService>>;
  /** Between Kafka and everybody. */
  kafkaProxy: TcpProxy;
  /** Between the gateway and chargers that are to be offline. */
  newOcppLine: () => Promise<Line>;
  stop: () => Promise<void>;
}>;

export type BenchSystemOptions = Readonly<{
  instance: string;
  mutation?: MutationName;
  report: (line: string) => void;
}>;

/** A killed consumer's partitions wait for so long, whoever is there to take them. */
const everywhere = { KAFKA_SESSION_TIMEOUT_MS: '6000' };

/** Rather short, so that a run settles in minutes; they change when, not what. */
const shortTimes = {
  ...everywhere,
  PROCESSOR_TIMEOUT_MS: '4000',
  PROCESSOR_BACK_OFF_MAX_MS: '4000',
};

/** A service that does not end on SIGTERM is killed after 30 s. */
const stopLimitMs = 90_000;

const hookFile = resolve(__dirname, '..', 'dist', 'mutation-hook.js');

const environmentOf = (
  mutation: MutationName | undefined,
): Partial<Record<ServiceName, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    serviceNames.map((name) => [
      name,
      {
        ...(name === 'payment-capture' ? shortTimes : everywhere),
        ...(mutation === undefined
          ? {}
          : { NODE_OPTIONS: `--require ${hookFile}`, [mutationVariable]: mutation }),
      },
    ]),
  );

/** Starts everything; nothing is left behind when that fails. */
export const startBenchSystem = async (options: BenchSystemOptions): Promise<BenchSystem> => {
  const { instance, mutation, report } = options;
  const kafkaPort = await freePort();
  const kafkaProxy = await startTcpProxy({ target: `127.0.0.1:${kafkaPort}` });
  const ocppProxies: TcpProxy[] = [];
  let system: System;
  try {
    system = await startSystem({
      instance,
      ports: await freePorts(),
      ephemeral: true,
      kafkaPort,
      advertisedKafkaPort: kafkaProxy.port,
      environment: environmentOf(mutation),
      report,
    });
  } catch (error) {
    await kafkaProxy.stop();
    throw error;
  }
  const services = Object.fromEntries(
    serviceNames.map((name) => [name, new SupervisedService(system.services[name])]),
  ) as Record<ServiceName, SupervisedService>;
  const ocppAddress = new URL(system.addresses.ocpp).host;
  return {
    system,
    instance,
    api: new OperatorApi(system.addresses, system.operatorToken),
    services,
    kafkaProxy,
    newOcppLine: async () => {
      const proxy = await startTcpProxy({ target: ocppAddress });
      ocppProxies.push(proxy);
      return proxy;
    },
    stop: async () => {
      for (const service of Object.values(services)) service.release();
      const stopsOf = (parts: Readonly<Record<string, { stop: () => Promise<unknown> }>>) =>
        Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, () => part.stop()]));
      await stopAll(stopsOf(system.services), stopLimitMs);
      await stopAll({ 'the sandbox, Kafka or PostgreSQL': system.stop }, stopLimitMs);
      const lines = ocppProxies.map(
        (proxy, index) => [`offline line ${index + 1}`, proxy] as const,
      );
      const proxies = { 'the proxy of Kafka': kafkaProxy, ...Object.fromEntries<TcpProxy>(lines) };
      await stopAll(stopsOf(proxies), stopLimitMs);
    },
  };
};

export const logFileOf = (system: System, name: string): string =>
  join(system.directory, 'logs', `${name}.log`);
