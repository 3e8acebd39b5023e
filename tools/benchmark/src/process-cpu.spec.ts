import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpuMsOf } from './process-cpu';

const burn = 'for (const end = process.cpuUsage().user + 150_000; process.cpuUsage().user < end;);';

(existsSync('/proc/self/stat') ? describe : describe.skip)('CPU time (needs /proc)', () => {
  it('counts what a process and its children have used', () => {
    const beforeMs = cpuMsOf(process.pid);
    execFileSync(process.execPath, ['-e', burn]);
    expect(cpuMsOf(process.pid) - beforeMs).toBeGreaterThanOrEqual(100);
  });

  it('is nothing for a process that is not there', () => expect(cpuMsOf(undefined)).toBe(0));
});
