import { readCommand, usage, type Command } from './command-line';
import { failureText, tallyText, traceText, type Tally } from './report';
import { simulate, type SimulationResult } from './simulation';

const reportEveryMs = 10_000;

const show = (failed: SimulationResult, { trace, defect }: Command): void => {
  // The same seed is the same run: what is told about it is collected the second time.
  if (trace) console.log(traceText(simulate({ seed: failed.seed, defect, trace }).trace));
  console.log(failureText(failed));
};

const run = (command: Command): Tally => {
  const { defect, first, keepGoing, seeds, trace } = command;
  const tally: Tally = { seeds: 0, steps: 0, sessions: 0, failures: [] };
  const startedMs = performance.now();
  let reportedMs = startedMs;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = simulate({ seed, defect });
    tally.seeds += 1;
    tally.steps += result.steps;
    tally.sessions += result.sessions;
    if (result.violation !== undefined) {
      tally.failures.push(result);
      show(result, command);
      if (!keepGoing) break;
    } else if (trace && seeds === 1) {
      console.log(traceText(simulate({ seed, defect, trace }).trace));
    }
    if (performance.now() - reportedMs > reportEveryMs) {
      reportedMs = performance.now();
      console.log(tallyText(tally, reportedMs - startedMs));
    }
  }
  console.log(tallyText(tally, performance.now() - startedMs));
  return tally;
};

try {
  process.exitCode = run(readCommand(process.argv.slice(2))).failures.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
