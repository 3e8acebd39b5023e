import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JournalEntryPosted, JournalRootSigned } from '@tallywatt/contracts';
import { verifyRoots } from '@tallywatt/derivations';
import { UsageFault } from './command';
import type { Finding } from './finding';

/** A public key whose signatures are believed. */
export type TrustedKey = KeyObject;

/** Reads a PEM file; of a private key, its public half. @throws UsageFault */
export const readTrustedKey = (path: string): TrustedKey => {
  let key: KeyObject;
  try {
    key = createPublicKey(readFileSync(path));
  } catch (error) {
    throw new UsageFault(`${path} is no key in PEM: ${(error as Error).message}`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new UsageFault(`${path} is a key for ${key.asymmetricKeyType}, not Ed25519`);
};

/** Reads the files of a list with commas: a key that was replaced still proves its days. */
export const readTrustedKeys = (paths: string): readonly TrustedKey[] =>
  paths.split(',').map((path) => readTrustedKey(path.trim()));

const isSignedBy =
  (keys: readonly TrustedKey[]) =>
  (text: string, signature: string): boolean =>
    keys.length === 0 ||
    keys.some((key) =>
      verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64')),
    );

const groupBy = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
};

/**
 * Holds the roots of every book against its entries: their Merkle root, the chain from day to day
 * and, where there are keys to trust, the signature.
 */
export const rootFindings = (
  roots: readonly JournalRootSigned[],
  entries: readonly JournalEntryPosted[],
  keys: readonly TrustedKey[],
): readonly Finding[] => {
  const days = groupBy(entries, ({ cpoId, bookedAt }) => `${cpoId}/${bookedAt.slice(0, 10)}`);
  return [...groupBy(roots, ({ cpoId }) => cpoId)].flatMap(([cpoId, ofBook]) => {
    const ordered = [...ofBook].sort((a, b) => (a.day < b.day ? -1 : 1));
    const entriesOf = (day: string) => days.get(`${cpoId}/${day}`) ?? [];
    return verifyRoots(ordered, entriesOf, isSignedBy(keys)).map(({ day, fault }) => ({
      kind: 'root-differs' as const,
      subject: `${cpoId}/days/${day}`,
      detail: fault,
    }));
  });
};
