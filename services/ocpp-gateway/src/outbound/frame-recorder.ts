import { connectionHash, frameHash, derivedId, type FramesRecorded } from '@tallywatt/contracts';
import type { OutgoingEvent } from '@tallywatt/event-log';
import { type FrameSealing, type SaidFrame, type SealedFrame, sealFrame } from './frame-sealing';
import type { Connection } from './station-store';

/** An event takes no more than this, unless a single frame does. */
const batchBytesMax = 200_000;
const batchFramesMax = 500;
/** Of one charger, while nothing can be written down. */
const recorderBytesMax = 1_000_000;
/** What a frame takes up besides its text. */
const frameOverheadBytes = 200;

/** Memory that all frames together may take up while they wait to be written down. */
export class FrameBudget {
  bytes = 0;
  constructor(readonly bytesMax: number) {}
}

/** Frames that are one event, chained and numbered for good. */
export type FrameBatch = Readonly<{
  outgoing: OutgoingEvent;
  keyIds: readonly string[];
  /** Of the budget. */
  bytes: number;
}>;

/** A frame, what it takes of the budget, and how many were lost right before it. */
type Waiting = Readonly<{ said: SaidFrame; bytes: number; lostBefore: number }>;
type Group = { frames: SealedFrame[]; lostBefore: number; storedBytes: number; heldBytes: number };

/**
 * Writes down what is said on one connection. `record` only remembers; frames are encrypted, chained
 * and put into events when they are about to be written, off the way of the answer.
 */
export class FrameRecorder {
  private waiting: Waiting[] = [];
  private batches: FrameBatch[] = [];
  private nextNumber = 1;
  private lastHash: string;
  private bytes = 0;
  /** Frames there was no room for, since the last one that was remembered. */
  private lost = 0;
  private endedAt: string | undefined;
  /** When the first of what waits has to be written. */
  private waitingDueAtMs = Infinity;
  /** When what somebody has begun to write is written again, should it not have been. */
  private batchesDueAtMs = Infinity;

  constructor(
    readonly connection: Connection,
    private readonly sealing: FrameSealing,
    private readonly budget: FrameBudget,
  ) {
    const { cpoId, chargePointId, connectionId } = connection;
    this.lastHash = connectionHash(cpoId, chargePointId, connectionId);
  }

  /** False when there was no room for it. */
  record(frame: SaidFrame, dueAtMs: number): boolean {
    if (this.endedAt !== undefined) return true; // it never left
    const bytes = frame.text.length + frameOverheadBytes;
    const { budget } = this;
    if (this.bytes + bytes > recorderBytesMax || budget.bytes + bytes > budget.bytesMax) {
      this.lost += 1;
      return false;
    }
    this.bytes += bytes;
    budget.bytes += bytes;
    this.waiting.push({ said: frame, bytes, lostBefore: this.lost });
    this.lost = 0;
    this.waitingDueAtMs = Math.min(this.waitingDueAtMs, dueAtMs);
    return true;
  }

  /** The connection is over: no frame follows. */
  end(at: string): void {
    if (this.endedAt !== undefined) return;
    this.seal();
    this.endedAt = at;
    this.batches.push(this.batchOf(newGroup(this.lost)));
    this.batchesDueAtMs = 0;
  }

  get isEnded(): boolean {
    return this.endedAt !== undefined;
  }

  /** Nothing is left to be written down. */
  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.batches.length === 0;
  }

  get dueAtMs(): number {
    return Math.min(this.waitingDueAtMs, this.batches.length > 0 ? this.batchesDueAtMs : Infinity);
  }

  get waitingBytes(): number {
    return this.bytes;
  }

  /**
   * All that has not been written down, in order; the same events until `written` has been told. Who
   * asks has until `retryAtMs` to write them.
   */
  unwritten(retryAtMs: number): readonly FrameBatch[] {
    this.seal();
    this.batchesDueAtMs = retryAtMs;
    return [...this.batches];
  }

  written(batches: readonly FrameBatch[]): void {
    for (const batch of batches) {
      const index = this.batches.indexOf(batch);
      if (index < 0) continue;
      this.batches.splice(index, 1);
      this.release(batch.bytes);
    }
  }

  private seal(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    this.waitingDueAtMs = Infinity;
    let group = newGroup(0);
    /** Ends an event; so many frames are lost before the next one. */
    const close = (lost: number): void => {
      const isEmpty = group.frames.length === 0;
      if (!isEmpty) this.batches.push(this.batchOf(group));
      group = newGroup(lost + (isEmpty ? group.lostBefore : 0));
    };
    for (const { said, bytes, lostBefore } of waiting) {
      const sealed = sealFrame(this.sealing, this.connection, said);
      // What was lost stands between two frames, and an event says so at its beginning.
      if (lostBefore > 0) close(lostBefore);
      if (sealed === undefined) {
        close(1);
        this.release(bytes);
        continue;
      }
      const isFull =
        group.frames.length === batchFramesMax || group.storedBytes + sealed.bytes > batchBytesMax;
      if (isFull) close(0);
      group.frames.push(sealed);
      group.storedBytes += sealed.bytes + frameOverheadBytes;
      group.heldBytes += bytes;
    }
    if (group.frames.length > 0) this.batches.push(this.batchOf(group));
    else this.lost += group.lostBefore;
  }

  private batchOf({ frames, lostBefore, heldBytes }: Group): FrameBatch {
    const { cpoId, chargePointId, connectionId } = this.connection;
    const previousHash = this.lastHash;
    const firstNumber = this.nextNumber + lostBefore;
    this.nextNumber = firstNumber;
    for (const { frame } of frames) {
      this.lastHash = frameHash(this.lastHash, this.nextNumber, frame);
      this.nextNumber += 1;
    }
    const event: FramesRecorded = {
      type: 'FramesRecorded',
      cpoId,
      chargePointId,
      connectionId,
      firstNumber,
      framesLost: lostBefore,
      previousHash,
      frames: frames.map(({ frame }) => frame),
      lastHash: this.lastHash,
      ...(this.endedAt === undefined ? {} : { endedAt: this.endedAt }),
    };
    const occurredAt = frames.at(-1)?.frame.at ?? this.endedAt ?? this.connection.connectedAt;
    const id = derivedId('frames-recorded', cpoId, connectionId, firstNumber.toString());
    return {
      outgoing: { event, occurredAt, id },
      keyIds: frames.flatMap(({ keyIds }) => keyIds),
      bytes: heldBytes,
    };
  }

  private release(bytes: number): void {
    this.bytes -= bytes;
    this.budget.bytes -= bytes;
  }
}

const newGroup = (lostBefore: number): Group => ({
  frames: [],
  lostBefore,
  storedBytes: 0,
  heldBytes: 0,
});
