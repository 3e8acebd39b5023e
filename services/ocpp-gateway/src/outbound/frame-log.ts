import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { CommitQueue, RunTransaction } from './commit-queue';
import type { FrameKeys } from './frame-keys';
import { type FrameBatch, FrameBudget, FrameRecorder } from './frame-recorder';
import type { FrameSealing, SaidFrame } from './frame-sealing';
import type { Appends } from './group-append';
import type { Connection } from './station-store';

/** Where work is committed together with that of others. */
export type Commits = Pick<CommitQueue, 'submit' | 'drained'>;

/** Which frames are recorded. */
export type FrameChoice = 'all' | 'without-heartbeats' | 'none';

export type FrameLogParts = Readonly<{
  appends: Appends & Readonly<{ transaction: RunTransaction }>;
  sealing: FrameSealing;
  choice: FrameChoice;
  nowMs: () => number;
  /** A frame was said and could not be kept. */
  lost: () => void;
  memory: (bytes: number) => void;
}>;

/** What is written with nothing else is written after this long. */
const patienceMs = 1_000;
/** A heartbeat, and a confirmation that says nothing else, wait for something to be written with. */
const routinePatienceMs = 60_000;
/** A connection that says this much is written down at once. */
const eagerBytes = 64_000;
/** Of all connections together. */
const memoryBytesMax = 32_000_000;
/** One transaction of frames alone. */
const roundBytesMax = 2_000_000;
const roundRecordersMax = 100;
/** After so many connections whoever waits for an answer has its turn. */
const turnRecordersMax = 10;

const heartbeat = /^\s*\[\s*2\s*,\s*"[^"]*"\s*,\s*"Heartbeat"/;
const heartbeatAnswer = /^\[3,"[^"]*",\{"currentTime":"[^"]*"\}\]$/;
const isHeartbeat = ({ direction, text }: SaidFrame): boolean =>
  (direction === 'received' ? heartbeat : heartbeatAnswer).test(text);
const isRoutine = (frame: SaidFrame): boolean =>
  (frame.direction === 'sent' && frame.text.endsWith(',{}]')) || isHeartbeat(frame);

type Carried = Readonly<{ recorder: FrameRecorder; batches: readonly FrameBatch[] }>;

/** What is said on all connections of this process, until it is written down. */
export class FrameLog {
  private readonly recorders = new Set<FrameRecorder>();
  private readonly budget = new FrameBudget(memoryBytesMax);
  private flushing: Promise<void> = Promise.resolve();
  private fault: string | undefined;

  constructor(private readonly parts: FrameLogParts) {}

  get keys(): FrameKeys {
    return this.parts.sealing.keys;
  }

  begin(connection: Connection): FrameRecorder {
    const recorder = new FrameRecorder(connection, this.parts.sealing, this.budget);
    if (this.parts.choice !== 'none') this.recorders.add(recorder);
    return recorder;
  }

  record(recorder: FrameRecorder, frame: SaidFrame): void {
    const { choice, nowMs } = this.parts;
    if (choice === 'none' || (choice === 'without-heartbeats' && isHeartbeat(frame))) return;
    const dueAtMs = nowMs() + (isRoutine(frame) ? routinePatienceMs : patienceMs);
    if (!recorder.record(frame, dueAtMs)) this.parts.lost();
  }

  /** The connection is over; the end of its chain is written with what is written next. */
  end(recorder: FrameRecorder, at: Instant): void {
    if (this.parts.choice !== 'none') recorder.end(at);
  }

  /**
   * Commits for what one charger says: what has been said by then is committed together with what it
   * means, so that a confirmation never leaves before its frame is durable (P1).
   */
  carriedBy(recorder: FrameRecorder, commits: Commits): Commits {
    if (this.parts.choice === 'none') return commits;
    return {
      drained: () => commits.drained(),
      submit: async <T>(work: (tx: SqlClient) => Promise<T>): Promise<T> => {
        let carried: Carried | undefined;
        const result = await commits.submit(async (tx) => {
          const done = await work(tx);
          carried = await this.write(tx, recorder);
          return done;
        });
        if (carried !== undefined) this.written([carried]);
        return result;
      },
    };
  }

  /** Writes down what has waited long enough, or all of it. @throws while the database is away */
  flush(isAll = false): Promise<void> {
    const next = this.flushing.then(() => this.flushDue(isAll));
    this.flushing = next.then(
      () => void (this.fault = undefined),
      (error: unknown) => void (this.fault = (error as Error).message),
    );
    return next;
  }

  /** Whether frames are written down; a text says that they wait in memory, and how much of it. */
  state(): true | string {
    const { bytes, bytesMax } = this.budget;
    if (this.fault === undefined) return true;
    return `frames wait in memory, ${bytes} of ${bytesMax} bytes: ${this.fault}`;
  }

  private async flushDue(isAll: boolean): Promise<void> {
    this.parts.memory(this.budget.bytes);
    const now = this.parts.nowMs();
    const due = [...this.recorders].filter(
      ({ isEmpty, dueAtMs, waitingBytes }) =>
        !isEmpty && (isAll || dueAtMs <= now || waitingBytes >= eagerBytes),
    );
    while (due.length > 0) {
      const round: FrameRecorder[] = [];
      for (let bytes = 0; bytes < roundBytesMax && round.length < roundRecordersMax;) {
        const recorder = due.shift();
        if (recorder === undefined) break;
        recorder.unwritten(now); // encrypts and chains, here and not while a transaction is open
        bytes += recorder.waitingBytes;
        round.push(recorder);
        if (round.length % turnRecordersMax === 0) await new Promise(setImmediate);
      }
      const carried = await this.parts.appends.transaction(async (tx) => {
        const all: Carried[] = [];
        for (const recorder of round) all.push(await this.write(tx, recorder));
        return all;
      });
      this.written(carried);
    }
  }

  private async write(tx: SqlClient, recorder: FrameRecorder): Promise<Carried> {
    const batches = recorder.unwritten(this.parts.nowMs() + patienceMs);
    const { appends, sealing } = this.parts;
    await sealing.keys.save(
      tx,
      batches.flatMap(({ keyIds }) => keyIds),
    );
    await appends.append(
      tx,
      batches.map(({ outgoing }) => outgoing),
    );
    return { recorder, batches };
  }

  private written(carried: readonly Carried[]): void {
    for (const { recorder, batches } of carried) {
      recorder.written(batches);
      this.parts.sealing.keys.saved(batches.flatMap(({ keyIds }) => keyIds));
      if (recorder.isEnded && recorder.isEmpty) this.recorders.delete(recorder);
    }
  }
}
