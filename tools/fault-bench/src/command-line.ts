import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { serviceNames, type ServiceName } from '@tallywatt/demonstration';
import { faultKinds, type FaultKind } from './fault-plan';
import { mutationNames, type MutationName } from './mutations';

/** What was typed is not what the bench takes. */
export class UsageFault extends Error {}

export type Command =
  | Readonly<{ do: 'help' }>
  | Readonly<{
      do: 'bench';
      seed: string;
      sessions: number;
      minutes: number;
      settleMinutes: number;
      faults?: readonly FaultKind[];
      services?: readonly ServiceName[];
      mutation?: MutationName;
      reportFile?: string;
    }>
  | Readonly<{ do: 'mutations'; seed: string; reportFile?: string }>;

export const usage = `npm run fault-bench -- [--sessions 200] [--minutes 4] [--seed <text>]
    sessions of all kinds under faults, and a verdict; exit code 1 when anything is wrong
  --faults <a,b>         only these faults: ${faultKinds.join(', ')}
  --services <a,b>       and of those that concern one service, only these
  --mutate <name>        with a mistake in the product: ${mutationNames.join(', ')}; has to fail
  --mutations            all mutations, one after the other; exit code 1 when one is not noticed
  --settle-minutes <n>   how long it may take to become quiet afterwards; 5 if not given
  --report <file>        writes all that was seen as JSON`;

const numberOf = (name: string, text: string, most: number): number => {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value > 0 && value <= most) return value;
  throw new UsageFault(`--${name} is a number above 0 and up to ${most}, not '${text}'`);
};

const faultsOf = (text: string): readonly FaultKind[] =>
  text.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name);
    if (kind === undefined) throw new UsageFault(`there is no fault '${name}'`);
    return kind;
  });

const servicesOf = (text: string): readonly ServiceName[] =>
  text.split(',').map((name) => {
    const service = serviceNames.find((known) => known === name);
    if (service === undefined) throw new UsageFault(`there is no service '${name}'`);
    return service;
  });

const mutationOf = (text: string): MutationName => {
  const name = mutationNames.find((known) => known === text);
  if (name === undefined) throw new UsageFault(`there is no mutation '${text}'`);
  return name;
};

const parse = (words: readonly string[]) => {
  try {
    return parseArgs({
      // A shell that passes npm's separator on means nothing by it.
      args: words.filter((word) => word !== '--'),
      options: {
        sessions: { type: 'string', default: '200' },
        minutes: { type: 'string', default: '4' },
        'settle-minutes': { type: 'string', default: '5' },
        seed: { type: 'string' },
        faults: { type: 'string' },
        services: { type: 'string' },
        mutate: { type: 'string' },
        mutations: { type: 'boolean', default: false },
        report: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageFault((error as Error).message);
  }
};

/** Reads a command line; a seed that is not given is made up. @throws UsageFault. */
export const commandOf = (words: readonly string[]): Command => {
  const values = parse(words);
  if (values.help) return { do: 'help' };
  const seed = values.seed ?? randomBytes(4).toString('hex');
  const reporting = values.report === undefined ? {} : { reportFile: values.report };
  if (values.mutations) return { do: 'mutations', seed, ...reporting };
  return {
    do: 'bench',
    seed,
    sessions: Math.round(numberOf('sessions', values.sessions, 100_000)),
    minutes: numberOf('minutes', values.minutes, 1_440),
    settleMinutes: numberOf('settle-minutes', values['settle-minutes'], 120),
    ...(values.faults === undefined ? {} : { faults: faultsOf(values.faults) }),
    ...(values.services === undefined ? {} : { services: servicesOf(values.services) }),
    ...(values.mutate === undefined ? {} : { mutation: mutationOf(values.mutate) }),
    ...reporting,
  };
};
