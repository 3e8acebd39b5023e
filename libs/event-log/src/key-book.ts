import { keptMs, type TopicName } from '@tallywatt/contracts';

/** What the consumer loop has to know of a record to decide about it. */
export type BookRecord = Readonly<{
  topic: string;
  key: string;
  /** Unknown when the record could not be decoded. */
  sequence?: bigint;
  /** Why the record could not be decoded. */
  fault?: Error;
}>;

export type ParkingKind = 'poison' | 'gap' | 'follows';

export type Step<R extends BookRecord> =
  | Readonly<{ do: 'handle'; record: R; wasParked: boolean }>
  | Readonly<{ do: 'park'; record: R; kind: ParkingKind; reason: string; error?: Error }>
  | Readonly<{ do: 'drop'; record: R }>;

/** How far one stream is, and what of it waits. */
type KeyState<R> = {
  lastSequence: bigint;
  mode: 'open' | 'gap' | 'poison';
  waiting: Map<bigint, R>;
};

export type ParkedEntry<R> = Readonly<{ record: R; kind: ParkingKind }>;

/**
 * Decides, record by record, what a consumer does with it: take it, drop it because its sequence
 * was seen, or park it. It holds no more than what the database said and what was offered since.
 */
export class KeyBook<R extends BookRecord> {
  private readonly keys = new Map<string, KeyState<R>>();

  /** Says what is known of a key before its first record is offered. */
  open(
    topic: string,
    key: string,
    lastSequence: bigint,
    parked: readonly ParkedEntry<R>[] = [],
  ): void {
    const poisoned = parked.some(({ kind }) => kind === 'poison');
    this.keys.set(nameOf(topic, key), {
      lastSequence,
      mode: poisoned ? 'poison' : parked.length > 0 ? 'gap' : 'open',
      waiting: new Map(
        parked.flatMap(({ record }) =>
          record.sequence === undefined ? [] : [[record.sequence, record]],
        ),
      ),
    });
  }

  lastSequence(topic: string, key: string): bigint {
    return this.stateOf(topic, key).lastSequence;
  }

  /** What to do now: usually one step; more when the record closes a gap. */
  offer(record: R): Step<R>[] {
    const state = this.stateOf(record.topic, record.key);
    const { sequence } = record;
    if (sequence === undefined) {
      const follows = state.mode === 'poison';
      state.mode = 'poison';
      const error = record.fault ?? new Error('the record could not be decoded');
      return [
        follows
          ? { do: 'park', record, kind: 'follows', reason: `follows; ${error.message}`, error }
          : { do: 'park', record, kind: 'poison', reason: `undecodable: ${error.message}`, error },
      ];
    }
    if (sequence <= state.lastSequence || state.waiting.has(sequence)) {
      return [{ do: 'drop', record }];
    }
    if (state.mode === 'poison') {
      state.waiting.set(sequence, record);
      return [{ do: 'park', record, kind: 'follows', reason: 'follows a parked record' }];
    }
    const expected = state.lastSequence + 1n;
    if (sequence > expected && !isExpiring(record.topic)) {
      state.mode = 'gap';
      state.waiting.set(sequence, record);
      const reason = `sequence-gap: expected ${expected}, got ${sequence}`;
      return [{ do: 'park', record, kind: 'gap', reason }];
    }
    state.lastSequence = sequence;
    return [{ do: 'handle', record, wasParked: false }, ...this.drain(state)];
  }

  /** Takes back that a record could be handled: it, and what was to follow it, is parked. */
  poison(record: R, followers: readonly R[] = []): void {
    const state = this.stateOf(record.topic, record.key);
    state.mode = 'poison';
    if (record.sequence !== undefined) state.lastSequence = record.sequence - 1n;
    for (const parked of [record, ...followers]) {
      if (parked.sequence !== undefined) state.waiting.set(parked.sequence, parked);
    }
  }

  /** A copy of what is known of a key, to return to when the attempt is given up. */
  snapshot(topic: string, key: string): () => void {
    const state = this.stateOf(topic, key);
    const copy = { ...state, waiting: new Map(state.waiting) };
    return () => void this.keys.set(nameOf(topic, key), copy);
  }

  private drain(state: KeyState<R>): Step<R>[] {
    const steps: Step<R>[] = [];
    for (;;) {
      const next = state.waiting.get(state.lastSequence + 1n);
      if (next === undefined) break;
      state.lastSequence += 1n;
      state.waiting.delete(state.lastSequence);
      steps.push({ do: 'handle', record: next, wasParked: true });
    }
    if (state.waiting.size === 0) state.mode = 'open';
    return steps;
  }

  private stateOf(topic: string, key: string): KeyState<R> {
    const name = nameOf(topic, key);
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const fresh: KeyState<R> = { lastSequence: 0n, mode: 'open', waiting: new Map() };
    this.keys.set(name, fresh);
    return fresh;
  }
}

/** What is missing before a record of such a topic may have expired: that is no gap. */
const isExpiring = (topic: string): boolean => keptMs(topic as TopicName) !== undefined;

const nameOf = (topic: string, key: string): string => `${topic}\n${key}`;
