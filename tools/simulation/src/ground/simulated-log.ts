import {
  decodeRecord,
  encodeHeaders,
  topics,
  type EventMetadata,
  type RecordedEvent,
  type TopicName,
} from '@tallywatt/contracts';

/** An event on its way to the log, encoded as it will stand there. */
export type OutgoingRow = Readonly<{
  ordinal: number;
  topic: string;
  key: string;
  fullType: string;
  value: string;
  metadata: EventMetadata;
}>;

export type LogRecord = Readonly<{
  topic: string;
  key: string;
  sequence: bigint;
  offset: number;
  recorded: RecordedEvent;
}>;

const partitionCounts = new Map<string, number>(
  topics.map(({ name, partitions }) => [name, partitions]),
);

const partitionOf = (topic: string, key: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % (partitionCounts.get(topic) ?? 1);
};

/** A decider that changes what it is given would change history. */
const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
};

type Listener = (topic: string, partition: number) => void;
type Subscription = Readonly<{ name: string; topics: readonly string[]; listener: Listener }>;

/** The log: order within a partition and nothing else; what has arrived stays for ever. */
export class SimulatedLog {
  private readonly partitions = new Map<string, LogRecord[][]>();
  private readonly decoded = new Map<string, RecordedEvent>();
  private subscriptions: readonly Subscription[] = [];

  partitionsOf(topic: string): number {
    return partitionCounts.get(topic) ?? 1;
  }

  /** A consumer's newest incarnation is the one that is told. */
  listen(name: string, topics: readonly TopicName[], listener: Listener): void {
    const fresh = { name, topics, listener };
    const isKnown = this.subscriptions.some((subscription) => subscription.name === name);
    this.subscriptions = isKnown
      ? this.subscriptions.map((known) => (known.name === name ? fresh : known))
      : [...this.subscriptions, fresh];
  }

  append(row: OutgoingRow): void {
    const { topic, key } = row;
    const partition = partitionOf(topic, key);
    const records = this.recordsOf(topic, partition);
    const offset = records.length;
    records.push({
      topic,
      key,
      sequence: row.metadata.sequence,
      offset,
      recorded: { ...this.decode(row), position: { topic, partition, offset: BigInt(offset) } },
    });
    for (const { topics: wanted, listener } of this.subscriptions) {
      if (wanted.includes(topic)) listener(topic, partition);
    }
  }

  /** A partition as it is now and as it grows: the same list for good. */
  recordsOf(topic: string, partition: number): LogRecord[] {
    let partitions = this.partitions.get(topic);
    if (partitions === undefined) {
      partitions = Array.from({ length: this.partitionsOf(topic) }, () => []);
      this.partitions.set(topic, partitions);
    }
    const records = partitions[partition];
    if (records === undefined) throw new RangeError(`${topic} has no partition ${partition}`);
    return records;
  }

  /** Every event of a topic once, each stream in its order, as a replay reads them. */
  eventsOf(topic: TopicName): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    const last = new Map<string, bigint>();
    for (let partition = 0; partition < this.partitionsOf(topic); partition += 1) {
      for (const { key, sequence, recorded } of this.recordsOf(topic, partition)) {
        if (sequence <= (last.get(key) ?? 0n)) continue;
        last.set(key, sequence);
        events.push(recorded);
      }
    }
    return events;
  }

  /** One stream, each event once. */
  streamOf(topic: string, key: string): RecordedEvent[] {
    let last = 0n;
    return this.recordsOf(topic, partitionOf(topic, key)).flatMap((record) => {
      if (record.key !== key || record.sequence <= last) return [];
      last = record.sequence;
      return [record.recorded];
    });
  }

  /** Reads a record as a consumer does; the same event is read once, however often it comes. */
  private decode(row: OutgoingRow): RecordedEvent {
    const known = this.decoded.get(row.metadata.id);
    if (known !== undefined) return known;
    const headers = encodeHeaders(row.fullType, row.metadata);
    const position = { topic: row.topic, partition: 0, offset: 0n };
    const read = frozen({ ...decodeRecord(row.key, row.value, headers), position });
    this.decoded.set(row.metadata.id, read);
    return read;
  }
}
