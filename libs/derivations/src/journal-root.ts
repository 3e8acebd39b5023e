import { merkleRoot, type SealedEntry } from '@tallywatt/accounting';
import {
  canonicalJson,
  sha256Hex,
  type JournalEntryPosted,
  type JournalRootSigned,
} from '@tallywatt/contracts';
import { instantFromEpochMs, parseInstant, type Instant } from '@tallywatt/time';
import { journalEntryHash } from './journal';

/** What is signed of a day of a book. */
export type DaySeal = Pick<
  JournalRootSigned,
  'cpoId' | 'day' | 'entryCount' | 'rootHash' | 'previousRootHash'
>;

/** Whether a signature (base64) over a text is that of the key. */
export type VerifySignature = (text: string, signature: string, keyId: string) => boolean;

/** Seals the entries booked on one UTC day (YYYY-MM-DD); the first day has no root before it. */
export const sealDay = (
  cpoId: string,
  day: string,
  entries: readonly SealedEntry[],
  previousRootHash: string,
): DaySeal => ({
  cpoId,
  day,
  entryCount: BigInt(entries.length),
  rootHash: merkleRoot(entries, sha256Hex),
  previousRootHash,
});

/** The text whose signature makes a seal a root: RFC 8785 canonical JSON. */
export const sealText = (seal: DaySeal): string =>
  canonicalJson({
    cpoId: seal.cpoId,
    day: seal.day,
    entryCount: seal.entryCount.toString(),
    rootHash: seal.rootHash,
    previousRootHash: seal.previousRootHash,
  });

/** Everything that is wrong with one day; empty when its entries are the ones that were sealed. */
export const verifyRoot = (
  root: JournalRootSigned,
  entries: readonly JournalEntryPosted[],
  previousRootHash: string,
  verify: VerifySignature,
): readonly string[] => {
  const faults: string[] = [];
  for (const entry of entries) {
    if (journalEntryHash(entry) !== entry.entryHash) {
      faults.push(`entry ${entry.entryId} does not say what its hash says`);
    }
  }
  const seal = sealDay(root.cpoId, root.day, entries, previousRootHash);
  if (seal.entryCount !== root.entryCount) {
    faults.push(`${seal.entryCount} entries, but ${root.entryCount} were sealed`);
  }
  if (seal.rootHash !== root.rootHash) faults.push('the entries are not the ones that were sealed');
  if (previousRootHash !== root.previousRootHash) {
    faults.push('the chain is broken: the root before it is another one');
  }
  if (!verify(sealText(root), root.signature, root.keyId)) {
    faults.push(`the signature is not that of key ${root.keyId}`);
  }
  return faults;
};

/** Verifies the roots of one book, oldest first, each against the one before; faults by day. */
export const verifyRoots = (
  roots: readonly JournalRootSigned[],
  entriesOf: (day: string) => readonly JournalEntryPosted[],
  verify: VerifySignature,
): readonly Readonly<{ day: string; fault: string }>[] =>
  roots.flatMap((root, index) =>
    verifyRoot(root, entriesOf(root.day), roots[index - 1]?.rootHash ?? '', verify).map(
      (fault) => ({ day: root.day, fault }),
    ),
  );

const dayMs = 86_400_000;

/**
 * When an entry is booked: now, or the first instant after the last sealed day (YYYY-MM-DD) when a
 * clock lags behind the one that sealed it.
 */
export const bookingInstant = (now: Instant, sealedDay: string | undefined): Instant =>
  sealedDay === undefined || now.slice(0, 10) > sealedDay
    ? now
    : instantFromEpochMs(parseInstant(`${sealedDay}T00:00:00.000Z`) + dayMs);
