import {
  contentEventId,
  encodeEvent,
  type RecordedEvent,
  type SessionReleased,
} from '@tallywatt/contracts';
import { cdrIssued, recorded } from '@tallywatt/testing';
import type { ScannedRecord } from '@tallywatt/event-log';
import { differences } from './difference';
import type { Finding } from './finding';
import { StreamBook } from './stream-book';

const released = (sequence: bigint, detail: string, offset = sequence): ScannedRecord => {
  const event: SessionReleased = {
    type: 'SessionReleased',
    cpoId: 'default',
    sessionId: 's',
    reason: 'meter-explained',
    detail,
  };
  const base = recorded(event);
  const position = { topic: 'charging.sessions.v1', partition: 0, offset };
  const metadata = { ...base.metadata, sequence };
  return { position, key: 'default/s', bytes: 1, recorded: { event, metadata, position } };
};

const judge = (...records: ScannedRecord[]) => {
  const findings: Finding[] = [];
  const book = new StreamBook((finding) => findings.push(finding));
  const taken = records.flatMap((record) => book.take(record) ?? []);
  book.reportGaps();
  return { taken, kinds: findings.map(({ kind }) => kind), findings };
};

describe('a stream', () => {
  it('whose numbers run from 1 is right, in whatever order they were published', () =>
    expect(judge(released(1n, 'a'), released(3n, 'c', 2n), released(2n, 'b', 3n)).kinds).toEqual(
      [],
    ));

  it('may repeat itself', () => {
    const { taken, kinds } = judge(released(1n, 'a'), released(2n, 'b'), released(1n, 'a', 3n));
    expect(kinds).toEqual([]);
    expect(taken).toHaveLength(2);
  });

  it('may not say two things under one number', () => {
    const { findings } = judge(released(1n, 'a'), released(1n, 'b', 9n));
    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'record-contradicts',
        position: expect.objectContaining({ offset: 9n }),
        detail: 'number 1 of its stream says something else at charging.sessions.v1/0@1',
      }),
    ]);
  });

  it('may not lack a number', () => {
    const { findings } = judge(released(1n, 'a'), released(4n, 'd'));
    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'stream-gap',
        detail: 'of 4 events 2 are missing: 2, 3',
      }),
    ]);
  });

  it('may not hold what cannot be read', () => {
    const position = { topic: 'pricing.cdrs.v1', partition: 0, offset: 4n };
    const { findings } = judge({ position, key: 'k', bytes: 0, fault: 'is not JSON' });
    expect(findings).toEqual([
      { kind: 'record-unreadable', subject: 'k', position, detail: 'is not JSON' },
    ]);
  });

  it('has the ids that follow from what its events say', () => {
    const base = recorded(cdrIssued('s', [['ENERGY', 100n]], 19n));
    const position = { topic: 'pricing.cdrs.v1', partition: 0, offset: 0n };
    const encoded = encodeEvent(base.event);
    const withId = (id: string): ScannedRecord => {
      const metadata = { ...base.metadata, id, contentHash: encoded.contentHash };
      const whole: RecordedEvent = { event: base.event, metadata, position };
      return { position, key: 'default/s', bytes: 1, recorded: whole };
    };
    expect(judge(withId(contentEventId(encoded))).kinds).toEqual([]);
    expect(judge(withId('made-up')).kinds).toEqual(['event-id-differs']);
  });
});

describe('differences', () => {
  it('are named by their path, with bigint as text', () =>
    expect(
      differences(
        { lines: [{ amountMinor: 1n }, { amountMinor: 2n }], total: 3n },
        { lines: [{ amountMinor: 1n }], total: 4n, extra: 'x' },
      ),
    ).toEqual([
      'extra: recorded nothing, derived "x"',
      'lines[1]: recorded {"amountMinor":"2"}, derived nothing',
      'total: recorded "3", derived "4"',
    ]));

  it('are none between equals', () => expect(differences({ a: [1n] }, { a: [1n] })).toEqual([]));
});
