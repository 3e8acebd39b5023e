import { contentEventId, derivedId, encodeEvent, type RecordedEvent } from '@tallywatt/contracts';
import { journalEventId } from '@tallywatt/derivations';
import type { ScannedRecord } from '@tallywatt/event-log';
import type { Finding } from './finding';
import { placeText } from './log-access';

/** Topics whose owners let an event's id follow from what it says. */
const idsFromContent: ReadonlySet<string> = new Set([
  'access.allowances.v1',
  'pricing.tariffs.v1',
  'pricing.cdrs.v1',
  'pricing.fleet-fees.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
]);

/** The id an event has to have, where that can be said from outside of its service. */
export const expectedEventId = ({
  event,
  metadata,
  position,
}: RecordedEvent): string | undefined => {
  if (event.type === 'JournalEntryPosted') return journalEventId(event);
  if (event.type === 'JournalRootSigned') {
    return derivedId('JournalRootSigned', event.cpoId, event.day);
  }
  if (!idsFromContent.has(position.topic)) return undefined;
  return contentEventId({ ...encodeEvent(event), contentHash: metadata.contentHash });
};

type Seen = Readonly<{ id: string; contentHash: string; place: string }>;

/**
 * Judges each record of the log by itself and within its stream: its content hash, its id, and
 * whether numbers run from 1 without a gap. A record that was published twice is one event; two
 * that say different things under one number are a finding.
 */
export class StreamBook {
  private readonly streams = new Map<string, Map<bigint, Seen>>();
  records = 0;
  events = 0;

  constructor(private readonly found: (finding: Finding) => void) {}

  /** The event, unless the record cannot be read or repeats or contradicts one before it. */
  take(record: ScannedRecord): RecordedEvent | undefined {
    this.records += 1;
    const { position, key, recorded } = record;
    if (recorded === undefined) {
      const detail = record.fault;
      this.found({ kind: 'record-unreadable', subject: key, position, detail });
      return undefined;
    }
    const { id, contentHash, sequence } = recorded.metadata;
    const stream = `${position.topic} ${key}`;
    const seen = this.streams.get(stream) ?? new Map<bigint, Seen>();
    this.streams.set(stream, seen);
    const known = seen.get(sequence);
    if (known !== undefined) {
      if (known.id !== id || known.contentHash !== contentHash) {
        const detail = `number ${sequence} of its stream says something else at ${known.place}`;
        this.found({ kind: 'record-contradicts', subject: key, position, detail });
      }
      return undefined;
    }
    seen.set(sequence, { id, contentHash, place: placeText(position) });
    this.events += 1;
    const expected = expectedEventId(recorded);
    if (expected !== undefined && expected !== id) {
      const detail = `its id is ${id}, what it says yields ${expected}`;
      this.found({ kind: 'event-id-differs', subject: key, position, detail });
    }
    return recorded;
  }

  /** To be called when all is read: a number that came later than its successor is no gap. */
  reportGaps(): void {
    for (const [stream, seen] of this.streams) {
      let last = 0n;
      for (const sequence of seen.keys()) if (sequence > last) last = sequence;
      if (BigInt(seen.size) === last) continue;
      const missing: bigint[] = [];
      for (let number = 1n; number < last && missing.length < 5; number += 1n) {
        if (!seen.has(number)) missing.push(number);
      }
      const detail = `of ${last} events ${last - BigInt(seen.size)} are missing: ${missing.join(', ')}`;
      this.found({ kind: 'stream-gap', subject: stream, detail });
    }
  }
}
