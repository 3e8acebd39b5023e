import type { ParseArgsConfig } from 'node:util';
import type { Addresses } from './addresses';

/** What was typed is not what the command takes. */
export class UsageFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageFault';
  }
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

export type CommandInput = Readonly<{
  positionals: readonly string[];
  options: OptionValues;
  addresses: Addresses;
  env: Readonly<Record<string, string | undefined>>;
}>;

/** What a command found. `hasFindings` makes the exit code 1. */
export type Outcome = Readonly<{ hasFindings: boolean; text: string; json: unknown }>;

export type Command = Readonly<{
  /** The words that name it, as `ledger export`. */
  name: string;
  /** What follows the name. */
  synopsis: string;
  about: string;
  /** Further lines of its help. */
  help?: readonly string[];
  options: NonNullable<ParseArgsConfig['options']>;
  /** Least and most words after the name. */
  positionals: readonly [min: number, max: number];
  run(input: CommandInput): Promise<Outcome>;
}>;

/** The text of an option; undefined when it was not given. */
export const textOption = (options: OptionValues, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
};

/** A calendar day (YYYY-MM-DD) of an option; undefined when it was not given. @throws UsageFault */
export const dayOption = (options: OptionValues, name: 'from' | 'to'): string | undefined => {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  // A day that does not exist, such as 2026-02-30, is moved by Date.parse or refused by it.
  if (isDay && new Date(text).toISOString().startsWith(text)) return text;
  throw new UsageFault(`--${name} is a day as 2026-11-21, not ${text}`);
};

const formats = ['table', 'json', 'csv'] as const;

/** How a report is to be printed; a table when it is not said. @throws UsageFault */
export const formatOption = (options: OptionValues): (typeof formats)[number] => {
  const text = textOption(options, 'format') ?? 'table';
  const format = formats.find((one) => one === text);
  if (format === undefined) {
    throw new UsageFault(`--format is ${formats.join(', ')}, not ${text}`);
  }
  return format;
};

/** An instant (RFC 3339) of an option, in UTC with milliseconds. @throws UsageFault */
export const instantOption = (options: OptionValues, name: 'from' | 'to'): string => {
  const text = textOption(options, name);
  const isInstant = text !== undefined && /T\d{2}:\d{2}.*(?:Z|[+-]\d{2}:\d{2})$/i.test(text);
  if (isInstant && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new UsageFault(`--${name} is an instant as 2026-11-21T08:00:00Z, not ${text ?? 'nothing'}`);
};

/** JSON of what a command found: bigint as text, maps as objects. */
export const toJsonText = (value: unknown): string =>
  JSON.stringify(
    value,
    (_key, part: unknown) =>
      typeof part === 'bigint'
        ? part.toString()
        : part instanceof Map
          ? (Object.fromEntries(part) as unknown)
          : part,
    2,
  );

/** Columns, as wide as their widest cell. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
