import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpuMsOf } from './process-cpu';

const burn = 'for (const end = process.cpuUsage().user + 150_000; process.cpuUsage().user < end;);';

describe('CPU time', () => {
  it('counts what a process and its children have used, where the system tells', () => {
    const leastMs = existsSync('/proc/self/stat') ? 100 : 0;
    const beforeMs = cpuMsOf(process.pid);
    execFileSync(process.execPath, ['-e', burn]);
    expect(cpuMsOf(process.pid) - beforeMs).toBeGreaterThanOrEqual(leastMs);
  });

  it('is nothing for a process that is not there', () => expect(cpuMsOf(undefined)).toBe(0));
});
