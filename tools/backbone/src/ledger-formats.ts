import { accountKind, defaultChart } from '@tallywatt/accounting';
import { currencyExponent, decimalToString } from '@tallywatt/money';
import { csvText } from './csv-text';
import type { BookedEntry, PlacedEntry } from './journal-topic';

/** Exactly as many decimals as ISO 4217 gives the currency; no rounding can happen. */
const amountText = (amountMinor: bigint, currency: string): string =>
  decimalToString({ unscaled: amountMinor, scale: currencyExponent(currency) });

const ruleOf = (entry: BookedEntry): string =>
  entry.type === 'JournalEntryPosted' ? entry.postingRule : 'entry.reversed';

const narrationOf = (entry: BookedEntry): string =>
  entry.type === 'JournalEntryPosted'
    ? entry.narration
    : `Reverses ${entry.reversedEntryId}: ${entry.reason}`;

const documentOf = (entry: BookedEntry): string =>
  entry.type === 'JournalEntryPosted' ? entry.documentId : entry.reversedEntryId;

// What hledger would read as a comment, a payee or a code; a narration may hold foreign words.
const plain = (text: string): string =>
  text
    .replace(/[\p{Cc};|()]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim();

// A tag's value ends at a comma.
const tag = (name: string, value: string): string => `${name}:${plain(value).replaceAll(',', ' ')}`;

const byName = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** A sample amount that tells hledger the decimals; it wants a decimal mark even where none follow. */
const commodity = (currency: string): string => {
  const exponent = currencyExponent(currency);
  return `commodity 1000.${'0'.repeat(exponent)} ${currency}`;
};

// hledger's types: Asset, Liability, Revenue, eXpense.
const hledgerTypes = {
  asset: 'A',
  liability: 'L',
  revenue: 'R',
  'contra-revenue': 'R',
  expense: 'X',
} as const;

const accountLine = (path: string): string => {
  const kind = accountKind(path);
  return kind === undefined ? `account ${path}` : `account ${path}  ; type:${hledgerTypes[kind]}`;
};

const transaction = ({ entry, position }: PlacedEntry): string => {
  const { currency, lines, bookedAt, occurredAt } = entry;
  const accountWidth = Math.max(...lines.map(({ account }) => account.length));
  const signed = lines.map(({ account, side, amountMinor }) => ({
    account,
    amount: amountText(side === 'debit' ? amountMinor : -amountMinor, currency),
  }));
  const amountWidth = Math.max(...signed.map(({ amount }) => amount.length));
  const { topic, partition, offset } = position;
  const tags = [
    tag('entry', entry.entryId),
    tag('document', documentOf(entry)),
    ...(entry.sessionId === undefined ? [] : [tag('session', entry.sessionId)]),
    tag('occurred', occurredAt),
    tag('hash', entry.entryHash),
    tag('log', `${topic}/${partition}@${offset}`),
  ];
  return [
    `${bookedAt.slice(0, 10)} (${ruleOf(entry)}) ${plain(narrationOf(entry))}`,
    ...tags.map((text) => `    ; ${text}`),
    ...signed.map(
      ({ account, amount }) =>
        `    ${account.padEnd(accountWidth)}  ${amount.padStart(amountWidth)} ${currency}`,
    ),
  ].join('\n');
};

/** A book as hledger reads it under `check -s`: every commodity and account is declared. */
export const hledgerJournal = (cpoId: string, entries: readonly PlacedEntry[]): string => {
  const lines = entries.flatMap(({ entry }) => entry.lines);
  const accounts = byName([
    ...defaultChart.map(({ path }) => path),
    ...lines.map(({ account }) => account),
  ]);
  return [
    `; Book of ${cpoId}, from ledger.journal.v1. Dates are those of booking, UTC.`,
    ...byName(entries.map(({ entry }) => entry.currency)).map(commodity),
    ...accounts.map(accountLine),
    ...entries.map((entry) => `\n${transaction(entry)}`),
    '',
  ].join('\n');
};

const csvColumns = [
  'entry_id',
  'booked_at',
  'occurred_at',
  'period',
  'posting_rule',
  'document_id',
  'session_id',
  'account',
  'debit',
  'credit',
  'currency',
  'narration',
  'entry_hash',
  'log',
];

/** A book as RFC 4180 CSV, one line of an entry a row, amounts in major units with all decimals. */
export const csvJournal = (entries: readonly PlacedEntry[]): string =>
  csvText([
    csvColumns,
    ...entries.flatMap(({ entry, position }) =>
      entry.lines.map(({ account, side, amountMinor }) => [
        entry.entryId,
        entry.bookedAt,
        entry.occurredAt,
        entry.period,
        ruleOf(entry),
        documentOf(entry),
        entry.sessionId ?? '',
        account,
        side === 'debit' ? amountText(amountMinor, entry.currency) : '',
        side === 'credit' ? amountText(amountMinor, entry.currency) : '',
        entry.currency,
        narrationOf(entry),
        entry.entryHash,
        `${position.topic}/${position.partition}@${position.offset}`,
      ]),
    ),
  ]);
