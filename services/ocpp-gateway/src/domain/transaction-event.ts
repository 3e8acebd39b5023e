import type {
  ChargingDecision,
  ChargingState,
  ClockCorrection,
  MeterReading,
} from '@tallywatt/contracts';
import { sha256Hex } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { corrected, correctedReadings, type LiveClock } from './clock-correction';
import { contentText } from './session-message';
import type { IdTagInfo } from './session-record';

/**
 * What a station says of a transaction that it numbers itself (OCPP 2.0.1 part 2, TransactionEvent;
 * 2.1 has the same). Left out are the ways in which a resend differs: message id and `offline`.
 */
export type TransactionEvent = Readonly<{
  eventType: 'Started' | 'Updated' | 'Ended';
  /** Counts the events of one transaction; where it begins is the station's affair. */
  seqNo: number;
  /** The station's claim. */
  happenedAt: Instant;
  triggerReason: string;
  /** Said at the latest by the first event; see ADR 24. */
  connectorId?: number;
  chargingState?: ChargingState;
  stoppedReason?: string;
  /** Stands for the idToken: a keyed digest, since a token is personal and may not be kept. */
  tokenMark?: string;
  readings: readonly MeterReading[];
}>;

/** The decision about an event's token, and what the station was told of it. */
export type Grant = Readonly<{
  decision: ChargingDecision;
  idTagInfo: IdTagInfo;
  /** Of which it was decided; 0 when nobody knew. */
  connectorId: number;
}>;

/** An event as it was heard. */
export type HeardEvent = TransactionEvent &
  Readonly<{
    /** Of what it says; see `contentHashOf`. */
    contentHash: string;
    /** Absent while nobody could be asked about the token. */
    grant?: Grant;
    /** Our clock minus the station's; absent for what was queued. */
    clockSkewMs?: bigint;
    /** Where it was made when it came; its claims are corrected by it when its turn has come. */
    clock?: LiveClock;
    /** What the station claimed, where `happenedAt` is not that. */
    clockCorrection?: ClockCorrection;
  }>;

/** An event with its claims corrected; it is still known by what it said. */
export const correctedEvent = (event: HeardEvent): HeardEvent => {
  const { clock, readings } = event;
  const { at: happenedAt, ...note } = corrected(event.happenedAt, clock);
  return { ...event, happenedAt, ...note, readings: correctedReadings(readings, clock) };
};

/** When the station said that it happened. */
export const claimedEventAt = ({ happenedAt, clockCorrection }: HeardEvent): Instant =>
  clockCorrection?.claimedAt ?? happenedAt;

/** The same for every resend of an event, whatever its message id. */
export const contentHashOf = (event: TransactionEvent): string => sha256Hex(contentText(event));

/** The order in which a station said its events: by number, and by what they say where that is one. */
export const inOrder = <E extends HeardEvent>(events: readonly E[]): E[] =>
  [...events].sort(
    (one, other) =>
      one.seqNo - other.seqNo ||
      compared(one.happenedAt, other.happenedAt) ||
      ranks[one.eventType] - ranks[other.eventType] ||
      compared(one.contentHash, other.contentHash),
  );

const ranks = { Started: 0, Updated: 1, Ended: 2 } as const;

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
