import { createHmac, randomBytes } from 'node:crypto';
import {
  allTopicDefinitions,
  type RecordedEvent,
  type TallywattEvent,
  type TopicName,
} from '@tallywatt/contracts';
import { ensureTopics, replayTopics } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startService } from '@tallywatt/service-kit';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { RPCClient } from 'ocpp-rpc';
import { Pool } from 'pg';
import { startAuthorization } from './scripted-authorization';
import { ocppGateway } from '../service';

export const password = 'correct-horse-battery';
const secret = randomBytes(24).toString('hex');

const bearer = (): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'op', cpo: 'default', roles: ['operator'] };
  const text = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `Bearer ${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

export const registration = (id: string) => ({
  id,
  locationId: 'LOC-1',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  taxRatePercent: 19,
  tariffId: 'T-1',
  connectors: [{ id: 1, powerKwMax: 11 }],
  securityProfile: 1,
  password,
});

export const at = (minute: number): string =>
  `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`;
export const start = (idTag = 'GOOD', other: object = {}) => ({
  connectorId: 1,
  idTag,
  meterStart: 1_000,
  timestamp: at(0),
  ...other,
});
export const stop = (transactionId: number, other: object = {}) => ({
  transactionId,
  timestamp: at(30),
  meterStop: 6_000,
  ...other,
});
export const values = (transactionId: number | undefined, value: string, minute: number) => ({
  connectorId: 1,
  ...(transactionId === undefined ? {} : { transactionId }),
  meterValue: [{ timestamp: at(minute), sampledValue: [{ value, unit: 'kWh' }] }],
});

export type Running = Readonly<{ url: string; stop: () => Promise<void> }>;
/** Another process of the gateway, on the same database and Kafka. */
export type OtherGateway = Running & Readonly<{ ocppPort: number }>;
/** Starts a gateway from an environment: in this process, or as one of its own. */
export type Run = (environment: Record<string, string>) => Promise<Running>;

const inThisProcess: Run = (environment) => startService(ocppGateway, environment);

/** What a charger answers, by action. */
export type Handlers = Readonly<
  Record<string, (call: { params?: unknown }) => Promise<Record<string, unknown>>>
>;

/** A gateway on servers of its own, an authorization service, and what a test says to them. */
export class GatewayStage {
  private constructor(
    readonly servers: LocalRuntime,
    readonly ocppPort: number,
    readonly authorization: Awaited<ReturnType<typeof startAuthorization>>,
    private readonly environment: Record<string, string>,
    readonly pool: Pool,
    private service: Running,
    private readonly run: Run,
  ) {}

  private readonly clients: RPCClient[] = [];

  /** @param settings further variables of the gateway's environment */
  static async start(
    run = inThisProcess,
    settings: Record<string, string> = {},
  ): Promise<GatewayStage> {
    const servers = await startTestServers();
    try {
      return await GatewayStage.startOn(servers, run, settings);
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  private static async startOn(
    servers: LocalRuntime,
    run: Run,
    settings: Record<string, string>,
  ): Promise<GatewayStage> {
    await ensureTopics({
      brokers: [servers.kafkaBrokers],
      definitions: allTopicDefinitions,
      replicationFactor: 1,
    });
    const authorization = await startAuthorization();
    const databaseUrl = await servers.createDatabase('gateway');
    const ocppPort = await freePort();
    const environment = {
      KAFKA_BROKERS: servers.kafkaBrokers,
      DATABASE_URL: databaseUrl,
      AUTH_SECRET: secret,
      AUTHORIZATION_GRPC_URL: authorization.address,
      // Long enough for a busy machine to answer, and one test waits for its end.
      AUTHORIZATION_PATIENCE_MS: '5000',
      // Soon, and not between two frames of a busy machine.
      ORPHAN_SETTLE_SECONDS: '3',
      OCPP_PORT: String(ocppPort),
      OCPP_GATEWAY_PORT: String(await freePort()),
      LOG_LEVEL: 'silent',
      ...settings,
    };
    const pool = new Pool({ connectionString: databaseUrl });
    const service = await run(environment);
    return new GatewayStage(servers, ocppPort, authorization, environment, pool, service, run);
  }

  async stopGateway(): Promise<void> {
    await this.service.stop();
  }

  async startGateway(other: Record<string, string> = {}): Promise<void> {
    this.service = await this.run({ ...this.environment, ...other });
  }

  /** Another one beside it; the test has to stop it. */
  async startOther(run = this.run, other: Record<string, string> = {}): Promise<OtherGateway> {
    const ocppPort = await freePort();
    const ports = { OCPP_PORT: String(ocppPort), OCPP_GATEWAY_PORT: String(await freePort()) };
    const running = await run({ ...this.environment, ...ports, ...other });
    return { ...running, ocppPort };
  }

  async hangUp(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.close({ force: true })));
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.pool.end();
    this.authorization.stop();
    await this.servers.stop();
  }

  async isAlive(): Promise<boolean> {
    return (await fetch(`${this.service.url}/health/live`)).ok;
  }

  /** What readiness says once a part is degraded, and of that part. */
  async ready(part: string): Promise<{ status: number; state: unknown }> {
    return eventually(async () => {
      const response = await fetch(`${this.service.url}/health/ready`);
      const body = (await response.json()) as { degraded: string[]; checks: object };
      expect(body.degraded).toContain(part);
      const state = Object.entries(body.checks).find(([name]) => name === part)?.[1] as unknown;
      return { status: response.status, state };
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.service.url}/metrics`)).text();
  }

  async api(path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.service.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: bearer(), 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: response.status, body: answer as Record<string, any> };
  }

  /**
   * Connects a charger; an unstrict one can say what the standard forbids. What it is asked at once
   * is answered only by handlers that are there before it connects.
   */
  async dial(
    identity: string,
    {
      isStrict = true,
      handlers = {},
      protocol = 'ocpp1.6',
      ocppPort = this.ocppPort,
    }: { isStrict?: boolean; handlers?: Handlers; protocol?: string; ocppPort?: number } = {},
  ) {
    const client = new RPCClient({
      endpoint: `ws://127.0.0.1:${ocppPort}/ocpp`,
      identity,
      protocols: [protocol],
      password,
      strictMode: isStrict,
      reconnect: false,
    } as never);
    this.clients.push(client);
    for (const [action, handler] of Object.entries(handlers)) client.handle(action, handler);
    await client.connect();
    return {
      client,
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      call: (action: string, params: object) => client.call(action, params) as Promise<any>,
    };
  }

  async newCharger(id: string, how: Parameters<GatewayStage['dial']>[1] = {}) {
    const { status } = await this.api('/v1/charge-points', registration(id));
    if (status !== 201) throw new Error(`registering ${id} was answered ${status}`);
    return this.dial(id, how);
  }

  /** All that Kafka holds of a topic and a test asks for, in order within each stream. */
  async inKafka(topic: TopicName, isWanted: (event: TallywattEvent) => boolean) {
    const found: RecordedEvent[] = [];
    await replayTopics({
      brokers: [this.servers.kafkaBrokers],
      topics: [topic],
      handle: (events) => {
        found.push(...events.filter(({ event }) => isWanted(event)));
        return Promise.resolve();
      },
    });
    return found;
  }

  async sessionsOf(chargePointId: string) {
    const { body } = await this.api(`/v1/sessions?chargePointId=${chargePointId}`);
    return body['items'] as { id: string; status: string }[];
  }

  async typesOf(sessionId: string): Promise<string[]> {
    const { body } = await this.api(`/v1/sessions/${sessionId}`);
    return (body['events'] as { type: string }[]).map(({ type }) => type);
  }
}
