import type { JournalEntryPosted, JournalRootSigned } from '@tallywatt/contracts';
import type { Restore } from '@tallywatt/event-log';
import { insertEntries } from './journal-tables';
import { insertRoots } from './root-signer';

/**
 * Fills the tables of a new database with the books as they were published. The facts are read
 * again afterwards: each has to yield the entry that stands here, or it is parked.
 */
export const restoreOwnTables: Restore = async (own, tx) => {
  const roots: JournalRootSigned[] = [];
  for await (const recorded of own('ledger.journal.v1')) {
    const entries: JournalEntryPosted[] = [];
    for (const { event } of recorded) {
      if (event.type === 'JournalEntryPosted') entries.push(event);
      if (event.type === 'JournalRootSigned') roots.push(event);
    }
    await insertEntries(tx, entries);
  }
  // Nothing can be booked into a day that is sealed.
  await insertRoots(tx, roots);
};
