import type { JournalEntryPosted, JournalEntryReversed, LogPosition } from '@tallywatt/contracts';
import { journalEntryHash } from '@tallywatt/derivations';
import { type KafkaConnection, logEnds, scanLog } from '@tallywatt/event-log';
import { placeText } from './log-access';

export type BookedEntry = JournalEntryPosted | JournalEntryReversed;

/** An entry of a book with its place in the log. */
export type PlacedEntry = Readonly<{ entry: BookedEntry; position: LogPosition }>;

const sayTheSame = (one: BookedEntry, other: BookedEntry): boolean =>
  one.type === other.type && one.entryHash === other.entryHash;

/**
 * Reads one book from `ledger.journal.v1`, from its first record on, in the order of booking.
 * A book with a fault is not handed out in part: `faults` names every record that is not right.
 */
export const readBook = async (
  kafka: KafkaConnection,
  cpoId: string,
): Promise<Readonly<{ entries: readonly PlacedEntry[]; faults: readonly string[] }>> => {
  const topics = ['ledger.journal.v1'];
  const found = new Map<string, PlacedEntry>();
  const faults: string[] = [];
  const ends = await logEnds({ ...kafka, topics });
  await scanLog({
    ...kafka,
    topics,
    ends,
    take: (records) => {
      for (const { position, key, recorded, fault } of records) {
        if (recorded === undefined) {
          if (key.startsWith(`${cpoId}/`)) faults.push(`${placeText(position)}: ${fault}`);
          continue;
        }
        const { event } = recorded;
        if (event.cpoId !== cpoId) continue;
        if (event.type !== 'JournalEntryPosted' && event.type !== 'JournalEntryReversed') continue;
        const known = found.get(event.entryId);
        if (known !== undefined && !sayTheSame(known.entry, event)) {
          const first = placeText(known.position);
          faults.push(`${placeText(position)}: entry ${event.entryId} says else than at ${first}`);
        }
        if (event.type === 'JournalEntryPosted' && journalEntryHash(event) !== event.entryHash) {
          faults.push(`${placeText(position)}: entry ${event.entryId} does not keep its hash`);
        }
        if (known === undefined) found.set(event.entryId, { entry: event, position });
      }
    },
  });
  const entries = [...found.values()].sort(({ entry: a }, { entry: b }) =>
    `${a.bookedAt} ${a.entryId}` < `${b.bookedAt} ${b.entryId}` ? -1 : 1,
  );
  return { entries, faults };
};
