import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { allTopicDefinitions } from '@tallywatt/contracts';
import { ensureTopics } from '@tallywatt/event-log';
import { startLocalRuntime, type LocalRuntime } from '@tallywatt/local-runtime';
import { variableOf, type Ports } from './addresses';
import { localSecrets, operatorToken, type LocalSecrets } from './secrets';
import { ServiceProcess } from './service-process';

export type ServiceName =
  | 'ocpp-gateway'
  | 'authorization'
  | 'pricing-engine'
  | 'payment-capture'
  | 'ledger'
  | 'reconciliation';

export const serviceNames: readonly ServiceName[] = [
  'pricing-engine',
  'authorization',
  'ocpp-gateway',
  'payment-capture',
  'ledger',
  'reconciliation',
];

/** Where everything of a running system is reached. */
export type Addresses = Readonly<{
  ocpp: string;
  ocppGateway: string;
  authorization: string;
  authorizationGrpc: string;
  pricingEngine: string;
  paymentCapture: string;
  ledger: string;
  reconciliation: string;
  /** Left out when the real Stripe is used. */
  stripeSandbox?: string;
  kafka: string;
  postgres: string;
}>;

export type SystemOptions = Readonly<{
  instance: string;
  ports: Ports;
  ephemeral?: boolean;
  /** With `ephemeral`: servers that write as in production, for benchmarks. */
  durable?: boolean;
  /** The broker's port and the one clients are sent to, for a proxy between them. */
  kafkaPort?: number;
  advertisedKafkaPort?: number;
  /** A real test key; without it the sandbox is used. */
  stripeSecretKey?: string;
  /** Signing secret of the webhook endpoint registered at the real Stripe. */
  stripeWebhookSecret?: string;
  report?: (line: string) => void;
  /** Variables for single services, on top of what the system gives them. */
  environment?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}>;

export type System = Readonly<{
  addresses: Addresses;
  operatorToken: string;
  runtime: LocalRuntime;
  services: Readonly<Record<ServiceName, ServiceProcess>>;
  sandbox: ServiceProcess | undefined;
  directory: string;
  stop: () => Promise<void>;
}>;

const workspace = resolve(__dirname, '..', '..', '..');
const sandboxKey = 'sk_test_local';
const telemetryPreload = join(workspace, 'libs', 'service-kit', 'dist', 'telemetry.js');

/** OpenTelemetry is configured by whoever starts the system, and passed on as it is. */
const telemetryVariables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[0].startsWith('OTEL_') && entry[1] !== undefined,
    ),
  );

/**
 * Starts everything as it runs in production, each service its own process and database: Kafka,
 * PostgreSQL, the Stripe sandbox, the six services. Nothing is left behind when it fails.
 */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const report = options.report ?? (() => undefined);
  await Promise.all(
    (Object.keys(options.ports) as (keyof Ports)[])
      .filter((name) => name !== 'stripeSandbox' || options.stripeSecretKey === undefined)
      .map((name) => mustBeFree(options.ports[name], variableOf(name))),
  );
  report('starting Kafka and PostgreSQL ...');
  const runtime = await startLocalRuntime({
    instance: options.instance,
    ephemeral: options.ephemeral ?? false,
    durable: options.durable ?? false,
    ...(options.kafkaPort === undefined ? {} : { kafkaPort: options.kafkaPort }),
    ...(options.advertisedKafkaPort === undefined
      ? {}
      : { advertisedKafkaPort: options.advertisedKafkaPort }),
    report,
  });
  const processes: ServiceProcess[] = [];
  try {
    return await startServices(options, runtime, processes, report);
  } catch (error) {
    await Promise.all(processes.map((process) => process.kill()));
    await runtime.stop();
    throw error;
  }
};

const startServices = async (
  options: SystemOptions,
  runtime: LocalRuntime,
  processes: ServiceProcess[],
  report: (line: string) => void,
): Promise<System> => {
  const { ports } = options;
  // Beside the servers' data, not in it: logs outlive an ephemeral run.
  const directory = join(workspace, '.tallywatt', 'systems', options.instance);
  if (options.ephemeral === true) rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const secrets = localSecrets(directory);
  const token = await operatorToken(secrets.authSecret, 'default');
  const tokenDirectory = options.instance === 'default' ? join(workspace, '.tallywatt') : directory;
  writeFileSync(join(tokenDirectory, 'operator-token'), token, { mode: 0o600 });

  await ensureTopics({
    brokers: runtime.kafkaBrokers.split(','),
    definitions: allTopicDefinitions,
    replicationFactor: Number(process.env['KAFKA_REPLICATION_FACTOR'] ?? '1'),
  });
  const databases = Object.fromEntries(
    await Promise.all(
      serviceNames.map(async (name) => {
        const url = await runtime.createDatabase(name.replaceAll('-', '_'));
        return [name, url] as const;
      }),
    ),
  ) as Record<ServiceName, string>;

  const { sandbox, services } = programs(options, directory, secrets, runtime, databases);
  report('starting the services ...');
  processes.push(...(sandbox === undefined ? [] : [sandbox]), ...Object.values(services));
  for (const process of processes) process.spawn();
  await Promise.all(processes.map((process) => process.untilReady()));

  const stop = async (): Promise<void> => {
    await Promise.all(Object.values(services).map((service) => service.stop()));
    await sandbox?.stop();
    await runtime.stop();
  };
  return {
    addresses: {
      ocpp: `ws://127.0.0.1:${ports.ocpp}/ocpp`,
      ocppGateway: http(ports.ocppGateway),
      authorization: http(ports.authorization),
      authorizationGrpc: `127.0.0.1:${ports.authorizationGrpc}`,
      pricingEngine: http(ports.pricingEngine),
      paymentCapture: http(ports.paymentCapture),
      ledger: http(ports.ledger),
      reconciliation: http(ports.reconciliation),
      ...(sandbox === undefined ? {} : { stripeSandbox: http(ports.stripeSandbox) }),
      kafka: runtime.kafkaBrokers,
      postgres: runtime.postgresUrl,
    },
    operatorToken: token,
    runtime,
    services,
    sandbox,
    directory,
    stop,
  };
};

const http = (port: number): string => `http://127.0.0.1:${port}`;

/** What each service needs besides the variables that all have. */
const environmentOf = (
  options: SystemOptions,
  directory: string,
  secrets: LocalSecrets,
): Record<ServiceName, Record<string, string>> => {
  const { ports } = options;
  const useSandbox = options.stripeSecretKey === undefined;
  return {
    'ocpp-gateway': {
      OCPP_PORT: String(ports.ocpp),
      OCPP_GATEWAY_PORT: String(ports.ocppGateway),
      AUTHORIZATION_GRPC_URL: `127.0.0.1:${ports.authorizationGrpc}`,
      FINGERPRINT_KEY: secrets.fingerprintKey,
    },
    authorization: {
      AUTHORIZATION_PORT: String(ports.authorization),
      AUTHORIZATION_GRPC_PORT: String(ports.authorizationGrpc),
      VAULT_KEY: secrets.vaultKey,
    },
    'pricing-engine': { PRICING_ENGINE_PORT: String(ports.pricingEngine) },
    'payment-capture': {
      PAYMENT_CAPTURE_PORT: String(ports.paymentCapture),
      STRIPE_SECRET_KEY: options.stripeSecretKey ?? sandboxKey,
      ...(useSandbox ? { STRIPE_API_BASE: http(ports.stripeSandbox) } : {}),
      STRIPE_WEBHOOK_SECRETS: options.stripeWebhookSecret ?? secrets.webhookSecret,
      SETTLEMENT_SYNC_SECONDS: useSandbox ? '5' : '30',
    },
    ledger: {
      LEDGER_PORT: String(ports.ledger),
      LEDGER_SIGNING_KEY_FILE: secrets.signingKeyFile,
      JOURNAL_ROOTS_FILE: join(directory, 'journal-roots.jsonl'),
    },
    reconciliation: { RECONCILIATION_PORT: String(ports.reconciliation) },
  };
};

const programs = (
  options: SystemOptions,
  directory: string,
  secrets: LocalSecrets,
  runtime: LocalRuntime,
  databases: Record<ServiceName, string>,
): Pick<System, 'sandbox' | 'services'> => {
  const { ports } = options;
  const own = environmentOf(options, directory, secrets);
  const httpPorts: Record<ServiceName, number> = {
    'ocpp-gateway': ports.ocppGateway,
    authorization: ports.authorization,
    'pricing-engine': ports.pricingEngine,
    'payment-capture': ports.paymentCapture,
    ledger: ports.ledger,
    reconciliation: ports.reconciliation,
  };

  const sandbox =
    options.stripeSecretKey === undefined
      ? new ServiceProcess({
          name: 'stripe-sandbox',
          main: join(workspace, 'tools', 'stripe-sandbox', 'dist', 'main.js'),
          environment: {
            STRIPE_SANDBOX_PORT: String(ports.stripeSandbox),
            STRIPE_SANDBOX_STATE: join(directory, 'stripe-sandbox'),
            STRIPE_SANDBOX_KEY: sandboxKey,
            STRIPE_SANDBOX_WEBHOOKS: JSON.stringify([
              {
                url: `${http(ports.paymentCapture)}/webhooks/stripe`,
                secret: secrets.webhookSecret,
              },
            ]),
          },
          readyUrl: `${http(ports.stripeSandbox)}/_sandbox/health`,
          logFile: join(directory, 'logs', 'stripe-sandbox.log'),
        })
      : undefined;
  const services = Object.fromEntries(
    serviceNames.map((name) => [
      name,
      new ServiceProcess({
        name,
        main: join(workspace, 'services', name, 'dist', 'main.js'),
        preload: [telemetryPreload],
        environment: {
          KAFKA_BROKERS: runtime.kafkaBrokers,
          DATABASE_URL: databases[name],
          AUTH_SECRET: secrets.authSecret,
          ...telemetryVariables(),
          OTEL_SERVICE_NAME: name,
          ...own[name],
          ...options.environment?.[name],
        },
        readyUrl: `${http(httpPorts[name])}/health/ready`,
        logFile: join(directory, 'logs', `${name}.log`),
      }),
    ]),
  ) as Record<ServiceName, ServiceProcess>;

  return { sandbox, services };
};

const mustBeFree = (port: number, variable: string): Promise<void> =>
  new Promise((free, taken) => {
    const probe = createServer();
    probe.once('error', () =>
      taken(new Error(`port ${port} is taken; set ${variable} to another one`)),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => free()));
  });
