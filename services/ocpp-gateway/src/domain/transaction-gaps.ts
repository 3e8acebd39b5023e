import type { TransactionGapEvent } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { HeardEvent } from './transaction-event';

/** Numbers from the first to the last, both included. */
type Numbers = Readonly<{ first: number; last: number }>;

/** Events of a transaction that are missing, while later ones have come. */
export type TransactionGap = Numbers &
  Readonly<{
    noticedAt: Instant;
    /** What has not come yet; never empty. */
    missing: readonly Numbers[];
    isGivenUp: boolean;
    /** It is in the log; one that is noticed before there is a session has to wait for it. */
    isTold: boolean;
  }>;

/** What has come of a transaction, and what is known of its gaps. */
export type GapSight = Readonly<{
  gaps: readonly TransactionGap[];
  /** The number whose turn is next; absent while the first event has not come. */
  nextSeqNo?: number | undefined;
  /** Numbers of the events that wait or have just come. */
  heard: readonly number[];
  isGapGivenUp: boolean;
  now: Instant;
}>;

/** No station leaves out more at a time; what is beyond is waited for all the same, and not told. */
const gapsMax = 100;

/** The numbers without one of them. */
const without = (numbers: readonly Numbers[], one: number): Numbers[] =>
  numbers.flatMap((range) => {
    const { first, last } = range;
    if (one < first || one > last) return [range];
    return [
      { first, last: one - 1 },
      { first: one + 1, last },
    ].filter((part) => part.first <= part.last);
  });

const isKnown = (gaps: readonly TransactionGap[], { first, last }: Numbers): boolean =>
  gaps.some((gap) => gap.first <= first && last <= gap.last);

/** The numbers between what is next and the last that was heard, as far as they were not. */
const missingIn = ({ nextSeqNo, heard }: GapSight): Numbers[] => {
  if (nextSeqNo === undefined) return [];
  const found: Numbers[] = [];
  let next = nextSeqNo;
  for (const seqNo of [...heard].sort((one, other) => one - other)) {
    if (seqNo > next) found.push({ first: next, last: seqNo - 1 });
    next = Math.max(next, seqNo + 1);
  }
  return found;
};

/**
 * The gaps of a transaction after something has come, or after what is missing has been waited for.
 * Those without anything missing are healed, also where they were given up before.
 */
export const gapsAfter = (
  sight: GapSight,
): Readonly<{ gaps: readonly TransactionGap[]; healed: readonly TransactionGap[] }> => {
  const { heard, isGapGivenUp, now } = sight;
  const known = sight.gaps.map((gap) => ({
    ...gap,
    missing: heard.reduce(without, gap.missing as Numbers[]),
  }));
  const fresh = missingIn(sight)
    .filter((range) => !isKnown(known, range))
    .slice(0, Math.max(gapsMax - known.length, 0))
    .map((range) => ({
      ...range,
      noticedAt: now,
      missing: [range],
      isGivenUp: false,
      isTold: false,
    }));
  const all = [...known, ...fresh];
  return {
    gaps: all
      .filter(({ missing }) => missing.length > 0)
      .map((gap) => (isGapGivenUp ? { ...gap, isGivenUp: true } : gap)),
    healed: all.filter(({ missing }) => missing.length === 0),
  };
};

/** The gaps of a transaction, with all that has come of it by now. */
export const gapsOf = (
  known: Readonly<{ gaps?: readonly TransactionGap[]; nextSeqNo?: number }>,
  events: readonly HeardEvent[],
  now: Instant,
  isGapGivenUp: boolean,
): ReturnType<typeof gapsAfter> => {
  const first = events.find(({ eventType }) => eventType === 'Started');
  return gapsAfter({
    gaps: known.gaps ?? [],
    nextSeqNo: known.nextSeqNo ?? first?.seqNo,
    heard: events.map(({ seqNo }) => seqNo),
    isGapGivenUp,
    now,
  });
};

const int32Max = 2 ** 31 - 1;

const countOf = (missing: readonly Numbers[]): number =>
  Math.min(
    missing.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    int32Max,
  );

type SessionName = Readonly<{ cpoId: string; sessionId: string }>;

/** What is said of gaps in the log of their session, from how they were to how they are. */
export const gapEvents = (
  { cpoId, sessionId }: SessionName,
  before: readonly TransactionGap[],
  { gaps, healed }: ReturnType<typeof gapsAfter>,
  { hasEnded, now }: Readonly<{ hasEnded: boolean; now: Instant }>,
): TransactionGapEvent[] => {
  const about = ({ first, last }: Numbers) => ({
    cpoId,
    sessionId,
    firstMissingSeqNo: first,
    lastMissingSeqNo: last,
  });
  const wasGivenUp = (gap: Numbers): boolean =>
    before.some(
      ({ first, last, isGivenUp }) => isGivenUp && first === gap.first && last === gap.last,
    );
  return [
    ...gaps
      .filter(({ isTold }) => !isTold)
      .map((gap) => ({
        type: 'TransactionGapNoticed' as const,
        ...about(gap),
        noticedAt: gap.noticedAt,
      })),
    ...gaps
      .filter((gap) => gap.isGivenUp && !(gap.isTold && wasGivenUp(gap)))
      .map((gap) => ({
        type: 'TransactionGapGivenUp' as const,
        ...about(gap),
        missingCount: countOf(gap.missing),
        hasEnded,
        givenUpAt: now,
      })),
    // One that healed before there was a session was in nobody's way.
    ...healed
      .filter(({ isTold }) => isTold)
      .map((gap) => ({ type: 'TransactionGapHealed' as const, ...about(gap), healedAt: now })),
  ];
};

/** The gaps as they are once the log of their session has them. */
export const told = (gaps: readonly TransactionGap[]): TransactionGap[] =>
  gaps.map((gap) => ({ ...gap, isTold: true }));
