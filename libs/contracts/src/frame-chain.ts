import { sha256Hex } from './event-record';
import type { FramesRecorded, RecordedFrame } from './frame-events';

/** What begins the chain of a connection: whose frames they are. SHA-256, hex. */
export const connectionHash = (
  cpoId: string,
  chargePointId: string,
  connectionId: string,
): string => sha256Hex(['tallywatt.frames.v1', cpoId, chargePointId, connectionId].join('\n'));

/**
 * The hash of a frame: SHA-256, hex, over the hash before it, its number, direction, instant and text
 * as stored, a line each. What is sensitive has been replaced by then, so a chain is verified without
 * any key, also after erasure.
 */
export const frameHash = (
  previousHash: string,
  number: number,
  { direction, at, text }: RecordedFrame,
): string => sha256Hex(`${previousHash}\n${number}\n${direction}\n${at}\n${text}`);

/** What a connection's records say about themselves, read in the order of their numbers. */
export type FrameChain = Readonly<{
  connectionId: string;
  /** Frames that are recorded. */
  frames: number;
  /** Frames that the gateway says it could not record. */
  lost: number;
  lastHash: string;
  /** Left out where no end was recorded: still open, or its gateway died. */
  endedAt?: string;
  /** What does not fit: the chain is broken there. */
  faults: readonly string[];
}>;

/** Verifies the chain of one connection. The events may come in any order; a repeated one counts once. */
export const verifyFrameChain = (events: readonly FramesRecorded[]): FrameChain => {
  const [first] = events;
  if (first === undefined) throw new Error('a chain has at least one event');
  const { cpoId, chargePointId, connectionId } = first;
  const faults: string[] = [];
  let lastHash = connectionHash(cpoId, chargePointId, connectionId);
  let next = 1;
  let frames = 0;
  let lost = 0;
  let endedAt: string | undefined;
  const last = (event: FramesRecorded): number => event.firstNumber + event.frames.length;
  const ordered = [...events].sort(
    (a, b) =>
      a.firstNumber - b.firstNumber || last(a) - last(b) || (a.lastHash < b.lastHash ? -1 : 1),
  );
  let before: FramesRecorded | undefined;
  for (const event of ordered) {
    const isRepeated =
      before !== undefined &&
      before.firstNumber === event.firstNumber &&
      before.lastHash === event.lastHash &&
      before.frames.length === event.frames.length &&
      before.endedAt === event.endedAt;
    before = event;
    if (isRepeated) continue;
    const place = `frame ${event.firstNumber}`;
    if (endedAt !== undefined) faults.push(`${place} follows the end of the connection`);
    if (event.firstNumber !== next + event.framesLost) {
      faults.push(`${place} stands where frame ${next + event.framesLost} is due`);
    }
    if (event.previousHash !== lastHash) faults.push(`${place} does not follow the one before it`);
    lost += event.framesLost;
    frames += event.frames.length;
    let hash = event.previousHash;
    event.frames.forEach((frame, index) => {
      hash = frameHash(hash, event.firstNumber + index, frame);
    });
    if (hash !== event.lastHash) {
      faults.push(`what is said from ${place} on is not what its hash says`);
    }
    lastHash = event.lastHash;
    next = last(event);
    endedAt = event.endedAt;
  }
  return {
    connectionId,
    frames,
    lost,
    lastHash,
    ...(endedAt === undefined ? {} : { endedAt }),
    faults,
  };
};
