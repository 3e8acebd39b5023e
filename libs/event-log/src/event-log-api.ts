import type { RecordedEvent, TopicName } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import type { Adopted, Restore } from './adoption';
import type { AppendContext, AppendedEvent, OutgoingEvent } from './outbox';
import type { KafkaConnection } from './kafka-connection';
import type { EventLogObserver, Logger } from './observer';
import type { SqlClient } from './sql-client';

export type EventLogOptions = KafkaConnection & EventLogParts;

type EventLogParts = Readonly<{
  /** Name of the service: the source of its events, and how the names of its groups begin. */
  service: string;
  /** The service's own database, with the schema of `eventLogMigrations`. */
  pool: Pool;
  clientId?: string;
  logger: Logger;
  observe?: EventLogObserver;
  /** What cannot be recovered within the process; ends it if not given. */
  onFatal?: (error: Error) => void;
  timing?: Partial<Timing>;
  /**
   * The log holds no stream of this service, and the caller knows it: appending needs no adoption.
   * For tests.
   */
  streamsAreNew?: boolean;
}>;

/** Times of the loops; the standard ones suit production, tests shorten them. */
export type Timing = Readonly<{
  /** A consumer that is silent for so long loses its partitions. */
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  /** Longest pause between two attempts of a partition or of the relay. */
  backOffMaxMs: number;
  /** A relay that is silent for so long is replaced by that of another process. */
  relayLeaseMs: number;
  /** How often the relay looks for rows of which nobody told it. */
  relayPollMs: number;
  /** PostgreSQL ends a consumer's transaction that is idle for so long (a frozen process). */
  idleTransactionMs: number;
  /** A consumer without any sign of life for so long ends the process. */
  silenceMaxMs: number;
  lagPollMs: number;
}>;

export type ConsumerOptions = Readonly<{
  /** Group id and key of the stored offsets. */
  name: string;
  topics: readonly TopicName[];
  /**
   * Takes events of one partition, in order, each once. All it writes through `tx` is committed
   * together with the offset. Must not call the outside world. Throws RetriableError (or lets pg's
   * errors pass) when the outside is down, NotYetKnown to wait for another topic; anything else
   * parks the record and what follows of its key.
   */
  handle(events: readonly RecordedEvent[], tx: SqlClient): Promise<void>;
  /** A hint after the commit; a crash in between loses it. */
  afterCommit?(events: readonly RecordedEvent[]): void;
  /** Most events in one transaction; 500 if not given. */
  maxBatch?: number;
  /** Most transactions at once, each of other partitions; 3 if not given. */
  partitionsAtOnce?: number;
  /**
   * For a consumer that nobody waits for: so long at least from one fetch to the next, while
   * records gather for fewer and larger transactions. 0 if not given.
   */
  restMs?: number;
}>;

export type ConsumerState = Readonly<{
  name: string;
  running: boolean;
  /** Whether it is a member of its group. */
  joined: boolean;
  /** Number of partitions it has. */
  assigned: number;
  /** Records not yet taken, of all partitions of its topics; unknown until first measured. */
  lag: number | undefined;
  /**
   * All that its topics held at this time is taken, by whichever process has the partition; parked
   * records aside. Unknown until it has caught up once, and it stands still while Kafka is away.
   */
  takenUntilMs: number | undefined;
  parkedKeys: number;
  /** Partitions that back off. */
  waiting: readonly Readonly<{ topic: string; partition: number; reason: string }>[];
  lastError?: string;
  /** That Kafka does not let it in, or not read; until it does. */
  refused?: string;
}>;

export type Consumer = Readonly<{
  name: string;
  state(): ConsumerState;
  /** Finishes the running transactions, then leaves the group. */
  stop(): Promise<void>;
}>;

export type ViewOptions = Readonly<{
  name: string;
  topics: readonly TopicName[];
  /** Gets every event of the topics once, in order within its stream. Must not fail. */
  apply(event: RecordedEvent): void;
}>;

export type View = Readonly<{
  name: string;
  /** Resolves when all is applied that the topics held when the view was opened. */
  ready: Promise<void>;
  isReady(): boolean;
  /** Records not yet applied, as far as known; undefined before the first look. */
  lag(): number | undefined;
  /** Keys that the view no longer follows because a record could not be taken. */
  brokenKeys(): readonly string[];
  /** That Kafka does not let it in, or not read; until it does. */
  refused(): string | undefined;
  stop(): Promise<void>;
}>;

export type TailOptions = Readonly<{
  name: string;
  topics: readonly TopicName[];
  /**
   * Gets what is recorded from now on, in order within its stream, perhaps again. What comes while the
   * process is away, or starts over, may be missing.
   */
  show(event: RecordedEvent): void;
}>;

export type Tail = Readonly<{
  name: string;
  /** Whether it is a member of its group. */
  isJoined(): boolean;
  /** That Kafka does not let it in, or not read; until it does. */
  refused(): string | undefined;
  stop(): Promise<void>;
}>;

export type RelayState = Readonly<{
  /** Whether this process holds the lease. */
  leading: boolean;
  published: number;
  /** Age of the oldest waiting row when last looked; 0 when none waits. */
  lagSeconds: number;
  lastError?: string;
  /** That Kafka does not let it in, or not write; until it does. */
  refused?: string;
}>;

export type Relay = Readonly<{ state(): RelayState; stop(): Promise<void> }>;

export type ParkedRecord = Readonly<{
  consumer: string;
  topic: string;
  key: string;
  partition: number;
  offset: bigint;
  sequence?: bigint;
  kind: 'poison' | 'gap' | 'follows';
  reason: string;
  parkedAt: string;
}>;

export type EventLog = Readonly<{
  /**
   * To be called before the relay starts and before anything is appended. When this database has
   * never numbered a stream of one of the topics, it is a new one: it takes over from the log what
   * this service has said there, numbers and events, and goes on from there. Waits for a Kafka that
   * is down; a database that knows its streams does not ask for it.
   *
   * `restore` is handed what was taken over, for the service's own tables, in the transaction that
   * ends the adoption: once, all of it or nothing. It must not call the outside world.
   *
   * @returns undefined when there was nothing to adopt.
   * @throws when an event cannot be read or `restore` throws; the topics stay as they were.
   */
  adoptOwnStreams(topics: readonly TopicName[], restore?: Restore): Promise<Adopted | undefined>;
  /** @throws when a topic is this service's own and has not been adopted. */
  append(
    tx: SqlClient,
    events: readonly OutgoingEvent[],
    context?: AppendContext,
  ): Promise<AppendedEvent[]>;
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T>;
  startRelay(): Relay;
  consume(options: ConsumerOptions): Consumer;
  view(options: ViewOptions): View;
  tail(options: TailOptions): Tail;
  listParked(): Promise<ParkedRecord[]>;
  /** Hands a parked key to its consumer again, in order, in one transaction: all of it or nothing. */
  replayParked(place: {
    consumer: string;
    topic: string;
    key: string;
  }): Promise<{ replayed: number }>;
  health(): EventLogHealth;
  /** Ends the consumers, views and tails, then the relay; nothing that was begun is lost. */
  stop(): Promise<void>;
}>;

export type EventLogHealth = Readonly<{
  relay: RelayState | undefined;
  consumers: readonly ConsumerState[];
  views: readonly Readonly<{
    name: string;
    ready: boolean;
    lag: number | undefined;
    refused: string | undefined;
  }>[];
}>;
