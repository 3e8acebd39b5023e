import type { LogPosition, RecordedEvent } from '@tallywatt/contracts';

/** The way of a session's money, in its order. */
export const hopNames = [
  'decision',
  'tariff',
  'session',
  'allowance',
  'cdr',
  'payment',
  'balance',
  'payout',
  'journal',
] as const;

export type HopName = (typeof hopNames)[number];

/** One record of the chain. */
export type Link = Readonly<{
  hop: HopName;
  type: string;
  position: LogPosition;
  eventId: string;
  contentHash: string;
  occurredAt: string;
  summary: string;
}>;

/** Why a hop does not follow from the ones before it. */
export type HopFault = Readonly<{ hop: HopName; position?: LogPosition; detail: string }>;

export const linkOf = (
  hop: HopName,
  { event, metadata, position }: RecordedEvent,
  summary: string,
): Link => ({
  hop,
  type: event.type,
  position,
  eventId: metadata.id,
  contentHash: metadata.contentHash,
  occurredAt: metadata.occurredAt,
  summary,
});
