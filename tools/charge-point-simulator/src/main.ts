import { HELP, misbehaviourList, readCommandLine } from './command-line';
import { runFleet } from './fleet';
import type { SessionOutcome, SimulatorLogEntry } from './index';

const printOutcome = (outcome: SessionOutcome): void => {
  const line = JSON.stringify(outcome, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  process.stdout.write(`${line}\n`);
};

const printEntry = ({ chargePointId, at, event, detail }: SimulatorLogEntry): void => {
  process.stderr.write(`${at.toISOString()} ${chargePointId} ${event} ${JSON.stringify(detail)}\n`);
};

const main = async (): Promise<void> => {
  const commandLine = readCommandLine(process.argv.slice(2), new Date());
  switch (commandLine.kind) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'misbehaviours':
      process.stdout.write(misbehaviourList());
      return;
    case 'wrong':
      process.stderr.write(`${commandLine.message}\nSee --help.\n`);
      process.exitCode = 2;
      return;
    case 'run':
      await runFleet({
        ...commandLine.fleet,
        onOutcome: printOutcome,
        ...(commandLine.verbose ? { log: printEntry } : {}),
      });
  }
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message || error.name : String(error)}\n`);
  process.exitCode = 1;
});
