import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** One stored change: the table, the id, and the object as it now is (null: removed). */
export type Change = [table: string, id: string, object: unknown];

/**
 * The sandbox's memory on disk: one line of JSON per committed change set, appended in one write.
 * A process killed inside a write leaves a last line without its newline, which is cut off on the
 * next start: a change set is there as a whole or not at all. There is no fsync, so a power cut
 * may lose the last moments.
 */
export class StateJournal {
  private readonly path: string;
  private file: number | undefined;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, 'stripe-sandbox.jsonl');
  }

  /** Reads every complete change set, oldest first. */
  load(): Change[][] {
    if (!existsSync(this.path)) return [];
    const content = readFileSync(this.path);
    const end = content.lastIndexOf(0x0a) + 1;
    if (end < content.length) truncateSync(this.path, end);
    const lines = content.subarray(0, end).toString('utf8').split('\n');
    return lines.flatMap((line, index) => (line === '' ? [] : [this.decode(line, index + 1)]));
  }

  append(changes: Change[]): void {
    this.file ??= openSync(this.path, 'a');
    const line = Buffer.from(`${JSON.stringify(changes)}\n`);
    const sizeBefore = fstatSync(this.file).size;
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.file, line, written);
    } catch (error) {
      // Half a line (a full disk) must not run into the next one.
      ftruncateSync(this.file, sizeBefore);
      throw error;
    }
  }

  /** Replaces the journal by one change set that says the same; the old one stays until it is whole. */
  rewrite(changes: Change[]): void {
    this.close();
    const next = `${this.path}.next`;
    writeFileSync(next, `${JSON.stringify(changes)}\n`);
    renameSync(next, this.path);
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private decode(line: string, number: number): Change[] {
    try {
      return JSON.parse(line) as Change[];
    } catch (cause) {
      throw new Error(
        `${this.path} line ${number} is not a change set; delete the file to begin anew`,
        {
          cause,
        },
      );
    }
  }
}
