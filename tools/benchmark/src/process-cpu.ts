import { readdirSync, readFileSync } from 'node:fs';

const tickMs = 10; // USER_HZ is 100 on every Linux that Node runs on

const fieldsOf = (pid: number): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

const sum = (...ticks: readonly (string | undefined)[]): number =>
  ticks.reduce((total, tick) => total + Number(tick ?? 0), 0) * tickMs;

/**
 * CPU time a process has used so far, in milliseconds, with that of its children: PostgreSQL has a
 * process for each connection. 0 where there is no /proc.
 */
export const cpuMsOf = (pid: number | undefined): number => {
  if (pid === undefined) return 0;
  try {
    const own = fieldsOf(pid);
    let total = sum(own[11], own[12], own[13], own[14]);
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const fields = fieldsOf(Number(name));
        if (Number(fields[1]) === pid) total += sum(fields[11], fields[12]);
      } catch {
        // It has ended in the meantime; its parent has its time then.
      }
    }
    return total;
  } catch {
    return 0;
  }
};
