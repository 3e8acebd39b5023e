import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import {
  endProcess,
  freezeProcess,
  processEnd,
  processIdentity,
  serversMarked,
} from './process-table';

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
    await freezeProcess(child.pid as number);
    await endProcess(child.pid as number, 'SIGTERM', 5_000);
    expect(await processEnd(child.pid as number, 0)).toBe(true);
  });

  it('has stopped every thread of a frozen process when it says so', async () => {
    // Threads that never sleep: each counts on, as long as it may.
    const busy = `
      const { Worker, isMainThread } = require('node:worker_threads');
      const counts = new Int32Array(new SharedArrayBuffer(16));
      for (let i = 0; i < 4; i += 1) {
        new Worker('const { workerData: c } = require("node:worker_threads"); for (;;) c[0] += 1;',
          { eval: true, workerData: counts.subarray(i, i + 1) });
      }
      setInterval(() => process.stdout.write('.'), 1);`;
    const child = spawn(process.execPath, ['-e', busy], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = child.pid as number;
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await freezeProcess(pid);
    const threads = readdirSync(`/proc/${pid}/task`);
    const states = threads.map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8').replace(
        /[^]*State:\s+(\w)[^]*/,
        '$1',
      ),
    );
    await endProcess(pid, 'SIGKILL', 5_000);
    expect(threads.length).toBeGreaterThan(4);
    expect([...new Set(states)]).toEqual(['T']);
  });

  it('names only servers as marked, not whoever mentions the mark', () => {
    const child = spawn('sleep', ['60'], { argv0: 'sleep tallywatt.instance=/x/' });
    expect(serversMarked('tallywatt.instance=/x/')).toEqual([]);
    child.kill();
  });
});
