/** What the tables say of the event that a row is about. */
type LoggedRow = Readonly<{
  event_id: string;
  content_hash: string;
  topic: string;
  stream_key: string;
  sequence: string;
  partition: number | null;
  log_offset: string | null;
}>;

/** Where in the log an answer can be read, and the hash to compare it by. */
export const logPlace = (row: LoggedRow): object => ({
  eventId: row.event_id,
  contentHash: row.content_hash,
  topic: row.topic,
  key: row.stream_key,
  sequence: row.sequence,
  // Both are null until the broker has acknowledged the record.
  partition: row.partition,
  offset: row.log_offset,
});
