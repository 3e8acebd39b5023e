import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalJson, type JournalRootSigned } from '@tallywatt/contracts';

/** The copy outside of Kafka and PostgreSQL says something else than the table. */
export class RootsFileContradicts extends Error {
  readonly code = 'roots-file-contradicts';

  constructor(path: string, days: readonly string[]) {
    super(`${path} has other roots than the database for ${days.join(', ')}: one was changed`);
    this.name = 'RootsFileContradicts';
  }
}

const lineOf = ({ entryCount, ...root }: JournalRootSigned): string =>
  canonicalJson({ ...root, entryCount: entryCount.toString() });

const keyOf = ({ cpoId, day }: Readonly<{ cpoId: string; day: string }>): string =>
  `${cpoId}/${day}`;

/** What a file holds: one JSON object a line. A line torn by a crash is passed over. */
const parseLines = (text: string): Map<string, string> => {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    try {
      found.set(keyOf(JSON.parse(line) as JournalRootSigned), line);
    } catch {
      // Torn: the root it was meant to be is missing, and is appended whole.
    }
  }
  return found;
};

/**
 * Appends the roots that the file lacks, one JSON line each, and waits until the disk has them.
 * Not for two writers at a time.
 *
 * @throws RootsFileContradicts when a line differs from its root; nothing is appended then.
 */
export const appendMissingRoots = async (
  path: string,
  roots: readonly JournalRootSigned[],
): Promise<number> => {
  if (roots.length === 0) return 0;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const found = parseLines(text);
  const differing = roots.filter((root) => {
    const line = found.get(keyOf(root));
    return line !== undefined && line !== lineOf(root);
  });
  if (differing.length > 0) throw new RootsFileContradicts(path, differing.map(keyOf));
  const missing = roots.filter((root) => !found.has(keyOf(root)));
  if (missing.length === 0) return 0;
  const begin = text === '' || text.endsWith('\n') ? '' : '\n';
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a');
  try {
    await file.appendFile(begin + missing.map((root) => `${lineOf(root)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return missing.length;
};
