import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type KafkaConnection, readKafkaConnection } from '@tallywatt/event-log';

export const serviceNames = [
  'ocpp-gateway',
  'authorization',
  'pricing-engine',
  'payment-capture',
  'ledger',
  'reconciliation',
] as const;

export type ServiceName = (typeof serviceNames)[number];

const standardPorts: Readonly<Record<ServiceName, number>> = {
  'ocpp-gateway': 9311,
  authorization: 9312,
  'pricing-engine': 9313,
  'payment-capture': 9314,
  ledger: 9315,
  reconciliation: 9316,
};

/** Something outside is not where it should be: the command could not be carried out. */
export class NotReachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotReachable';
  }
}

/** Where a system is reached. Each is looked up when it is asked for, and throws NotReachable. */
export type Addresses = Readonly<{
  cpoId: string;
  /** How the log is reached, by the variables that services have for it too. */
  kafka(): KafkaConnection;
  apiUrl(service: ServiceName): string;
  token(): string;
  databaseUrl(service: ServiceName): string;
  /** A server on which databases may be created for a while. */
  superuserUrl(): string;
}>;

const workspaceDirectory = (): string => {
  let directory = __dirname;
  while (!existsSync(join(directory, 'nx.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no nx.json in any folder above ${__dirname}`);
    directory = parent;
  }
  return directory;
};

export const workspacePath = (...parts: readonly string[]): string =>
  join(workspaceDirectory(), ...parts);

const variablePrefix = (service: ServiceName): string => service.toUpperCase().replaceAll('-', '_');

type LocalAddresses = Readonly<{ kafkaBrokers?: string; postgresUrl?: string }>;

/**
 * The environment's addresses, and for what it does not name those of the local system.
 *
 * KAFKA_BROKERS and what else says how Kafka is reached (`kafkaVariables`), OPERATOR_TOKEN, DEFAULT_CPO_ID, SUPERUSER_DATABASE_URL, and for each service
 * <SERVICE>_URL (or <SERVICE>_PORT on this machine) and <SERVICE>_DATABASE_URL.
 */
export const addressesFrom = (
  env: Readonly<Record<string, string | undefined>>,
  instanceOption: string | undefined,
  stateDirectory = workspacePath('.tallywatt'),
): Addresses => {
  const given = (name: string): string | undefined => env[name] || undefined;
  const instance = instanceOption ?? given('TALLYWATT_INSTANCE') ?? 'default';
  const local = (): LocalAddresses => {
    const file = join(stateDirectory, instance, 'addresses.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LocalAddresses) : {};
  };
  const needed = (value: string | undefined, what: string, variable: string): string => {
    if (value !== undefined && value !== '') return value;
    throw new NotReachable(
      `no ${what}: the local system '${instance}' is not there (npm start); or set ${variable}`,
    );
  };
  const postgres = (variable: string): string =>
    needed(local().postgresUrl, 'PostgreSQL server', variable);
  const tokenFiles = [
    join(stateDirectory, 'systems', instance, 'operator-token'),
    ...(instance === 'default' ? [join(stateDirectory, 'operator-token')] : []),
  ];
  return {
    cpoId: given('DEFAULT_CPO_ID') ?? 'default',
    kafka: () => {
      const brokers = given('KAFKA_BROKERS') ?? local().kafkaBrokers;
      const KAFKA_BROKERS = needed(brokers, 'Kafka', 'KAFKA_BROKERS');
      try {
        return readKafkaConnection({ ...env, KAFKA_BROKERS });
      } catch (error) {
        throw new NotReachable((error as Error).message, { cause: error });
      }
    },
    apiUrl: (service) => {
      const prefix = variablePrefix(service);
      const port = given(`${prefix}_PORT`) ?? String(standardPorts[service]);
      return (given(`${prefix}_URL`) ?? `http://127.0.0.1:${port}`).replace(/\/+$/, '');
    },
    token: () => {
      const file = tokenFiles.find((path) => existsSync(path));
      const text = file === undefined ? undefined : readFileSync(file, 'utf8').trim();
      return needed(given('OPERATOR_TOKEN') ?? text, 'operator token', 'OPERATOR_TOKEN');
    },
    databaseUrl: (service) => {
      const variable = `${variablePrefix(service)}_DATABASE_URL`;
      const named = given(variable);
      if (named !== undefined) return named;
      const url = new URL(postgres(variable));
      url.pathname = `/${service.replaceAll('-', '_')}`;
      return url.toString();
    },
    superuserUrl: () => given('SUPERUSER_DATABASE_URL') ?? postgres('SUPERUSER_DATABASE_URL'),
  };
};
