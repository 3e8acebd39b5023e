import { createHmac, randomUUID } from 'node:crypto';
import {
  allTopicDefinitions,
  derivedId,
  type CdrIssued,
  type CdrWithheld,
  type PaymentEvent,
  type RecordedEvent,
  type SessionStarted,
  type SettlementEvent,
  type TallywattEvent,
} from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  replayTopics,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger, migrate } from '@tallywatt/service-kit';
import { Pool } from 'pg';

export const cpoId = 'default';
export const webhookSecret = 'whsec_stage_of_payment_capture';
const authSecret = 'a secret of at least thirty-two characters';
const tariff = {
  tariffId: 'T1',
  version: 1n,
  contentHash: 'a'.repeat(64),
  billsParkingTime: false,
};
const location = { locationId: 'L1', timeZone: 'Europe/Berlin', currency: 'EUR' };

const base64url = (text: string): string => Buffer.from(text, 'utf8').toString('base64url');

/** A local operator's token, as `npm start` makes them. */
export const tokenOf = (...roles: string[]): string => {
  const expires = Math.floor(Date.now() / 1_000) + 3_600;
  const payload = JSON.stringify({ sub: 'stage', cpo: cpoId, roles, exp: expires });
  const signed = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(payload)}`;
  return `${signed}.${createHmac('sha256', authSecret).update(signed).digest('base64url')}`;
};

/** The environment of a service under test. */
export const environmentOf = (options: {
  brokers: string;
  databaseUrl: string;
  port: number;
  stripeUrl: string;
}): Record<string, string> => ({
  KAFKA_BROKERS: options.brokers,
  DATABASE_URL: options.databaseUrl,
  AUTH_SECRET: authSecret,
  LOG_LEVEL: process.env['STAGE_LOG_LEVEL'] ?? 'fatal',
  PAYMENT_CAPTURE_PORT: String(options.port),
  STRIPE_SECRET_KEY: 'sk_test_stage',
  STRIPE_API_BASE: options.stripeUrl,
  STRIPE_WEBHOOK_SECRETS: `whsec_before_rotation,${webhookSecret}`,
  SETTLEMENT_SYNC_SECONDS: '1',
  // Longer than a busy machine takes to answer; tests of lost answers wait for its end.
  PROCESSOR_TIMEOUT_MS: '2000',
  PROCESSOR_BACK_OFF_MAX_MS: '400',
});

/** Stands for the gateway and the pricing engine: their events go through the real log. */
export class Feed {
  private constructor(
    private readonly eventLog: EventLog,
    private readonly pool: Pool,
    private readonly brokers: string[],
  ) {}

  static async open(brokers: string, databaseUrl: string): Promise<Feed> {
    const list = brokers.split(',');
    await ensureTopics({ brokers: list, definitions: allTopicDefinitions, replicationFactor: 1 });
    await migrate(databaseUrl, [{ name: '0001_event-log', sql: eventLogMigrations }], []);
    const pool = new Pool({ connectionString: databaseUrl, max: 4 });
    const logger = createLogger('feed', 'fatal');
    const eventLog = createEventLog({ service: 'feed', pool, brokers: list, logger });
    eventLog.startRelay();
    return new Feed(eventLog, pool, list);
  }

  async publish(event: TallywattEvent): Promise<void> {
    const occurredAt = new Date().toISOString();
    await this.eventLog.transaction((tx) => this.eventLog.append(tx, [{ event, occurredAt }]));
  }

  async payments(sessionId: string): Promise<PaymentEvent[]> {
    const all = await this.read('payments.payments.v1');
    return all
      .map(({ event }) => event as PaymentEvent)
      .filter((event) => event.sessionId === sessionId);
  }

  async settlements(): Promise<SettlementEvent[]> {
    return (await this.read('payments.settlements.v1')).map(
      ({ event }) => event as SettlementEvent,
    );
  }

  async stop(): Promise<void> {
    await this.eventLog.stop();
    await this.pool.end();
  }

  private async read(topic: 'payments.payments.v1' | 'payments.settlements.v1') {
    const found: RecordedEvent[] = [];
    const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
      found.push(...events);
    };
    await replayTopics({ brokers: this.brokers, topics: [topic], handle });
    return found;
  }
}

export const newSession = (): string => derivedId(cpoId, 'session', randomUUID());

export const sessionStarted = (
  sessionId: string,
  decision: Partial<SessionStarted['decision']> = {},
): SessionStarted => ({
  type: 'SessionStarted',
  cpoId,
  sessionId,
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '7',
  occurrence: 1,
  meterStartMilliWh: 0n,
  startedAt: new Date().toISOString(),
  powerWMax: 22_000n,
  location,
  decision: {
    decisionId: randomUUID(),
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    paymentMethodId: 'pm_card_visa',
    hold: { amountMinor: 5_000n, currency: 'EUR' },
    tariff,
    rule: 'token-accepted',
    decidedAt: new Date().toISOString(),
    ...decision,
  },
});

/** A CDR with 19 % tax in its total. */
export const cdrIssued = (sessionId: string, totalMinor: bigint): CdrIssued => {
  const now = new Date().toISOString();
  const taxMinor = (totalMinor * 19n) / 119n;
  const taxableMinor = totalMinor - taxMinor;
  return {
    type: 'CdrIssued',
    cpoId,
    cdrId: derivedId(cpoId, 'cdr', sessionId),
    sessionId,
    chargePointId: 'CP-1',
    connectorId: 1,
    location,
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    tariff,
    startedAt: now,
    stoppedAt: now,
    closedAt: now,
    energyMilliWh: 20_000_000n,
    chargingSeconds: 3_600n,
    parkingSeconds: 0n,
    currency: 'EUR',
    lines: [],
    taxes: [{ ratePercent: { unscaled: 19n, scale: 0 }, taxableMinor, taxMinor }],
    totalExclTaxMinor: taxableMinor,
    totalTaxMinor: taxMinor,
    totalInclTaxMinor: totalMinor,
    ratingPolicyId: 'ocpi-2.2.1/tallywatt-1',
    roundingPolicyId: 'half-away-from-zero/line-1',
    interpolationPolicyId: 'linear-register/1',
    timeZoneDataVersion: '2026a',
  };
};

export const cdrWithheld = (sessionId: string, reason = 'no-tariff'): CdrWithheld => ({
  type: 'CdrWithheld',
  cpoId,
  sessionId,
  reason,
  detail: 'the charge point had no tariff',
});

/** One of the sandbox's own endpoints. */
export const sandboxControl = async (
  stripeUrl: string,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> => {
  const response = await fetch(`${stripeUrl}/_sandbox${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
};

export type SandboxCharge = {
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  metadata: Record<string, string>;
  status: string;
};

/** What the sandbox holds of one session, declined charges included. */
export const chargesOf = async (stripeUrl: string, sessionId: string): Promise<SandboxCharge[]> => {
  const summary = await sandboxControl(stripeUrl, 'GET', '/summary');
  return (summary['charges'] as SandboxCharge[]).filter(
    (charge) => charge.metadata['sessionId'] === sessionId,
  );
};
