import { spawn } from 'node:child_process';
import { endProcess, processEnd, processIdentity, serversMarked } from './process-table';

describe('the process table', () => {
  it('knows a process by its pid and its start, until it ends', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid as number;
    const identity = processIdentity(pid);
    expect(identity).toBeDefined();
    expect(processIdentity(pid)).toBe(identity);
    child.kill();
    expect(await processEnd(pid, 60_000)).toBe(true);
    expect(processIdentity(pid)).toBeUndefined();
  });

  it('knows no identity of a process that does not exist', () =>
    expect(processIdentity(2 ** 22 + 1)).toBeUndefined());

  it('ends a process that is frozen', async () => {
    const child = spawn('sleep', ['60']);
    child.kill('SIGSTOP');
    await endProcess(child.pid as number, 'SIGTERM', 5_000);
    expect(await processEnd(child.pid as number, 0)).toBe(true);
  });

  it('names only servers as marked, not whoever mentions the mark', () => {
    const child = spawn('sleep', ['60'], { argv0: 'sleep tallywatt.instance=/x/' });
    expect(serversMarked('tallywatt.instance=/x/')).toEqual([]);
    child.kill();
  });
});
