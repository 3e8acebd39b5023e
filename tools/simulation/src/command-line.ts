import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { defects, type Defect } from './defects';

export type Command = Readonly<{
  seeds: number;
  first: number;
  threads: number;
  trace: boolean;
  keepGoing: boolean;
  defect?: Defect;
}>;

export const usage = `Usage: node tools/simulation/dist/main.js [options]

  --seeds <n>     how many runs (1000)
  --seed <n>      the first seed (1); with --seeds left out, this one alone
  --threads <n>   how many at the same time (one for each processor)
  --trace         print every step of a failing run, or of the one that is asked for
  --keep-going    do not stop at the first seed that fails
  --defect <name> plant a defect: ${defects.join(', ')}
`;

const countOf = (name: string, text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 2 ** 31) {
    throw new Error(`--${name} must be a whole number from 1`);
  }
  return count;
};

/** Reads the command line. @throws Error that says what is wrong with it. */
export const readCommand = (args: readonly string[]): Command => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      threads: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      defect: { type: 'string' },
    },
  });
  const defect = defects.find((name) => name === values.defect);
  if (values.defect !== undefined && defect === undefined) {
    throw new Error(`there is no defect ${values.defect}`);
  }
  return {
    seeds: countOf('seeds', values.seeds ?? (values.seed === undefined ? '1000' : '1')),
    first: countOf('seed', values.seed ?? '1'),
    threads: countOf('threads', values.threads ?? availableParallelism().toString()),
    trace: values.trace,
    keepGoing: values['keep-going'],
    ...(defect === undefined ? {} : { defect }),
  };
};
