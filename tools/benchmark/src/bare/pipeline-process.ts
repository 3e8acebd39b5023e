import { Kafka, logLevel, Partitioners, type Consumer, type EachBatchPayload } from 'kafkajs';
import { Pool } from 'pg';
import { WebSocketServer } from 'ws';

// One of the three processes of the bare pipeline: ws -> Kafka -> price -> Kafka -> PostgreSQL. It is
// what the way of a session costs when nothing is checked, kept or explained.

const stopsTopic = 'bare.stops';
const pricesTopic = 'bare.prices';
const [, , role = '', brokers = '', databaseUrl = ''] = process.argv;

const kafka = new Kafka({
  clientId: role,
  brokers: brokers.split(','),
  logLevel: logLevel.NOTHING,
});
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const send = (topic: string, messages: { key: string; value: string }[]): Promise<unknown> =>
  producer.send({ topic, acks: -1, messages });
const now = (): number => performance.timeOrigin + performance.now();

type Stop = Readonly<{ transactionId: number; meterStop: number; timestamp: string }>;
type Price = Readonly<{ id: number; amountMinor: string }>;

const receive = async (): Promise<void> => {
  await producer.connect();
  const server = new WebSocketServer(
    { host: '127.0.0.1', port: 0, handleProtocols: () => 'ocpp1.6' },
    () => process.send?.({ ready: server.address().port }),
  );
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const [, messageId, , params] = JSON.parse(data.toString('utf8')) as [
        number,
        string,
        string,
        Stop,
      ];
      const message = { key: String(params.transactionId), value: JSON.stringify(params) };
      // Answered when every replica has it, as the promise to the charger demands.
      void send(stopsTopic, [message]).then(() =>
        socket.send(JSON.stringify([3, messageId, { idTagInfo: { status: 'Accepted' } }])),
      );
    });
  });
};

/** Reads a topic as kafkajs does best: batches, offsets committed each second. */
const consume = async (
  groupId: string,
  topic: string,
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<Consumer> => {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  const offsets = new Map<number, string>();
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 6,
    eachBatch: async (payload) => {
      await eachBatch(payload);
      offsets.set(payload.batch.partition, (BigInt(payload.batch.lastOffset()) + 1n).toString());
    },
  });
  setInterval(() => {
    const reached = [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
    offsets.clear();
    if (reached.length > 0) void consumer.commitOffsets(reached).catch(() => undefined);
  }, 1_000).unref();
  await joined;
  return consumer;
};

const price = async (): Promise<void> => {
  await producer.connect();
  await consume('bare-price', stopsTopic, async ({ batch }) => {
    const messages = batch.messages.map(({ key, value }) => {
      const stop = JSON.parse(value?.toString('utf8') ?? '') as Stop;
      const amountMinor = (BigInt(stop.meterStop) * 45n + 500n) / 1_000n;
      const priced: Price = { id: stop.transactionId, amountMinor: amountMinor.toString() };
      return { key: key?.toString('utf8') ?? '', value: JSON.stringify(priced) };
    });
    await send(pricesTopic, messages);
  });
  process.send?.({ ready: 0 });
};

const book = async (): Promise<void> => {
  const pool = new Pool({ connectionString: databaseUrl, max: 6 });
  const committed: [id: number, atMs: number][] = [];
  await consume('bare-book', pricesTopic, async ({ batch }) => {
    const prices = batch.messages.map(
      ({ value }) => JSON.parse(value?.toString('utf8') ?? '') as Price,
    );
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(
      `WITH entry AS (INSERT INTO journal (id) SELECT unnest($1::bigint[]))
       INSERT INTO postings SELECT id, account, amount
       FROM unnest($1::bigint[], $2::bigint[]) AS p (id, minor),
         LATERAL (VALUES ('receivable', p.minor), ('revenue', -p.minor)) AS l (account, amount)`,
      [prices.map(({ id }) => id), prices.map(({ amountMinor }) => amountMinor)],
    );
    await client.query('COMMIT');
    client.release();
    const atMs = now();
    for (const { id } of prices) committed.push([id, atMs]);
  });
  process.on('message', () => process.send?.({ committed: committed.splice(0) }));
  process.send?.({ ready: 0 });
};

const roles: Readonly<Record<string, () => Promise<void>>> = { receive, price, book };

process.on('disconnect', () => process.exit(0));
roles[role]?.().catch((error: unknown) => {
  process.stderr.write(`${role}: ${String(error)}\n`);
  process.exit(1);
});
