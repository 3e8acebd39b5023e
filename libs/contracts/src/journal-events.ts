import type {
  JournalLine as JournalLineMessage,
  JournalEntryPosted as JournalEntryPostedMessage,
  JournalEntryReversed as JournalEntryReversedMessage,
  JournalRootSigned as JournalRootSignedMessage,
} from './gen/tallywatt/ledger/v1/ledger_events_pb';
import {
  JournalEntryPostedSchema,
  JournalEntryReversedSchema,
  JournalRootSignedSchema,
} from './gen/tallywatt/ledger/v1/ledger_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type JournalLine = Readable<JournalLineMessage>;

export type JournalEntryPosted = EventOf<'JournalEntryPosted', JournalEntryPostedMessage>;
export type JournalEntryReversed = EventOf<'JournalEntryReversed', JournalEntryReversedMessage>;
export type JournalRootSigned = EventOf<'JournalRootSigned', JournalRootSignedMessage>;

/** Events of `ledger.journal.v1`: the books. */
export type JournalEvent = JournalEntryPosted | JournalEntryReversed | JournalRootSigned;

export const journalContracts = {
  JournalEntryPosted: contractOf('ledger.journal.v1', JournalEntryPostedSchema),
  JournalEntryReversed: contractOf('ledger.journal.v1', JournalEntryReversedSchema),
  JournalRootSigned: contractOf('ledger.journal.v1', JournalRootSignedSchema),
} as const;
