import { fork } from 'node:child_process';
import { randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { join } from 'node:path';
import { OperatorApi, operatorToken, ServiceProcess, until } from '@tallywatt/demonstration';
import { freePort, type LocalRuntime } from '@tallywatt/local-runtime';
import { Client } from 'pg';
import { createTopics, recordsIn, startServers, workspace } from '../servers';
import { endProcess, messageOf, startSwarm, type Swarm } from '../workload/swarm';

export const patienceMs = 180_000;

/** How much is set up: chargers registered and connected, tokens issued, sessions in the past. */
export type Sizes = Readonly<{ chargers: number; tokens: number; history: number; few: number }>;

/** A gateway with its database and the swarm that is connected to it. */
export type GatewaySide = Readonly<{
  process: ServiceProcess;
  database: string;
  swarm: Swarm;
}>;

/** Gateway and authorization on servers of their own, and the bare server beside them. */
export type GatewayStage = Readonly<{
  sizes: Sizes;
  runtime: LocalRuntime;
  authorization: ServiceProcess;
  gateway: GatewaySide;
  /** A second gateway, whose database has a long history. */
  old: GatewaySide;
  bare: Readonly<{ pid: number | undefined; swarm: Swarm }>;
  /** Decisions that must be in the log by now; runs add theirs. */
  expected: { decisions: number };
}>;

const password = randomBytes(15).toString('base64url');
const authSecret = randomBytes(32).toString('hex');

// One password and one hash for all: it is checked slowly once and known from then on, as those of
// a fleet are that comes back. 5,000 slow checks are 5,000 times some 25 ms of CPU, once a process.
const passwordHash = (): string => {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  return `scrypt$${salt.toString('base64url')}$${key.toString('base64url')}`;
};

const inDatabase = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

const registerChargers = (url: string, count: number): Promise<void> =>
  inDatabase(url, async (client) => {
    await client.query(
      `INSERT INTO charge_points (cpo_id, charge_point_id, revision, location_id, time_zone,
         currency, tariff_id, security_profile, password_hash)
       SELECT 'default', 'SWARM-' || n, 1, 'L-' || n % 500, 'Europe/Berlin', 'EUR', 'bench', 1, $2
       FROM generate_series(0, $1::int - 1) AS n`,
      [count, passwordHash()],
    );
    await client.query(
      `INSERT INTO connectors (cpo_id, charge_point_id, connector_id, power_w_max)
       SELECT 'default', 'SWARM-' || n, k, 22000
       FROM generate_series(0, $1::int - 1) AS n, generate_series(1, 2) AS k`,
      [count],
    );
    await client.query('ANALYZE charge_points; ANALYZE connectors');
  });

/** Sessions that ended long ago, as their rows are left: of every charger as many. */
const writeHistory = (url: string, count: number, chargers: number): Promise<void> =>
  inDatabase(url, async (client) => {
    await client.query(
      `INSERT INTO sessions (cpo_id, session_id, charge_point_id, connector_id, transaction_id,
         fingerprint, occurrence, token_mark, token_ref, id_tag_info, status, state, started_at,
         stopped_at, closed_at, closed_by, energy_milli_wh, is_quarantined, event_count)
       SELECT 'default', gen_random_uuid(), 'SWARM-' || n % $2::int, 1,
         nextval('ocpp_transaction_ids'), md5(n::text), 1,
         md5('mark' || n % 1000), gen_random_uuid(), '{"status":"Accepted"}', 'closed', repeat('{}', 200),
         '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z', '2026-01-01T01:00:00.000Z',
         'stop', 10000000, false, 3
       FROM generate_series(1, $1::int) AS n`,
      [count, chargers],
    );
    await client.query('ANALYZE sessions');
  });

/** How many sessions a gateway has. */
export const sessionsOf = (stage: GatewayStage): Promise<number> =>
  inDatabase(stage.runtime.databaseUrl(stage.gateway.database), async (client) => {
    const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM sessions');
    return Number(rows[0]?.count);
  });

/** Waits until the gateway has written down that they are connected: before that it may drop them. */
export const connectionsRecorded = (stage: GatewayStage, count: number): Promise<true> =>
  inDatabase(stage.runtime.databaseUrl(stage.gateway.database), (client) =>
    until(
      'every connection is recorded',
      async () => {
        const { rows } = await client.query<{ count: string }>(
          'SELECT count(*) FROM connections WHERE disconnected_at IS NULL',
        );
        return Number(rows[0]?.count) >= count ? true : undefined;
      },
      patienceMs,
    ),
  );

/** What a relay sends again after an outage is there as well once nothing is left to be marked. */
const allMarked = (stage: GatewayStage): Promise<true> =>
  inDatabase(stage.runtime.databaseUrl('authorization'), (client) =>
    until(
      'every decision is marked as published',
      async () => {
        const { rows } = await client.query<{ count: string }>(
          'SELECT count(*) FROM event_log.outbox WHERE published_at IS NULL',
        );
        return rows[0]?.count === '0' ? true : undefined;
      },
      patienceMs,
    ),
  );

/**
 * Every Authorize that was answered and every start has its decision on Kafka, and no other is
 * there. A relay whose broker goes down sends again what may be there already, so that after an
 * outage there can be more records; consumers know them by their sequence.
 */
export const decisionsThere = async (
  stage: GatewayStage,
  { wasOut = false } = {},
): Promise<string[]> => {
  const wanted = stage.expected.decisions;
  await until(
    'every decision is on Kafka',
    async () =>
      (await recordsIn(stage.runtime, 'access.decisions.v1')) >= wanted ? true : undefined,
    patienceMs,
  );
  if (wasOut) await allMarked(stage);
  const found = await recordsIn(stage.runtime, 'access.decisions.v1');
  if (wasOut) stage.expected.decisions = found;
  return found === wanted || wasOut ? [] : [`${wanted} decisions were made, ${found} are on Kafka`];
};

type Opening = Readonly<{
  runtime: LocalRuntime;
  onOpen: (close: () => Promise<unknown>) => void;
}>;

const serviceOn = async (
  { runtime, onOpen }: Opening,
  service: 'ocpp-gateway' | 'authorization',
  database: string,
  own: Readonly<Record<string, string>>,
): Promise<Readonly<{ process: ServiceProcess; url: string }>> => {
  const port = await freePort();
  const options = process.env['SERVICE_NODE_OPTIONS'];
  const serviceProcess = new ServiceProcess({
    name: database,
    main: join(workspace, 'services', service, 'dist', 'main.js'),
    environment: {
      KAFKA_BROKERS: runtime.kafkaBrokers,
      DATABASE_URL: await runtime.createDatabase(database),
      AUTH_SECRET: authSecret,
      LOG_LEVEL: 'warn',
      [`${service.toUpperCase().replace('-', '_')}_PORT`]: String(port),
      ...(options === undefined ? {} : { NODE_OPTIONS: options }),
      ...own,
    },
    readyUrl: `http://127.0.0.1:${port}/health/ready`,
    logFile: join(workspace, '.tallywatt', 'systems', 'benchmark', 'logs', `${database}.log`),
  });
  onOpen(() => serviceProcess.stop());
  await serviceProcess.start();
  return { process: serviceProcess, url: `http://127.0.0.1:${port}` };
};

const issueTokens = async (authorizationUrl: string, count: number): Promise<void> => {
  const api = new OperatorApi(
    { authorization: authorizationUrl } as ConstructorParameters<typeof OperatorApi>[0],
    await operatorToken(authSecret, 'default'),
  );
  for (let first = 0; first < count; first += 1_000) {
    const many = Array.from({ length: Math.min(1_000, count - first) }, (_, index) => ({
      uid: `T${String(first + index).padStart(9, '0')}`,
      type: 'RFID',
      status: 'valid',
    }));
    await api.post('authorization', '/v1/tokens', many);
  }
};

const gatewayOn = async (
  opening: Opening,
  database: string,
  grpc: string,
  chargers: number,
): Promise<GatewaySide> => {
  const ocppPort = await freePort();
  const { process: gateway } = await serviceOn(opening, 'ocpp-gateway', database, {
    OCPP_PORT: String(ocppPort),
    AUTHORIZATION_GRPC_URL: grpc,
    OCPP_CONNECTIONS_PER_ADDRESS_MAX: '20000', // all chargers are behind one address here
    OCPP_FRAMES_PER_SECOND: '10000',
  });
  await registerChargers(opening.runtime.databaseUrl(database), chargers);
  const swarm = await startSwarm(`ws://127.0.0.1:${ocppPort}/ocpp`, password);
  opening.onOpen(() => swarm.stop());
  return { process: gateway, database, swarm };
};

/** Starts everything; what has to be ended is handed over as soon as it runs. */
export const openGatewayStage = async (
  sizes: Sizes,
  report: (line: string) => void,
  onOpen: (close: () => Promise<unknown>) => void,
): Promise<GatewayStage> => {
  const runtime = await startServers(report);
  onOpen(() => runtime.stop());
  const opening = { runtime, onOpen };
  await createTopics(runtime);
  const grpcPort = await freePort();
  const { process: authorization, url } = await serviceOn(
    opening,
    'authorization',
    'authorization',
    { AUTHORIZATION_GRPC_PORT: String(grpcPort), VAULT_KEY: randomUUID() },
  );
  report(`issuing ${sizes.tokens} tokens ...`);
  await issueTokens(url, sizes.tokens);
  const grpc = `127.0.0.1:${grpcPort}`;
  const gateway = await gatewayOn(opening, 'gateway', grpc, 2 * sizes.chargers);
  const old = await gatewayOn(opening, 'gateway_of_years', grpc, sizes.few);
  report(`writing ${sizes.history} sessions of the past ...`);
  await writeHistory(runtime.databaseUrl('gateway'), sizes.history / 100, sizes.few);
  await writeHistory(runtime.databaseUrl('gateway_of_years'), sizes.history, sizes.few);
  const server = fork(join(__dirname, '..', 'bare', 'ocpp-server-process.js'));
  onOpen(() => endProcess(server));
  const { ready } = (await messageOf(server)) as { ready: number };
  const bareSwarm = await startSwarm(`ws://127.0.0.1:${ready}`, password);
  onOpen(() => bareSwarm.stop());
  const bare = { pid: server.pid, swarm: bareSwarm };
  return { sizes, runtime, authorization, gateway, old, bare, expected: { decisions: 0 } };
};
