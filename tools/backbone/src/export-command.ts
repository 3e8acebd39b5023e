import { dayOption, textOption, UsageFault, type Command, type OptionValues } from './command';
import { readBook, type PlacedEntry } from './journal-topic';
import { csvJournal, hledgerJournal } from './ledger-formats';
import { reachableKafka } from './log-access';

const formats = ['hledger', 'csv'] as const;

const formatOf = (options: OptionValues): (typeof formats)[number] => {
  const text = textOption(options, 'format') ?? 'hledger';
  const format = formats.find((one) => one === text);
  if (format === undefined)
    throw new UsageFault(`--format is ${formats.join(' or ')}, not ${text}`);
  return format;
};

const within = (
  { entry }: PlacedEntry,
  from: string | undefined,
  to: string | undefined,
): boolean => {
  const day = entry.bookedAt.slice(0, 10);
  return (from === undefined || day >= from) && (to === undefined || day < to);
};

export const exportCommand: Command = {
  name: 'ledger export',
  synopsis: '[--format hledger|csv] [--from <day>] [--to <day>] [--cpo <id>] [--json]',
  about: 'Writes a book to standard output, read from its topic alone; no service has to run.',
  help: [
    '',
    'Days are UTC days of booking; --from is included, --to is not.',
    'A book with a record that is not right is not exported: exit code 1, and each is named.',
  ],
  options: {
    format: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    cpo: { type: 'string' },
  },
  positionals: [0, 0],
  run: async ({ addresses, options }) => {
    const format = formatOf(options);
    const from = dayOption(options, 'from');
    const to = dayOption(options, 'to');
    const cpoId = textOption(options, 'cpo') ?? addresses.cpoId;
    const { entries, faults } = await readBook(await reachableKafka(addresses), cpoId);
    if (faults.length > 0) {
      return {
        hasFindings: true,
        json: { cpoId, faults },
        text: ['; not exported: the book is not right', ...faults.map((one) => `; ${one}`)].join(
          '\n',
        ),
      };
    }
    const chosen = entries.filter((entry) => within(entry, from, to));
    return {
      hasFindings: false,
      json: { cpoId, entries: chosen },
      text: format === 'hledger' ? hledgerJournal(cpoId, chosen) : csvJournal(chosen),
    };
  },
};
