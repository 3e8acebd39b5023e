import {
  contentEventId,
  encodeEvent,
  topics,
  type EventMetadata,
  type TallywattEvent,
} from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { Disk, Table } from './disk';
import type { OutgoingRow } from './simulated-log';
import { hold } from './violation';
import type { World } from './world';

export type OutgoingEvent = Readonly<{
  event: TallywattEvent;
  occurredAt: Instant;
  id?: string;
  correlationId?: string;
  causationId?: string;
}>;

export type Appended = Readonly<{ event: TallywattEvent; id: string; appended: boolean }>;

/** An event as its owner has it. */
export type OwnEvent = Readonly<{ event: TallywattEvent; row: OutgoingRow }>;

const owners = new Map<string, string>(topics.map(({ name, owner }) => [name, owner]));

/** Numbers and keeps a service's own events, as `appendEvents` of the event log does. */
export class Outbox {
  private readonly streams: Table<readonly OwnEvent[]>;
  private readonly ids: Table<bigint>;
  private readonly published: Table<true, number>;
  private readonly rows: Table<OutgoingRow, number>;
  /** Below this everything is published: a relay need not look there again. */
  private settledBelow = 0;

  constructor(
    disk: Disk,
    private readonly source: string,
    private readonly world: World,
  ) {
    this.streams = disk.table();
    this.ids = disk.table();
    this.published = disk.table();
    this.rows = disk.table();
  }

  append(
    events: readonly OutgoingEvent[],
    context: Readonly<{ cause?: EventMetadata; recordedAt?: Instant }> = {},
  ): Appended[] {
    return events.map((outgoing) => this.appendOne(outgoing, context));
  }

  eventsOf(topic: string, key: string): readonly OwnEvent[] {
    return this.streams.get(`${topic}\n${key}`) ?? [];
  }

  allStreams(): Readonly<{ topic: string; key: string; events: readonly OwnEvent[] }>[] {
    return this.streams.keys().map((name) => {
      const [topic = '', key = ''] = name.split('\n');
      return { topic, key, events: this.streams.get(name) ?? [] };
    });
  }

  /** Rows that are not marked as published, in the order they were written. */
  waiting(most: number): OutgoingRow[] {
    const waiting: OutgoingRow[] = [];
    for (let at = this.settledBelow; at < this.rows.size && waiting.length < most; at += 1) {
      const row = this.rows.get(at);
      if (row !== undefined && !this.published.has(at)) waiting.push(row);
    }
    return waiting;
  }

  markPublished(rows: readonly OutgoingRow[]): void {
    for (const { ordinal } of rows) this.published.set(ordinal, true);
  }

  /** Moves past what is published; called outside of transactions. */
  settle(): void {
    while (this.published.has(this.settledBelow)) this.settledBelow += 1;
  }

  private appendOne(
    outgoing: OutgoingEvent,
    { cause, recordedAt = this.world.clock.now }: { cause?: EventMetadata; recordedAt?: Instant },
  ): Appended {
    const { event, occurredAt } = outgoing;
    const encoded = encodeEvent(event);
    const { topic, key, fullType, value, contentHash } = encoded;
    hold(
      owners.get(topic) === this.source,
      'a stream has one owner',
      () => `${this.source} writes ${event.type} to ${topic}`,
    );
    const id = outgoing.id ?? contentEventId(encoded);
    if (this.ids.has(id)) return { event, id, appended: false };
    const stream = this.eventsOf(topic, key);
    const sequence = BigInt(stream.length + 1);
    const causationId = outgoing.causationId ?? cause?.id;
    const metadata: EventMetadata = {
      id,
      source: this.source,
      subject: key,
      cpoId: event.cpoId,
      sequence,
      occurredAt,
      recordedAt,
      correlationId: outgoing.correlationId ?? cause?.correlationId ?? id,
      ...(causationId === undefined ? {} : { causationId }),
      contentHash,
    };
    const row = { ordinal: this.rows.size, topic, key, fullType, value, metadata };
    this.rows.set(row.ordinal, row);
    this.ids.set(id, sequence);
    this.streams.set(`${topic}\n${key}`, [...stream, { event, row }]);
    this.world.trace(this.source, () => `records ${event.type} ${sequence} of ${key}`);
    return { event, id, appended: true };
  }
}
