import type { EntryDraft } from '@tallywatt/accounting';
import { formatMoney } from '@tallywatt/money';

/**
 * Entries in columns people can read:
 *
 *     cdr.issued          cdr-S1
 *       debit   assets:receivable:driver                     11.90 EUR
 *       credit  revenue:charging:energy                      10.00 EUR
 */
export const journalColumns = (drafts: readonly EntryDraft[]): string =>
  drafts
    .map(({ rule, documentId, lines, currency }) =>
      [
        `${rule.padEnd(19)} ${documentId}`,
        ...lines.map(
          ({ side, account, amountMinor }) =>
            `  ${side.padEnd(8)}${account.padEnd(38)}${formatMoney({ amountMinor, currency }).padStart(12)}`,
        ),
      ].join('\n'),
    )
    .join('\n\n');

/** Golden text as written in a spec: without its first and last line break and its indentation. */
export const golden = (text: string): string => {
  const lines = text.split('\n').slice(1, -1);
  const indentation = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return lines.map((line) => line.slice(indentation)).join('\n');
};
