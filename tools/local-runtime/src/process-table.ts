import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const hasProc = existsSync('/proc/self/stat');

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const ps = (...columns: string[]): string => {
  try {
    return execFileSync('ps', columns, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
};

/**
 * When a process started, as a word that no later process of the same pid repeats; undefined if there
 * is no such process. A zombie is gone: it holds neither ports nor files.
 */
export const processIdentity = (pid: number): string | undefined => {
  if (!hasProc) {
    const [state, ...started] = ps('-o', 'state=,lstart=', '-p', String(pid)).trim().split(/\s+/);
    return state === undefined || state === '' || state.startsWith('Z')
      ? undefined
      : started.join(' ');
  }
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = fieldsAfterName(stat);
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot}:${fields[19]}`;
};

// The second field is the command in parentheses and may itself hold spaces.
const fieldsAfterName = (stat: string): string[] =>
  stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** Whether every thread of a process stands still (SIGSTOP), or there is no such process. */
const standsStill = (pid: number): boolean => {
  if (!hasProc) return /^(T|Z|$)/.test(ps('-o', 'state=', '-p', String(pid)).trim());
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return true;
  }
  return threads.every((thread) => {
    const stat = read(`/proc/${pid}/task/${thread}/stat`);
    return stat === undefined || /^[TtZX]/.test(fieldsAfterName(stat)[0] ?? '');
  });
};

const commandLines = (): { pid: number; program: string; line: string }[] => {
  if (!hasProc) {
    return ps('-axo', 'pid=,args=')
      .split('\n')
      .map((row) => /^\s*(\d+)\s+(\S+)(.*)$/.exec(row))
      .filter((row) => row !== null)
      .map((row) => ({ pid: Number(row[1]), program: row[2] ?? '', line: row[0] }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      words: (read(`/proc/${name}/cmdline`) ?? '').split('\0'),
    }))
    .map(({ pid, words }) => ({ pid, program: words[0] ?? '', line: words.join(' ') }));
};

/** The servers whose command line carries the mark of an instance (see `serverMark`). */
export const serversMarked = (
  mark: string,
  programs: readonly ('java' | 'postgres')[] = ['java', 'postgres'],
): number[] =>
  commandLines()
    .filter(({ program }) => programs.some((name) => program.split('/').at(-1) === name))
    .filter(({ pid, line }) => line.includes(mark) && processIdentity(pid) !== undefined)
    .map(({ pid }) => pid);

/** The words on a server's command line that say which instance it belongs to. */
export const serverMark = (instanceDirectory: string): string =>
  `tallywatt.instance=${instanceDirectory}/`;

/** Sends a signal; a process that is gone already is no error. */
export const signalProcess = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/**
 * Stops a process where it is. The kernel takes a signal to a process of many threads one by one:
 * some still answer for a while, so this waits until all stand still.
 *
 * @throws Error when they do not within half a minute.
 */
export const freezeProcess = async (pid: number): Promise<void> => {
  signalProcess(pid, 'SIGSTOP');
  const deadline = Date.now() + 30_000;
  while (!standsStill(pid)) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} does not stand still on SIGSTOP.`);
    await sleep(5);
  }
};

/** Waits until a process is gone; false if it still lives after the time-out. */
export const processEnd = async (pid: number, timeoutMs: number): Promise<boolean> => {
  const identity = processIdentity(pid);
  const deadline = Date.now() + timeoutMs;
  while (identity !== undefined && processIdentity(pid) === identity) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
};

/** Ends a process: the gentle signal first, SIGKILL when that has not worked in time. */
export const endProcess = async (
  pid: number,
  gentle: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> => {
  signalProcess(pid, gentle);
  // A frozen process hears nothing but SIGKILL.
  signalProcess(pid, 'SIGCONT');
  if (await processEnd(pid, timeoutMs)) return;
  signalProcess(pid, 'SIGKILL');
  // The kernel takes its time on a busy machine: memory has to be given back first.
  if (!(await processEnd(pid, 30_000))) throw new Error(`Process ${pid} does not end on SIGKILL.`);
};
