import type { AttachMethod, MeterReading, MeterValuesRecorded } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { Running } from './charging-session';
import { assessReadings } from './meter-track';

/**
 * How many readings one event holds. A frame can say several thousand, and an event of them all would
 * not fit into the log, whose records have 900,000 bytes at most.
 */
export const readingsMax = 1_000;
/** What signed values may take up in one event besides; one reading may have as much by itself. */
const signedCharactersMax = 300_000;
/** Names of fields, quotes, marks. */
const overheadCharacters = 250;

const signedCharacters = ({ signedValues = [] }: MeterReading): number =>
  signedValues.reduce(
    (sum, { sealedData, publicKey = '' }) =>
      sum + sealedData.length + publicKey.length + overheadCharacters,
    0,
  );

/** Readings as they are shared out among events; one part, perhaps empty, where they fit into one. */
export const readingParts = (readings: readonly MeterReading[]): MeterReading[][] => {
  let part: MeterReading[] = [];
  let characters = 0;
  const parts = [part];
  for (const reading of readings) {
    const further = signedCharacters(reading);
    const isFull =
      part.length === readingsMax ||
      (part.length > 0 && characters + further > signedCharactersMax);
    if (isFull) {
      part = [];
      characters = 0;
      parts.push(part);
    }
    part.push(reading);
    characters += further;
  }
  return parts;
};

/** Readings of a session, in as many events as they need; none where there are no readings. */
export const recordedReadings = (
  session: Running,
  readings: readonly MeterReading[],
  reportedIn: MeterValuesRecorded['reportedIn'],
  now: Instant,
  {
    stoppedAt,
    linkedBy,
  }: Readonly<{ stoppedAt?: Instant | undefined; linkedBy?: AttachMethod | undefined }> = {},
): MeterValuesRecorded[] => {
  if (readings.length === 0) return [];
  const { cpoId, sessionId, track } = session;
  const bounds = { ...session, ...(stoppedAt === undefined ? {} : { stoppedAt }) };
  return readingParts(assessReadings(readings, track, bounds, now)).map((part) => ({
    type: 'MeterValuesRecorded',
    cpoId,
    sessionId,
    reportedIn,
    readings: part,
    ...(linkedBy === undefined ? {} : { linkedBy }),
  }));
};
