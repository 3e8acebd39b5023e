import { createHash } from 'node:crypto';
import { canonicalJson, type RecordedEvent, type SessionEvent } from '@tallywatt/contracts';
import { ratedSession, type RatedSession } from '@tallywatt/derivations';
import { replayTopics } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { consumeLines } from '../bare/kafka';
import type { Benchmark, Measurement } from '../contest';

const topic = 'charging.sessions.v1';

const plain = (_key: string, part: unknown): unknown =>
  typeof part === 'bigint' ? part.toString() : part;

/** What every session has become, as one hash: it depends on no order across sessions. */
class SessionFold {
  private readonly sessions = new Map<string, RatedSession>();

  take(events: readonly RecordedEvent[]): void {
    for (const { event, metadata } of events as readonly RecordedEvent<SessionEvent>[]) {
      const before = this.sessions.get(metadata.subject) ?? ratedSession.initial;
      this.sessions.set(metadata.subject, ratedSession.evolve(before, event));
    }
  }

  hash(): string {
    const hash = createHash('sha256');
    for (const key of [...this.sessions.keys()].sort()) {
      const state: unknown = JSON.parse(JSON.stringify(this.sessions.get(key), plain));
      hash.update(`${key} ${canonicalJson(state)}\n`);
    }
    return hash.digest('hex');
  }
}

const runReplay = async (
  runtime: LocalRuntime,
  expected: number,
  expectedHash: string,
): Promise<Measurement> => {
  const fold = new SessionFold();
  let startedMs: number | undefined;
  const { events } = await replayTopics({
    brokers: runtime.kafkaBrokers.split(','),
    topics: [topic],
    handle: async (batch) => {
      startedMs ??= performance.now();
      fold.take(batch);
    },
  });
  const seconds = (performance.now() - (startedMs ?? 0)) / 1_000;
  const faults = events === expected ? [] : [`${expected} events in the topic, ${events} replayed`];
  if (fold.hash() !== expectedHash) faults.push('the sessions are not what their events say');
  return { perSecond: { events: events / seconds }, faults };
};

/** The topic has to hold exactly these events. */
export const rebuildInMemory = (
  runtime: LocalRuntime,
  events: readonly RecordedEvent[],
): Benchmark => {
  const expected = new SessionFold();
  expected.take(events);
  const expectedHash = expected.hash();
  return {
    id: 'rebuild-in-memory',
    title: 'Rebuild of a projection in memory',
    about:
      `${events.length} session events from a topic of 6 partitions; the clock runs from the ` +
      'first batch; the hash of all sessions is compared with that of their events',
    contenders: [
      {
        name: 'replay into memory',
        role: 'ours',
        about: 'decoded, content hashes and sequences checked, folded into sessions',
        run: () => runReplay(runtime, events.length, expectedHash),
      },
      {
        name: 'raw consumer',
        role: 'limit',
        about: 'kafkajs, eachBatch, autoCommit off, JSON.parse of each value',
        run: async () => {
          const consumed = await consumeLines(runtime.kafkaBrokers, [topic], events.length);
          const faults = consumed.events === events.length ? [] : ['records are missing'];
          return { perSecond: { events: consumed.events / consumed.seconds }, faults };
        },
      },
    ],
  };
};
