import { join } from 'node:path';
import { runCommandLine } from '@tallywatt/backbone';
import type { BenchSystem } from './bench-system';
import type { Violation } from './judge';

/** The ledger's signatures are checked too: a private key file also gives the public half. */
const wordsOf = ({ instance, system }: BenchSystem): readonly string[] => [
  'rebuild',
  '--verify',
  '--settle-seconds',
  '0',
  '--public-key',
  join(system.directory, 'journal-signing-key.pem'),
  '--instance',
  instance,
];

/** `backbone rebuild --verify`: does the log alone give CDRs and journal back? */
export const verifyRebuild = async (
  bench: BenchSystem,
): Promise<Readonly<{ violations: readonly Violation[]; verdict: string }>> => {
  const lines: string[] = [];
  const console = {
    out: (text: string) => void lines.push(...text.split('\n')),
    err: (text: string) => void lines.push(...text.split('\n')),
  };
  const code = await runCommandLine(wordsOf(bench), {}, console);
  const verdict = lines.at(-1) ?? '';
  if (code === 0) return { violations: [], verdict };
  return {
    verdict,
    violations: lines.slice(0, 50).map((line) => ({
      kind: 'rebuild',
      subject: 'log',
      expected: 'identical',
      got: line,
    })),
  };
};
