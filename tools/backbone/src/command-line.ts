import { parseArgs } from 'node:util';
import { addressesFrom, NotReachable } from './addresses';
import { auditCommand } from './audit-command';
import { chargerCommand } from './charger-command';
import { toJsonText, UsageFault, type Command } from './command';
import { exportCommand } from './export-command';
import { framesShowCommand, framesVerifyCommand } from './frames-command';
import { parkedListCommand, parkedReplayCommand } from './parked-command';
import { pricingRuleDryRunCommand } from './pricing-rule-dry-run-command';
import { rebuildCommand } from './rebuild-command';
import { tariffImportCommand } from './tariff-import-command';
import { topicsCommand } from './topics-command';
import { whatIfCommand } from './what-if-command';

const commands: readonly Command[] = [
  topicsCommand,
  parkedListCommand,
  parkedReplayCommand,
  tariffImportCommand,
  exportCommand,
  auditCommand,
  framesVerifyCommand,
  framesShowCommand,
  rebuildCommand,
  whatIfCommand,
  pricingRuleDryRunCommand,
  chargerCommand,
];

/** 0 all is well, 1 something was found, 2 typed wrongly, 3 it could not be carried out. */
export type ExitCode = 0 | 1 | 2 | 3;

export type Console = Readonly<{ out(text: string): void; err(text: string): void }>;

const synopsisOf = ({ name, synopsis }: Command): string => `backbone ${name} ${synopsis}`.trim();

export const usage = [
  'Usage: backbone <command> [--help]',
  '',
  ...commands.flatMap((command) => [`  ${synopsisOf(command)}`, `      ${command.about}`]),
  '',
  'Every command takes --json and --instance <name> (the local system, default "default").',
  'Exit codes: 0 all is well, 1 something was found, 2 typed wrongly, 3 could not be carried out.',
].join('\n');

const helpOf = (command: Command): string =>
  [`Usage: ${synopsisOf(command)}`, '', command.about, ...(command.help ?? [])].join('\n');

const findCommand = (words: readonly string[]): Command | undefined =>
  commands.find(({ name }) => name.split(' ').every((word, index) => words[index] === word));

const parse = (command: Command, rest: readonly string[]) => {
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      allowPositionals: true,
      options: {
        ...command.options,
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        instance: { type: 'string' },
      },
    });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UsageFault((error as Error).message);
  }
};

const runCommand = async (
  command: Command,
  rest: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  console: Console,
): Promise<ExitCode> => {
  const { values, positionals } = parse(command, rest);
  if (values['help'] === true) {
    console.out(helpOf(command));
    return 0;
  }
  const [least, most] = command.positionals;
  if (positionals.length < least || positionals.length > most) {
    throw new UsageFault(`expected: ${synopsisOf(command)}`);
  }
  const instance = values['instance'];
  const outcome = await command.run({
    positionals,
    options: values,
    addresses: addressesFrom(env, typeof instance === 'string' ? instance : undefined),
    env,
  });
  console.out(values['json'] === true ? toJsonText(outcome.json) : outcome.text);
  return outcome.hasFindings ? 1 : 0;
};

/** Runs one command line, without the program's name. Never throws. */
export const runCommandLine = async (
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  console: Console,
): Promise<ExitCode> => {
  const [first] = words;
  if (first === undefined || first === '--help' || first === 'help') {
    console.out(usage);
    return first === undefined ? 2 : 0;
  }
  const command = findCommand(words);
  if (command === undefined) {
    const group = commands.filter(({ name }) => name.split(' ')[0] === first);
    console.err(
      group.length === 0
        ? `there is no command '${first}'\n\n${usage}`
        : `expected one of:\n${group.map((one) => `  ${synopsisOf(one)}`).join('\n')}`,
    );
    return words.includes('--help') && group.length > 0 ? 0 : 2;
  }
  try {
    return await runCommand(command, words.slice(command.name.split(' ').length), env, console);
  } catch (error) {
    if (error instanceof UsageFault) {
      console.err(`${error.message}\n\n${helpOf(command)}`);
      return 2;
    }
    const reason = error instanceof NotReachable ? error.message : describe(error);
    console.err(`backbone ${command.name}: ${reason}`);
    return 3;
  }
};

// pg reports a refused connection as an AggregateError without a message.
const describe = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((one) => (one as Error).message).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
};
