/** The steps at which a crash test can kill the process; services may add names of their own. */
export const crashPoints = [
  'append.before-commit',
  'relay.before-send',
  'relay.after-send',
  'relay.after-mark',
  'consumer.before-handle',
  'consumer.after-handle',
  'consumer.before-commit',
  'consumer.after-commit',
] as const;

const passed = new Map<string, number>();

/**
 * Kills the process with SIGKILL, as a power cut would, if the environment variable CRASH_AT names
 * this step: `relay.after-send`, or `relay.after-send:3` for the third time it is reached.
 */
export const crashPoint = (name: string): void => {
  const wanted = process.env['CRASH_AT'];
  if (wanted === undefined || wanted === '') return;
  const [step, times = '1'] = wanted.split(':');
  if (step !== name) return;
  const count = (passed.get(name) ?? 0) + 1;
  passed.set(name, count);
  if (count === Number(times)) process.kill(process.pid, 'SIGKILL');
};
