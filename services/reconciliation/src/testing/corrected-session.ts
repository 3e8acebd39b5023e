import type { CdrIssued, CreditCdrIssued, JournalEntryPosted } from '@tallywatt/contracts';
import type { SubjectFact } from '../domain/subject';
import { example as s, settledSession } from './example-sessions';

// A session settled at 11.90 whose stop was corrected: it costs 9.00, and 2.90 go back.

const first = s.cdr(1190n);
const refund = { refundId: 'r1-s-1', correctedCdrId: 'cdr-2' };

/** A credit CDR over the whole of a CDR. */
export const creditOf = ({ type: _, ...cdr }: CdrIssued): CreditCdrIssued => ({
  ...cdr,
  type: 'CreditCdrIssued',
  cdrId: `credit-${cdr.cdrId}`,
  creditedCdrId: cdr.cdrId,
  reason: 'The stop was corrected.',
  totalExclTaxMinor: -cdr.totalExclTaxMinor,
  totalInclTaxMinor: -cdr.totalInclTaxMinor,
});

export const credit = creditOf(first);
export const second = (totalMinor: bigint): CdrIssued => ({
  ...s.cdr(totalMinor, 'cdr-2'),
  replacesCdrId: first.cdrId,
});

/** An entry over two accounts. */
export const booked = (
  postingRule: string,
  documentId: string,
  debited: string,
  credited: string,
  amountMinor: bigint,
): JournalEntryPosted => ({
  ...s.cdrBooked(0n),
  entryId: `entry ${postingRule} ${documentId}`,
  postingRule,
  documentId,
  lines: [
    { account: debited, side: 'debit', amountMinor },
    { account: credited, side: 'credit', amountMinor },
  ],
});

export const driver = 'assets:receivable:driver';
export const uncollected = 'assets:receivable:uncollected';
const energy = 'revenue:charging:energy';

/** The credit, the new CDR and what the ledger makes of both. */
export const correctedTo = (totalMinor: bigint): readonly SubjectFact[] => [
  credit,
  second(totalMinor),
  booked('cdr.credited', credit.cdrId, energy, driver, 1190n),
  booked('cdr.issued', 'cdr-2', driver, energy, totalMinor),
];

/** The refund of what was captured too much, to its payout. */
export const givenBack = (amountMinor: bigint): readonly SubjectFact[] => [
  { ...s.refund('Requested', amountMinor), ...refund },
  s.refund('Refunded', amountMinor),
  { ...s.refundMoved(amountMinor), correctedCdrId: 'cdr-2' },
  booked('payment.refunded', 'txn-r1-s-1', driver, 'assets:processor:stripe:pending', amountMinor),
  s.available(-amountMinor, 'txn-r1'),
  s.settledBooked(-amountMinor, 'txn-r1'),
  s.payoutCreated('po-2', -amountMinor, [s.payoutMember(-amountMinor, 'txn-r1')]),
];

export const correctedSession: readonly SubjectFact[] = [
  ...settledSession(s),
  ...correctedTo(900n),
  ...givenBack(290n),
];
