import type { Instant } from '@tallywatt/time';
import { clockFault } from './clock';
import { type HeardEvent, inOrder, type TransactionEvent } from './transaction-event';

/** An event whose turn has come. */
export type TurnedEvent = HeardEvent &
  Readonly<{
    /** It follows directly on the one before; false behind a gap, and for what closes one late. */
    isInTurn: boolean;
  }>;

/** What can be taken of the events of a transaction, in order, and what has to wait. */
export type Turns = Readonly<{
  taken: readonly TurnedEvent[];
  held: readonly HeardEvent[];
  /** The number of the event whose turn is next; absent while the first one has not come. */
  nextSeqNo?: number;
}>;

/**
 * Takes events in the order of their numbers, the first one first. A missing number holds back what
 * is behind it, until it comes or until it has been waited for long enough (`isGapGivenUp`). What
 * comes with a number that has passed is late, or of a station that does not count: it is taken.
 */
export const takeTurns = (
  nextSeqNo: number | undefined,
  events: readonly HeardEvent[],
  isGapGivenUp: boolean,
): Turns => {
  const sorted = inOrder(events);
  const first =
    nextSeqNo === undefined ? sorted.find(({ eventType }) => eventType === 'Started') : undefined;
  if (nextSeqNo === undefined && first === undefined) return { taken: [], held: sorted };
  const taken: TurnedEvent[] = first === undefined ? [] : [{ ...first, isInTurn: true }];
  let next = first === undefined ? (nextSeqNo ?? 0) : first.seqNo + 1;
  const others = sorted.filter((event) => event !== first);
  const held: HeardEvent[] = [];
  for (const event of others) {
    if (held.length > 0 || (event.seqNo > next && !isGapGivenUp)) held.push(event);
    else {
      taken.push({ ...event, isInTurn: event.seqNo === next });
      next = Math.max(next, event.seqNo + 1);
    }
  }
  return { taken, held, nextSeqNo: next };
};

/** The earliest instant that can be right among the events of a transaction. */
export const toldSinceIn = (
  events: readonly TransactionEvent[],
  now: Instant,
): Instant | undefined =>
  events
    .map(({ happenedAt }) => happenedAt)
    .filter((at) => clockFault(at, now) === undefined)
    .sort()[0];

/** A transaction under a name that a station has used, from 1. */
export type Generation = Readonly<{
  generation: number;
  /** Of its first event; absent while that has not come. */
  startedAt?: Instant;
  /** Of the earliest that was said of it, where its first event has not come. */
  toldSince?: Instant;
  isEnded: boolean;
}>;

/**
 * To which of the transactions under one name an event belongs; a number that is not there yet begins
 * a new one. `heardIn` is where the very same words were heard before, if they were.
 *
 * A station that has used a name up says Started again, at another time. One without a clock says it
 * with the same words: then it is a new transaction once the one before has ended, as with OCPP 1.6.
 * What was said of a transaction before a Started has another start, which has not come.
 */
export const generationOf = (
  event: TransactionEvent,
  generations: readonly Generation[],
  heardIn: number | undefined,
  now: Instant,
): number => {
  const newestFirst = [...generations].sort((one, other) => other.generation - one.generation);
  const [latest] = newestFirst;
  if (latest === undefined) return 1;
  const isTimed = clockFault(event.happenedAt, now) === undefined;
  if (event.eventType !== 'Started') {
    if (!isTimed) return latest.generation;
    const begun = newestFirst.find(
      ({ startedAt = event.happenedAt }) => startedAt <= event.happenedAt,
    );
    return heardIn ?? (begun ?? latest).generation;
  }
  const unbegun = generations.find(({ startedAt }) => startedAt === undefined);
  if (unbegun !== undefined) {
    const { toldSince } = unbegun;
    const isItsStart =
      isTimed && toldSince !== undefined ? event.happenedAt <= toldSince : unbegun === latest;
    if (isItsStart) return unbegun.generation;
  }
  const isSameStart = latest.startedAt === event.happenedAt;
  if (isSameStart && !isTimed && latest.isEnded) return latest.generation + 1;
  return heardIn ?? (isSameStart ? latest.generation : latest.generation + 1);
};
