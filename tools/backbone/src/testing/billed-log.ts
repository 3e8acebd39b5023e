import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import {
  allTopicDefinitions,
  derivedId,
  encodeEvent,
  encodeHeaders,
  type AllowanceEvent,
  type CdrIssued,
  type EventMetadata,
  type IncludedEnergy,
  type JournalRootSigned,
  type RecordedEvent,
  type SessionEvent,
  type TallywattEvent,
  type TopicName,
} from '@tallywatt/contracts';
import {
  afterFact,
  allowance,
  drawDue,
  factsOf,
  journalEventId,
  sealDay,
  sealText,
  type Fact,
  type SessionFacts,
} from '@tallywatt/derivations';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  replayTopics,
  type EventLog,
  type OutgoingEvent,
} from '@tallywatt/event-log';
import { until } from '@tallywatt/demonstration';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { Pool } from 'pg';
import { CdrDerivation } from '../cdr-derivation';
import { EntryDerivation } from '../entry-derivation';
import { createFreshDatabase, fillLedger, fillPricing } from '../fresh-database';
import { cpoId, paymentOf, sessionOf, tariffPublished } from './billed-session';

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

/** A log as the six services write it, and the two databases that are made from it. */
export type BilledLog = Readonly<{
  brokers: readonly string[];
  /** What the command line needs to find it all. */
  environment: Readonly<Record<string, string>>;
  ledger: Pool;
  pricing: Pool;
  publicKeyPem: string;
  /** Seals a day (YYYY-MM-DD) of the book: root in the ledger, event in the log. */
  seal(day: string): Promise<void>;
  /**
   * Bills one more session through all topics and both databases; it may have energy included, and
   * a release of its own way of writing CDRs.
   */
  bill(
    sessionId: string,
    includedEnergy?: IncludedEnergy,
    written?: (cdr: CdrIssued) => CdrIssued,
  ): Promise<CdrIssued>;
  /** Publishes events as a service would that has gone astray. */
  publish(service: string, events: readonly OutgoingEvent[], recordedAt?: string): Promise<void>;
  /** Publishes a record past every service: any number, any value, any hash. */
  forge(record: {
    event: TallywattEvent;
    sequence: bigint;
    value?: string;
    id?: string;
  }): Promise<void>;
  stop(): Promise<void>;
}>;

type Owner = Readonly<{ pool: Pool; eventLog: EventLog }>;

/** For servers of a test's own: other tests' records are not for this command to judge. */
export const startBilledLog = async (servers: LocalRuntime): Promise<BilledLog> => {
  const brokers = servers.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const pricing = await createFreshDatabase(servers.postgresUrl, 'pricing-engine');
  const ledger = await createFreshDatabase(servers.postgresUrl, 'ledger');
  const owners = new Map<string, Owner>();
  const ownerOf = async (service: string): Promise<Owner> => {
    const known = owners.get(service);
    if (known !== undefined) return known;
    const url =
      service === 'ledger' || service === 'pricing-engine'
        ? urlOf(service === 'ledger' ? ledger.pool : pricing.pool)
        : await servers.createDatabase(`s_${service.replaceAll('-', '_')}`);
    const pool = new Pool({ connectionString: url, max: 4 });
    await pool.query(eventLogMigrations);
    const eventLog = createEventLog({ service, pool, brokers, logger, streamsAreNew: true });
    eventLog.startRelay();
    const owner = { pool, eventLog };
    owners.set(service, owner);
    return owner;
  };
  const untilPublished = ({ pool }: Owner): Promise<unknown> =>
    until(
      'all is published',
      async () => {
        const { rowCount } = await pool.query(
          'SELECT FROM event_log.outbox WHERE published_at IS NULL LIMIT 1',
        );
        return rowCount === 0 ? true : undefined;
      },
      120_000,
    );
  const publish: BilledLog['publish'] = async (service, events, recordedAt) => {
    const owner = await ownerOf(service);
    const context = recordedAt === undefined ? {} : { recordedAt };
    await owner.eventLog.transaction((tx) => owner.eventLog.append(tx, events, context));
    await untilPublished(owner);
  };
  const recordsOf = async <E extends TallywattEvent>(
    topics: readonly TopicName[],
    sessionId: string,
  ): Promise<RecordedEvent<E>[]> => {
    const found: RecordedEvent[] = [];
    await replayTopics({
      brokers,
      topics,
      handle: async (events) =>
        void found.push(
          ...events.filter(({ event }) => JSON.stringify(event, text).includes(sessionId)),
        ),
    });
    return found as RecordedEvent<E>[];
  };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');

  let month = allowance.initial;
  /** What authorization says of the included energy of sessions, all of one driver's month. */
  const drawFor = async (sessions: readonly RecordedEvent<SessionEvent>[]) => {
    let facts: SessionFacts | undefined;
    const drawn: AllowanceEvent[] = [];
    for (const { event, metadata } of sessions) {
      const before = facts;
      if (event.type === 'SessionStarted') facts = factsOf(event);
      else if (before !== undefined) facts = afterFact(before, event);
      const command = facts === undefined ? undefined : drawDue(before, facts);
      if (command === undefined) continue;
      const decision = allowance.decide(command, month);
      if (decision.kind !== 'accepted') throw new Error(decision.reason);
      for (const draw of decision.events) {
        month = allowance.evolve(month, draw);
        drawn.push(draw);
        const { occurredAt, id: causationId } = metadata;
        await publish('authorization', [{ event: draw, occurredAt, causationId }]);
      }
    }
    return drawn;
  };

  const bill: BilledLog['bill'] = async (sessionId, includedEnergy, written = (cdr) => cdr) => {
    const occurredAt = '2026-11-20T11:00:00.000Z';
    const { authorized, events } = sessionOf(sessionId, includedEnergy);
    await publish('authorization', [{ event: authorized, occurredAt }]);
    await publish(
      'ocpp-gateway',
      events.map((event) => ({ event, occurredAt })),
    );
    const derivation = new CdrDerivation();
    derivation.takeTariff(tariffPublished);
    const sessions = await recordsOf<SessionEvent>(['charging.sessions.v1'], sessionId);
    for (const draw of await drawFor(sessions)) derivation.takeDraw(draw);
    const [derived] = sessions.flatMap((one) => derivation.takeSession(one));
    if (derived?.cdr.type !== 'CdrIssued') throw new Error('the session yields no CDR');
    const { cause } = derived;
    const cdr = written(derived.cdr);
    await publish('pricing-engine', [{ event: cdr, occurredAt, causationId: cause.id }]);
    await publish(
      'payment-capture',
      paymentOf(cdr).map((event) => ({ event, occurredAt })),
    );
    const facts = await recordsOf<Fact>(
      ['pricing.cdrs.v1', 'payments.payments.v1', 'payments.settlements.v1'],
      sessionId,
    );
    const recorded = facts.find(({ event }) => event.type === 'CdrIssued');
    if (recorded === undefined) throw new Error('the CDR is not in the log');
    await fillPricing(pricing, [{ recorded: recorded as RecordedEvent<CdrIssued>, derived }]);
    const entries = new EntryDerivation('de');
    for (const fact of facts) entries.takeFact(fact);
    const booked = [...entries.entries.values()].map(({ entry }) => ({
      ...entry,
      bookedAt: '2026-11-21T08:00:00.000Z',
      period: '2026-11',
    }));
    await fillLedger(ledger, booked, []);
    await publish(
      'ledger',
      booked.map((event) => ({ event, id: journalEventId(event), occurredAt })),
    );
    return cdr;
  };

  const signedRoot = async (day: string): Promise<JournalRootSigned> => {
    const { rows } = await ledger.pool.query<{ entryId: string; entryHash: string }>(
      `SELECT entry_id AS "entryId", entry_hash AS "entryHash" FROM journal_entries
       WHERE cpo_id = $1 AND booked_day = $2`,
      [cpoId, day],
    );
    const seal = sealDay(cpoId, day, rows, '');
    const signature = sign(null, Buffer.from(sealText(seal)), privateKey).toString('base64');
    return { type: 'JournalRootSigned', ...seal, keyId: 'key-1', signature };
  };

  const forge: BilledLog['forge'] = async ({ event, sequence, value, id }) => {
    const owner = await ownerOf('forger');
    const encoded = encodeEvent(event);
    const eventId = id ?? randomUUID();
    const metadata: EventMetadata = {
      id: eventId,
      source: 'forger',
      subject: encoded.key,
      cpoId,
      sequence,
      occurredAt: '2026-11-20T11:00:00.000Z',
      recordedAt: '2026-11-20T11:00:00.000Z',
      correlationId: eventId,
      contentHash: encoded.contentHash,
    };
    await owner.pool.query(
      `INSERT INTO event_log.outbox (event_id, topic, stream_key, sequence, headers, value,
         recorded_at) VALUES ($1, $2, $3, $4, $5, $6, now())`,
      [
        randomUUID(),
        encoded.topic,
        encoded.key,
        sequence.toString(),
        JSON.stringify(encodeHeaders(encoded.fullType, metadata)),
        value ?? encoded.value,
      ],
    );
    await untilPublished(owner);
  };

  await publish('pricing-engine', [
    { event: tariffPublished, occurredAt: tariffPublished.publishedAt },
  ]);
  return {
    brokers,
    environment: {
      KAFKA_BROKERS: servers.kafkaBrokers,
      SUPERUSER_DATABASE_URL: servers.postgresUrl,
      LEDGER_DATABASE_URL: urlOf(ledger.pool),
      PRICING_ENGINE_DATABASE_URL: urlOf(pricing.pool),
    },
    ledger: ledger.pool,
    pricing: pricing.pool,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    seal: async (day) => {
      const root = await signedRoot(day);
      await fillLedger(ledger, [], [root]);
      const id = derivedId('JournalRootSigned', cpoId, day);
      await publish('ledger', [{ event: root, id, occurredAt: '2026-11-22T00:00:10.000Z' }]);
    },
    bill,
    publish,
    forge,
    stop: async () => {
      for (const { eventLog, pool } of owners.values()) {
        await eventLog.stop();
        await pool.end();
      }
      await ledger.drop();
      await pricing.drop();
    },
  };
};

const text = (_key: string, part: unknown): unknown =>
  typeof part === 'bigint' ? part.toString() : part;

const urlOf = (pool: Pool): string => pool.options.connectionString ?? '';
