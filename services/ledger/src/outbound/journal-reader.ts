import type { JournalRootSigned } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { Pool } from 'pg';
import {
  findEntries,
  findEntry,
  sumBalances,
  type BalanceRow,
  type EntryFilter,
  type JournalEntryView,
} from './journal-queries';
import { listRoots } from './root-signer';

/** What the APIs read of a book. */
export class JournalReader {
  constructor(private readonly pool: Pool) {}

  entries(
    cpoId: string,
    filter: EntryFilter,
    after: Readonly<{ bookedAt: Instant; entryId: string }> | undefined,
    limit: number,
  ): Promise<JournalEntryView[]> {
    return findEntries(this.pool, cpoId, filter, after, limit);
  }

  entry(cpoId: string, entryId: string): Promise<JournalEntryView | undefined> {
    return findEntry(this.pool, cpoId, entryId);
  }

  balances(cpoId: string, asOf: Instant): Promise<BalanceRow[]> {
    return sumBalances(this.pool, cpoId, asOf);
  }

  roots(cpoId: string, afterDay: string | undefined, limit: number): Promise<JournalRootSigned[]> {
    return listRoots(this.pool, cpoId, afterDay, limit);
  }
}
