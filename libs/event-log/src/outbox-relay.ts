import type { Pool } from 'pg';
import { backOffMs } from './back-off';
import { crashPoint } from './crash-point';
import type { Relay, RelayState, Timing } from './event-log-api';
import { tracePublished } from './event-tracing';
import { toError } from './failure';
import { KafkaRefused } from './kafka-refusal';
import type { LogClient, LogProducer, SentRecord } from './log-port';
import { headerBytes, type OutgoingRecord, type StoredHeaders } from './log-record';
import type { EventLogObserver, Logger } from './observer';
import { RelayLease } from './relay-lease';
import { listenForRows } from './wake-up';

const rowsMax = 1_000;
/** A batch, with its headers, stays below the 1 MiB that brokers accept by default. */
const batchBytesMax = 600_000;
/** After an append of which we do not see the commit, the relay looks often for a while. */
const expectingMs = 500;
const expectingPollMs = 10;

type OutboxRow = Readonly<{
  id: string;
  topic: string;
  stream_key: string;
  headers: StoredHeaders;
  value: string | null;
  raw_key: Buffer | null;
  raw_value: Buffer | null;
  sequence: string | null;
  age_seconds: number;
}>;

const recordOf = (row: OutboxRow): OutgoingRecord => {
  const isCopy = row.sequence === null;
  return {
    topic: row.topic,
    key: isCopy ? row.raw_key : row.stream_key,
    value: isCopy ? row.raw_value : row.value,
    headers: headerBytes(row.headers),
  };
};

const tracedRow = ({ topic, headers }: OutboxRow) => {
  const traceparent = headers['traceparent'];
  return { topic, traceparent: typeof traceparent === 'string' ? traceparent : undefined };
};

/** The longest beginning of the rows that fits into one batch; at least one row. */
const fitting = (rows: readonly OutboxRow[]): readonly OutboxRow[] => {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += (row.value?.length ?? row.raw_value?.byteLength ?? 0) + 1_000;
    return index > 0 && bytes > batchBytesMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
};

const permitted = ({ refused: _, ...state }: RelayState): RelayState => state;

export type RunningRelay = Relay &
  Readonly<{
    /** Rows were committed. */
    wake(): void;
    /** Rows will soon be committed by a transaction we do not see the end of. */
    expectRows(): void;
    leading(): boolean;
  }>;

/**
 * Publishes the outbox in order, one batch at a time. A row is chosen because it is not marked,
 * never because its id is above the last one: ids become visible out of order. Within a stream a
 * row is only visible when all before it are, for its writer held the stream's lock until commit.
 */
export const startRelay = (parts: {
  pool: Pool;
  client: LogClient;
  logger: Logger;
  observe: EventLogObserver;
  timing: Timing;
}): RunningRelay => {
  const { pool, logger, observe, timing } = parts;
  const lease = new RelayLease(pool, timing.relayLeaseMs);
  let state: RelayState = { leading: false, published: 0, lagSeconds: 0 };
  let stopping = false;
  let woken = false;
  let expectUntilMs = 0;
  let wakeSleeper = (): void => undefined;
  let producer: LogProducer | undefined;

  const wake = (): void => {
    woken = true;
    wakeSleeper();
  };
  const sleep = async (ms: number): Promise<void> => {
    if (stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeSleeper = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeSleeper = () => undefined;
  };

  const unpublished = async (): Promise<OutboxRow[]> => {
    const { rows } = await pool.query<OutboxRow>({
      name: 'event_log.unpublished',
      text: `SELECT id, topic, stream_key, sequence, headers, value, raw_key, raw_value,
         extract(epoch FROM clock_timestamp() - recorded_at)::float8 AS age_seconds
       FROM event_log.outbox WHERE published_at IS NULL ORDER BY id LIMIT ${rowsMax}`,
    });
    return rows;
  };

  const mark = async (
    rows: readonly OutboxRow[],
    places: readonly SentRecord[],
    token: bigint,
  ): Promise<void> => {
    await pool.query({
      name: 'event_log.mark_published',
      text: 'SELECT event_log.mark_published($1::bigint[], $2::int[], $3::bigint[], $4)',
      values: [
        rows.map(({ id }) => id),
        places.map(({ partition }) => partition),
        places.map(({ offset }) => offset.toString()),
        token.toString(),
      ],
    });
  };

  /** Publishes one batch. Returns whether more is known to wait. */
  const publish = async (token: bigint): Promise<boolean> => {
    const found = await unpublished();
    const rows = fitting(found);
    const lagSeconds = rows[0]?.age_seconds ?? 0;
    state = { ...state, leading: true, lagSeconds };
    observe.relayLagSeconds?.(lagSeconds);
    if (rows.length === 0) return false;
    // A frozen process may wake up with a batch in hand that another has published long since.
    if (lease.token() !== token) return false;
    crashPoint('relay.before-send');
    const startedAtMs = Date.now();
    producer ??= parts.client.producer();
    const places = await producer.send(rows.map(recordOf));
    crashPoint('relay.after-send');
    await mark(rows, places, token);
    crashPoint('relay.after-mark');
    observe.published?.(rows.length);
    tracePublished(rows.map(tracedRow), places, startedAtMs);
    state = { ...permitted(state), published: state.published + rows.length };
    return rows.length < found.length || found.length === rowsMax;
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping;) {
      try {
        const token = lease.token() ?? (await lease.hold());
        state = { ...state, leading: token !== undefined };
        if (token === undefined) {
          // What is late or refused is another's to tell now.
          state = { ...permitted(state), lagSeconds: 0 };
          observe.relayLagSeconds?.(0);
          await sleep(timing.relayLeaseMs / 4);
          continue;
        }
        woken = false;
        const isMore = await publish(token);
        failures = 0;
        if (isMore || woken) continue;
        const expecting = performance.now() < expectUntilMs;
        await sleep(expecting ? expectingPollMs : timing.relayPollMs);
      } catch (thrown) {
        // Kafka or the database is away. The same rows are sent again, in the same order; whether
        // the broker has them already is not known, and does not matter to consumers.
        const error = toError(thrown);
        failures += 1;
        const isRefused = error instanceof KafkaRefused;
        state = { ...permitted(state), lastError: error.message };
        if (isRefused) state = { ...state, refused: error.message };
        observe.relayFailed?.(error);
        const level = isRefused ? 'error' : 'warn';
        logger[level]({ err: error, failures }, 'relay: cannot publish, will try again');
        await producer?.close();
        producer = undefined;
        await sleep(backOffMs(failures, timing.backOffMaxMs));
      }
    }
  };

  // Prolongs the lease also while a batch waits for its acknowledgement.
  const prolonging = setInterval(() => {
    if (lease.token() !== undefined) void lease.hold().catch(() => undefined);
  }, timing.relayLeaseMs / 4);
  const endListening = listenForRows(pool, wake);
  const ended = run();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping = true;
    wakeSleeper();
    await ended;
    clearInterval(prolonging);
    await Promise.all([
      producer?.close(),
      endListening(),
      lease.release().catch(() => undefined), // it expires
    ]);
    state = { ...state, leading: false };
  };
  return {
    state: () => state,
    leading: () => state.leading,
    wake,
    expectRows: () => {
      expectUntilMs = performance.now() + expectingMs;
      wake();
    },
    stop: () => (stopped ??= stop()),
  };
};
