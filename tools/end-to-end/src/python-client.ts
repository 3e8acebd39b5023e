import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runProgram } from './run-program';

const workspace = resolve(__dirname, '..', '..', '..');
const directory = join(__dirname, '..', 'python');
const environment = join(workspace, '.tallywatt', 'python-venv');

/** One session as the Python charge point is told to run it; registers in whole Wh. */
export type PlannedSession = Readonly<{
  url: string;
  id: string;
  password: string;
  idTag: string;
  startAt: string;
  stopAt: string;
  availableAt: string;
  meterStartWh: number;
  meterStopWh: number;
  readings: readonly Readonly<{ at: string; registerWh: number }>[];
}>;

export type PythonAnswers = Readonly<{
  subprotocol: string;
  boot: string;
  authorized: string;
  started: string;
  transactionId: number | string;
}>;

/**
 * A virtual environment with exactly the packages of requirements.txt, made anew when they change.
 *
 * @throws an Error that says what to install when there is no Python.
 */
export const preparePython = async (): Promise<string> => {
  const pins = readFileSync(join(directory, 'requirements.txt'), 'utf8');
  const stamp = join(environment, 'installed.txt');
  const python = join(environment, 'bin', 'python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === pins) return python;
  const system = process.env['PYTHON'] ?? 'python3';
  try {
    await runProgram(system, ['-c', 'import venv, ensurepip'], { timeoutMs: 120_000 });
  } catch (error) {
    throw new Error(
      `The independent charge point needs Python 3.10 or later with venv: install it (on Debian ` +
        `apt-get install python3 python3-venv), or name it in PYTHON.\n${(error as Error).message}`,
      { cause: error },
    );
  }
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(join(environment, '..'), { recursive: true });
  await runProgram(system, ['-m', 'venv', environment], { timeoutMs: 180_000 });
  const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-r'];
  await runProgram(python, [...install, join(directory, 'requirements.txt')], {
    timeoutMs: 300_000,
  });
  // Last, so that an installation that was interrupted is done again.
  writeFileSync(stamp, pins);
  return python;
};

/** Runs one session on the Python charge point. @throws with its words when it does not end well. */
export const runPythonSession = async (
  python: string,
  session: PlannedSession,
  ocppVersion: '1.6' | '2.0.1' = '1.6',
): Promise<PythonAnswers> => {
  const script = ocppVersion === '1.6' ? 'charge_point.py' : 'charge_point_201.py';
  const output = await runProgram(python, [join(directory, script)], {
    input: JSON.stringify(session),
    timeoutMs: 180_000,
  });
  const last = output.trim().split('\n').at(-1) ?? '';
  return JSON.parse(last) as PythonAnswers;
};
