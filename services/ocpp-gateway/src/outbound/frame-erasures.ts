import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { FrameKeys, KeyOwner } from './frame-keys';
import type { RememberedMarks } from './frame-sealing';

/** Longer than a transaction may take that writes an erasure down. */
const overlap = '2 minutes';

/** Erasures of what frames say, by whichever process: keys and tokens are forgotten in all of them. */
export class FrameErasures {
  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      eventLog: Pick<EventLog, 'transaction'>;
      keys: FrameKeys;
      marks: RememberedMarks;
    }>,
  ) {}

  /** Destroys keys; says how many there were. */
  async erase(owner: KeyOwner, erasedBy: string): Promise<number> {
    const { eventLog, keys } = this.parts;
    const keysErased = await eventLog.transaction((tx) => keys.erase(tx, owner, erasedBy));
    this.forget([owner]);
    return keysErased;
  }

  /** Takes over what other processes have erased lately. */
  async follow(): Promise<void> {
    const { rows } = await this.parts.sql.query<Row>(
      `SELECT cpo_id, owner_mark, made_before FROM frame_erasures
       WHERE erased_at > now() - $1::interval`,
      [overlap],
    );
    this.forget(
      rows.map(({ cpo_id: cpoId, owner_mark: ownerMark, made_before: madeBefore }) => ({
        cpoId,
        ownerMark,
        madeBefore,
      })),
    );
  }

  /** The marks in one go: whoever erases a customer base has thousands, and chargers wait meanwhile. */
  private forget(owners: readonly KeyOwner[]): void {
    for (const owner of owners) this.parts.keys.forget(owner);
    this.parts.marks.forget(new Set(owners.map(({ ownerMark }) => ownerMark)));
  }
}

type Row = { cpo_id: string; owner_mark: string; made_before: Date };
