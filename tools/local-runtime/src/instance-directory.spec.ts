import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimInstance, livingOwner, sweepAbandoned } from './instance-directory';
import { processIdentity } from './process-table';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'tallywatt-spec-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const ownedBy = (instance: string, owner: object): string => {
  const path = join(state, instance);
  mkdirSync(path);
  writeFileSync(join(path, 'owner.json'), JSON.stringify(owner));
  return path;
};
const deadOwner = { pid: process.pid, identity: 'an earlier process', ephemeral: true };

describe('an instance directory', () => {
  it('has one owner at a time', async () => {
    const first = await claimInstance(state, 'one', false);
    expect(livingOwner(first.path)).toBe(process.pid);
    await expect(claimInstance(state, 'one', false)).rejects.toThrow(
      `'one' is already running (process ${process.pid}`,
    );
    first.release();
    (await claimInstance(state, 'one', false)).release();
  });

  it('goes to exactly one of several that find a dead owner at once', async () => {
    ownedBy('one', deadOwner);
    const claims = await Promise.allSettled(
      Array.from({ length: 8 }, () => claimInstance(state, 'one', false)),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is not taken from an owner whose pid another process has now', async () => {
    const path = ownedBy('one', deadOwner);
    expect(livingOwner(path)).toBeUndefined();
    (await claimInstance(state, 'one', true)).release();
    expect(existsSync(path)).toBe(false);
  });

  it('ends the guard of a dead owner before anything else', async () => {
    const guard = spawn('sleep', ['60']);
    const pid = guard.pid as number;
    ownedBy('one', { ...deadOwner, guard: { pid, identity: processIdentity(pid) } });
    await claimInstance(state, 'one', false);
    expect(processIdentity(pid)).toBeUndefined();
  });

  it('refuses a name that would leave the state directory', () =>
    expect(claimInstance(state, '../other', false)).rejects.toThrow(
      "'../other' is no instance name",
    ));
});

describe('the sweep', () => {
  it('removes what dead ephemeral instances left, and nothing else', async () => {
    const scratch = join(state, 'scratch');
    mkdirSync(scratch);
    const abandoned = ownedBy('abandoned', { ...deadOwner, scratchDirectory: scratch });
    const kept = ownedBy('kept', { ...deadOwner, ephemeral: false });
    const foreign = join(state, 'kafka-libs');
    mkdirSync(foreign);
    await sweepAbandoned(state);
    expect([abandoned, scratch, kept, foreign].map(existsSync)).toEqual([false, false, true, true]);
  });
});
