import { decodeRecord, type FramesRecorded, type LogPosition } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { keyIdOf, openedText } from './frame-cipher';
import type { FrameKeys } from './frame-keys';
import type { Station } from './session-store';

export type ShownFrame = Readonly<{ number: number; direction: string; at: Instant; text: string }>;

/** Frames of one connection that follow each other, with their place in Kafka. */
export type ShownFrames = Readonly<{
  sequence: string;
  connectionId: string;
  framesLost: number;
  previousHash: string;
  lastHash: string;
  endedAt: Instant | null;
  /** Null while they are on their way to Kafka. */
  position: LogPosition | null;
  frames: readonly ShownFrame[];
}>;

export type FrameFilter = Readonly<{
  connectionId?: string | undefined;
  /** By when they were written down, up to a minute after they were said. */
  from?: string | undefined;
  to?: string | undefined;
  after?: string | undefined;
}>;

type Row = {
  stream_key: string;
  value: string;
  headers: Record<string, string>;
  topic: string;
  partition: number | null;
  log_offset: string | null;
};

const shownOf = (row: Row): ShownFrames => {
  const { event, metadata } = decodeRecord(row.stream_key, row.value, row.headers);
  const { connectionId, firstNumber, framesLost, previousHash, lastHash, endedAt, frames } =
    event as FramesRecorded;
  const { topic, partition, log_offset: offset } = row;
  return {
    sequence: metadata.sequence.toString(),
    connectionId,
    framesLost,
    previousHash,
    lastHash,
    endedAt: endedAt ?? null,
    position:
      partition === null || offset === null ? null : { topic, partition, offset: BigInt(offset) },
    frames: frames.map((frame, index) => ({ number: firstNumber + index, ...frame })),
  };
};

/** What was said on the connections of a charge point, oldest first; one more than the limit. */
export const listFrames = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
  { connectionId, from, to, after }: FrameFilter,
  limit: number,
): Promise<ShownFrames[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT topic, stream_key, value, headers, partition, log_offset FROM event_log.outbox
     WHERE topic = 'charging.frames.v1' AND stream_key = $1 AND sequence > $2
       AND ($3::timestamptz IS NULL OR recorded_at >= $3)
       AND ($4::timestamptz IS NULL OR recorded_at < $4)
       AND ($5::text IS NULL OR value LIKE '%"connectionId":"' || $5 || '"%')
     ORDER BY sequence LIMIT $6`,
    [
      `${cpoId}/${chargePointId}`,
      after ?? '0',
      from ?? null,
      to ?? null,
      connectionId ?? null,
      limit + 1,
    ],
  );
  return rows.map(shownOf);
};

const sealedPart = /\{"enc":"(v1:[A-Za-z0-9_-]{16}:[A-Za-z0-9+/]+=*)"\}/g;

/** As they were said; what has been erased is `{"enc":"erased"}`. */
export const openedFrames = async (
  sql: SqlClient,
  cpoId: string,
  keys: FrameKeys,
  shown: readonly ShownFrames[],
): Promise<ShownFrames[]> => {
  const keyIds = new Set<string>();
  for (const { frames } of shown) {
    for (const { text } of frames) {
      for (const [, sealed = ''] of text.matchAll(sealedPart)) keyIds.add(keyIdOf(sealed) ?? '');
    }
  }
  const secrets = await keys.find(sql, cpoId, [...keyIds]);
  const opened = (sealed: string): string => {
    const secret = secrets.get(keyIdOf(sealed) ?? '');
    if (secret === undefined) return '{"enc":"erased"}';
    try {
      return openedText(cpoId, secret, sealed);
    } catch {
      // A charger's own words that look like ours; they are encrypted themselves by now.
      return `{"enc":"${sealed}"}`;
    }
  };
  return shown.map((one) => ({
    ...one,
    frames: one.frames.map((frame) => ({
      ...frame,
      text: frame.text.replace(sealedPart, (_whole, sealed: string) => opened(sealed)),
    })),
  }));
};

/** Writes down who is shown what is encrypted, before it is shown. */
export const recordDisclosure = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
  shown: readonly ShownFrames[],
  shownTo: string,
  reason: string,
): Promise<void> => {
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return;
  await sql.query(
    `INSERT INTO frame_disclosures
       (cpo_id, charge_point_id, first_sequence, last_sequence, shown_to, reason)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [cpoId, chargePointId, first.sequence, last.sequence, shownTo, reason],
  );
};
