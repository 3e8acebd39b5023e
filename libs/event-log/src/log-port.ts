import type { LogRecord, OutgoingRecord } from './log-record';
import type { Permission } from './permissions';

/** What the event log needs of a Kafka client: small, so that another client can take its place. */
export type LogClient = Readonly<{
  producer(): LogProducer;
  consumer(options: LogConsumerOptions): LogConsumer;
  admin: LogAdmin;
  close(): Promise<void>;
}>;

export type SentRecord = Readonly<{ partition: number; offset: bigint }>;

/** Not for concurrent use: one batch at a time is what keeps the order. */
export type LogProducer = Readonly<{
  /** Resolves when all in-sync replicas have the records; the places are in the given order. */
  send(records: readonly OutgoingRecord[]): Promise<readonly SentRecord[]>;
  close(): Promise<void>;
}>;

export type RecordBatch = Readonly<{
  topic: string;
  partition: number;
  /** What was asked for; the first record can lie higher where the log has holes. */
  fetchedOffset: bigint;
  /** End of the partition when the batch was fetched. */
  endOffset: bigint;
  records: readonly LogRecord[];
  /** The next fetch goes on after this offset. Without it the same records come again. */
  resolve(offset: bigint): void;
  heartbeat(): Promise<void>;
  /** False once the consumer stops or has sought elsewhere: what is not done shall not be begun. */
  isCurrent(): boolean;
}>;

export type LogConsumerOptions = Readonly<{
  groupId: string;
  topics: readonly string[];
  /** Begins with what comes after the first fetch, not with the start of the topics. */
  isFromEnd: boolean;
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  partitionsAtOnce: number;
  /** Must not throw, and must not wait for anything but its own work: other partitions share it. */
  onBatch(batch: RecordBatch): Promise<void>;
  onAssigned(partitions: ReadonlyMap<string, readonly number[]>): void;
  /** The broker gave what was asked for, be it nothing: so it permits to read. */
  onFetched(): void;
  /** Any sign of life, of a broken connection as well. */
  onActivity(): void;
  /** The client gave up for good. */
  onGivenUp(error: Error): void;
  onError(error: Error): void;
}>;

export type LogConsumer = Readonly<{
  /** Joins the group; throws when the broker cannot be reached or a topic is missing. */
  start(): Promise<void>;
  /** Waits for running batches, then leaves the group. */
  stop(): Promise<void>;
  seek(topic: string, partition: number, offset: bigint): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
}>;

export type TopicToCreate = Readonly<{
  name: string;
  partitions: number;
  replicationFactor: number;
  settings: Readonly<Record<string, string>>;
}>;

export type LogAdmin = Readonly<{
  clusterId(): Promise<string>;
  /** First and next free offset of each partition of a topic. */
  offsets(topic: string): Promise<readonly PartitionEnds[]>;
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  topicNames(): Promise<readonly string[]>;
  topicDetails(
    topic: string,
  ): Promise<Readonly<{ settings: ReadonlyMap<string, string>; replicationFactor: number }>>;
  createTopics(topics: readonly TopicToCreate[]): Promise<void>;
  grant(permissions: readonly Permission[]): Promise<void>;
}>;

export type PartitionEnds = Readonly<{ partition: number; start: bigint; end: bigint }>;
