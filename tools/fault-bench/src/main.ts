import { rmSync, writeFileSync } from 'node:fs';
import { runBench, type BenchOptions } from './bench';
import { commandOf, usage, UsageFault, type Command } from './command-line';
import { mutationRuns } from './mutation-check';
import { mutationNames } from './mutations';
import { textOf, type Report } from './report';

const print = (line: string): void => console.log(line);

const bench = (
  options: Omit<BenchOptions, 'print' | 'instance'>,
  reportFile?: string,
): Promise<Report> =>
  runBench({
    ...options,
    instance: `fault-bench-${process.pid}`,
    print,
    // Told before the system is stopped: what goes wrong there must not cost the verdict.
    onEnd: ({ system }, report) => {
      if (report.isClean) rmSync(system.directory, { recursive: true, force: true });
      else print(`logs are in ${system.directory}/logs`);
      print(textOf(report));
      writeReport(reportFile, report);
    },
  });

const writeReport = (file: string | undefined, content: unknown): void => {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
};

/** Every mutation has to be found out; whether it is, is what this run is judged by. */
const checkMutations = async ({
  seed,
  reportFile,
}: Extract<Command, { do: 'mutations' }>): Promise<number> => {
  const reports: Report[] = [];
  for (const mutation of mutationNames) {
    print(`\n== mutation ${mutation}`);
    reports.push(await bench({ seed, mutation, ...mutationRuns[mutation] }));
  }
  writeReport(reportFile, reports);
  const missed = reports.filter(({ isClean }) => isClean).map(({ mutation }) => mutation);
  print(
    missed.length === 0
      ? `\nMUTATIONS FOUND: ${mutationNames.join(', ')} (seed ${seed})`
      : `\nMUTATIONS MISSED: ${missed.join(', ')} (seed ${seed})`,
  );
  return missed.length === 0 ? 0 : 1;
};

const main = async (): Promise<number> => {
  const command = commandOf(process.argv.slice(2));
  if (command.do === 'help') {
    print(usage);
    return 0;
  }
  print(`seed ${command.seed}`);
  if (command.do === 'mutations') return checkMutations(command);
  const { do: _, reportFile, ...options } = command;
  const report = await bench(options, reportFile);
  return report.isClean ? 0 : 1;
};

let hasEnded = false;
// Nothing left to wait for is no verdict: it must not look like success.
process.on('exit', (code) => {
  if (hasEnded || code !== 0) return;
  console.error('NOT ENDED IN ORDER: the bench was still waiting for something, and nothing came');
  process.exitCode = 1;
});

main().then(
  (code) => {
    hasEnded = true;
    process.exit(code);
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageFault;
    console.error(isUsage ? `${error.message}\n\n${usage}` : error);
    process.exit(isUsage ? 2 : 1);
  },
);
