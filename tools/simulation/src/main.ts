import { readCommand, usage, type Command } from './command-line';
import { failureText, tallyText, traceText } from './report';
import type { Failure, Tally } from './seed-run';
import { runOnThreads } from './seed-threads';
import { simulate } from './simulation';

const reportEveryMs = 10_000;

/** The same seed is the same run: what is told about it is collected once more. */
const showTrace = (seed: number, { defect }: Command): void =>
  console.log(traceText(simulate({ seed, defect, trace: true }).trace));

const show = (failure: Failure, command: Command): void => {
  if (command.trace) showTrace(failure.seed, command);
  console.log(failureText(failure));
};

const run = async (command: Command): Promise<Tally> => {
  const startedMs = performance.now();
  let reportedMs = startedMs;
  const onProgress = (tally: Tally): void => {
    const nowMs = performance.now();
    if (nowMs - reportedMs < reportEveryMs) return;
    reportedMs = nowMs;
    console.log(tallyText(tally, nowMs - startedMs));
  };
  const tally = await runOnThreads({ ...command, onProgress });
  const tookMs = performance.now() - startedMs;
  for (const failure of tally.failures) show(failure, command);
  if (command.trace && command.seeds === 1 && tally.failures.length === 0) {
    showTrace(command.first, command);
  }
  console.log(tallyText(tally, tookMs));
  return tally;
};

const main = async (): Promise<void> => {
  try {
    const tally = await run(readCommand(process.argv.slice(2)));
    process.exitCode = tally.failures.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
  }
};

void main();
