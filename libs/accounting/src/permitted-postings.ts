/** Dotted, stable codes: they are in every entry for ever. */
export type PostingRule =
  | 'cdr.issued'
  | 'cdr.credited'
  | 'roaming-cdr.issued'
  | 'roaming-cdr.credited'
  | 'fleet-cdr.issued'
  | 'fleet-cdr.credited'
  | 'fleet-fee.charged'
  | 'payment.captured'
  | 'payment.refunded'
  | 'processor.fee'
  | 'processor.settled'
  | 'payout.created'
  | 'payout.paid'
  | 'payout.failed'
  | 'receivable.opened'
  | 'receivable.reduced'
  | 'processor.unknown';

type Posting = readonly ['debit' | 'credit', account: string];

const pending = 'assets:processor:stripe:pending';
const available = 'assets:processor:stripe:available';
const inTransit = 'assets:processor:stripe:in-transit';
const bank = 'assets:bank:operating';
const driver = 'assets:receivable:driver';
const partner = 'assets:receivable:roaming:*';
const fleet = 'assets:receivable:fleet:unbilled:*';
const fees = 'expenses:fees:processing';
const suspense = 'assets:suspense';

/**
 * Which accounts may meet under which rule, and on which side: a balanced entry can still be a
 * wrong one. `:*` at the end stands for every account below.
 */
export const permittedPostings: Readonly<Record<PostingRule, readonly Posting[]>> = {
  'cdr.issued': [
    ['debit', driver],
    ['debit', 'revenue:contra:discount'],
    ['debit', 'revenue:charging:price-limit'],
    ['credit', 'revenue:charging:*'],
    ['credit', 'liabilities:tax:vat:*'],
  ],
  'cdr.credited': [
    ['credit', driver],
    ['credit', 'revenue:contra:discount'],
    ['credit', 'revenue:charging:price-limit'],
    ['debit', 'revenue:charging:*'],
    ['debit', 'liabilities:tax:vat:*'],
  ],
  // Of a session that no card pays for: neither a driver's receivable nor our own tariff's revenue.
  'roaming-cdr.issued': [
    ['debit', partner],
    ['credit', 'revenue:roaming'],
    ['credit', 'liabilities:tax:vat:*'],
  ],
  'roaming-cdr.credited': [
    ['credit', partner],
    ['debit', 'revenue:roaming'],
    ['debit', 'liabilities:tax:vat:*'],
  ],
  'fleet-cdr.issued': [
    ['debit', fleet],
    ['credit', 'revenue:fleet'],
    ['credit', 'liabilities:tax:vat:*'],
  ],
  'fleet-cdr.credited': [
    ['credit', fleet],
    ['debit', 'revenue:fleet'],
    ['debit', 'liabilities:tax:vat:*'],
  ],
  'fleet-fee.charged': [
    ['debit', fleet],
    ['credit', 'revenue:fleet'],
    ['credit', 'liabilities:tax:vat:*'],
  ],
  'payment.captured': [
    ['debit', pending],
    // A fee can be more than a small capture brings.
    ['credit', pending],
    ['debit', fees],
    ['credit', driver],
  ],
  'payment.refunded': [
    // Of a corrected CDR: the credit CDR has taken back revenue and tax already.
    ['debit', driver],
    // A refund that bounces comes back the same way.
    ['credit', driver],
    ['debit', pending],
    ['debit', 'revenue:contra:refund'],
    ['debit', 'liabilities:tax:vat:*'],
    ['debit', fees],
    ['credit', pending],
  ],
  'processor.fee': [
    ['debit', fees],
    ['credit', pending],
    ['debit', pending],
    ['credit', fees],
  ],
  'processor.settled': [
    ['debit', available],
    ['credit', pending],
    ['debit', pending],
    ['credit', available],
  ],
  // Below zero where refunds exceed captures: the processor fetches the difference from the bank.
  'payout.created': [
    ['debit', inTransit],
    ['credit', available],
    ['debit', available],
    ['credit', inTransit],
  ],
  'payout.paid': [
    ['debit', bank],
    ['credit', inTransit],
    ['debit', inTransit],
    ['credit', bank],
  ],
  'payout.failed': [
    ['debit', available],
    ['credit', inTransit],
    ['credit', bank],
    ['credit', available],
    ['debit', inTransit],
    ['debit', bank],
  ],
  'receivable.opened': [
    ['debit', 'assets:receivable:uncollected'],
    ['credit', driver],
  ],
  'receivable.reduced': [
    ['debit', driver],
    ['credit', 'assets:receivable:uncollected'],
  ],
  'processor.unknown': [
    ['debit', suspense],
    ['credit', suspense],
    ['debit', pending],
    ['credit', pending],
    ['debit', fees],
    ['credit', fees],
  ],
};
