import { entryFaults, type EntryDraft } from '@tallywatt/accounting';
import {
  cdrIssued,
  movementAvailable,
  movementRecorded,
  payoutCreated,
  payoutFailed,
  payoutPaid,
  receivableOpened,
  taxPortion,
} from '@tallywatt/testing';
import { golden, journalColumns } from './testing/journal-columns';
import { postingFor, type Fact } from './posting-rules';

const drafts = (...facts: Fact[]): EntryDraft[] => {
  const posted = new Set<string>();
  return facts.flatMap((fact) => {
    const posting = postingFor(fact, {
      taxJurisdiction: 'de',
      isPosted: (rule, documentId) => posted.has(`${rule} ${documentId}`),
    });
    if (posting.kind === 'none') return [];
    posted.add(`${posting.draft.rule} ${posting.draft.documentId}`);
    return [posting.draft];
  });
};

const expectJournal = (facts: readonly Fact[], expected: string): void => {
  const found = drafts(...facts);
  expect(journalColumns(found)).toBe(golden(expected));
  expect(found.flatMap(entryFaults)).toEqual([]);
};

const reasonOf = (fact: Fact): string | undefined => {
  const posting = postingFor(fact, { taxJurisdiction: 'de', isPosted: () => false });
  return posting.kind === 'none' ? posting.reason : undefined;
};

describe('a priced session', () => {
  it('is owed by the driver: revenue by dimension, tax where it is due', () =>
    expectJournal(
      [
        cdrIssued(
          'S1',
          [
            ['ENERGY', 1500n],
            ['ENERGY', 500n],
            ['TIME', 300n],
            ['PARKING_TIME', 200n],
            ['FLAT', 197n],
          ],
          512n,
        ),
      ],
      `
      cdr.issued          cdr-S1
        debit   assets:receivable:driver                 32.09 EUR
        credit  revenue:charging:energy                  20.00 EUR
        credit  revenue:charging:time                     3.00 EUR
        credit  revenue:charging:idle                     2.00 EUR
        credit  revenue:charging:session-fee              1.97 EUR
        credit  liabilities:tax:vat:de                    5.12 EUR
      `,
    ));

  it('shows a member discount beside the full price', () =>
    expectJournal(
      [
        cdrIssued(
          'S2',
          [
            ['ENERGY', 3300n],
            ['DISCOUNT', -300n],
          ],
          570n,
        ),
      ],
      `
      cdr.issued          cdr-S2
        debit   assets:receivable:driver                 35.70 EUR
        credit  revenue:charging:energy                  33.00 EUR
        debit   revenue:contra:discount                   3.00 EUR
        credit  liabilities:tax:vat:de                    5.70 EUR
      `,
    ));

  it('takes a minimum price and a cap to one account, each on its side', () =>
    expectJournal(
      [
        cdrIssued(
          'S3',
          [
            ['ENERGY', 40n],
            ['ADJUSTMENT', 60n],
          ],
          19n,
        ),
        cdrIssued(
          'S4',
          [
            ['ENERGY', 900n],
            ['ADJUSTMENT', -400n],
          ],
          95n,
        ),
      ],
      `
      cdr.issued          cdr-S3
        debit   assets:receivable:driver                  1.19 EUR
        credit  revenue:charging:energy                   0.40 EUR
        credit  revenue:charging:price-limit              0.60 EUR
        credit  liabilities:tax:vat:de                    0.19 EUR

      cdr.issued          cdr-S4
        debit   assets:receivable:driver                  5.95 EUR
        credit  revenue:charging:energy                   9.00 EUR
        debit   revenue:charging:price-limit              4.00 EUR
        credit  liabilities:tax:vat:de                    0.95 EUR
      `,
    ));

  it('books nothing when nothing is due', () =>
    expect(reasonOf(cdrIssued('S5', [['ENERGY', 0n]], 0n))).toBe('nothing-due'));

  it('is no entry while it cannot be priced', () =>
    expect(
      reasonOf({
        type: 'CdrWithheld',
        cpoId: 'default',
        sessionId: 'S6',
        reason: 'tariff-unknown',
        detail: '',
      }),
    ).toBe('not-priced'));

  it('is refused by the books when no account stands for one of its dimensions', () =>
    expect(drafts(cdrIssued('S7', [['RESERVATION', 100n]], 0n)).flatMap(entryFaults)).toEqual([
      'revenue:charging:unknown:RESERVATION: not in the chart',
    ]));

  it('is refused by the books when its lines do not make its total', () => {
    const cdr = { ...cdrIssued('S8', [['ENERGY', 100n]], 19n), totalInclTaxMinor: 120n };
    expect(drafts(cdr).flatMap(entryFaults)).toEqual([
      'debits and credits differ by 1 EUR minor units',
    ]);
  });
});

describe('a movement of the processor balance', () => {
  const charge = {
    id: 'txn_1',
    category: 'charge',
    amountMinor: 3209n,
    feeMinor: 73n,
    sessionId: 'S1',
  };

  it('charge: the receivable becomes processor money less the fee', () =>
    expectJournal(
      [movementRecorded(charge)],
      `
      payment.captured    txn_1
        debit   assets:processor:stripe:pending          31.36 EUR
        debit   expenses:fees:processing                  0.73 EUR
        credit  assets:receivable:driver                 32.09 EUR
      `,
    ));

  it('charge: the fee can be more than a small session brings', () => {
    const small = { id: 'txn_0', category: 'charge', amountMinor: 10n, feeMinor: 25n };
    expectJournal(
      [movementRecorded(small), movementAvailable(small)],
      `
      payment.captured    txn_0
        credit  assets:processor:stripe:pending           0.15 EUR
        debit   expenses:fees:processing                  0.25 EUR
        credit  assets:receivable:driver                  0.10 EUR

      processor.settled   txn_0
        credit  assets:processor:stripe:available         0.15 EUR
        debit   assets:processor:stripe:pending           0.15 EUR
      `,
    );
  });

  it('becomes available later', () =>
    expectJournal(
      [movementAvailable(charge)],
      `
      processor.settled   txn_1
        debit   assets:processor:stripe:available        31.36 EUR
        credit  assets:processor:stripe:pending          31.36 EUR
      `,
    ));

  it('refund: revenue and its tax are given back, and settle the other way', () => {
    const refund = {
      id: 'txn_2',
      category: 'refund',
      amountMinor: -1000n,
      taxes: [taxPortion(840n, 160n)],
    };
    expectJournal(
      [movementRecorded(refund), movementAvailable(refund)],
      `
      payment.refunded    txn_2
        debit   revenue:contra:refund                     8.40 EUR
        debit   liabilities:tax:vat:de                    1.60 EUR
        credit  assets:processor:stripe:pending          10.00 EUR

      processor.settled   txn_2
        credit  assets:processor:stripe:available        10.00 EUR
        debit   assets:processor:stripe:pending          10.00 EUR
      `,
    );
  });

  it("refund of a corrected CDR: the driver's money, there and back when it bounces", () => {
    const there = movementRecorded({ id: 'txn_8', category: 'refund', amountMinor: -290n });
    const back = movementRecorded({ id: 'txn_9', category: 'refund_failure', amountMinor: 290n });
    const correctedCdrId = 'cdr-2';
    expectJournal(
      [
        { ...there, correctedCdrId },
        { ...back, correctedCdrId },
      ],
      `
      payment.refunded    txn_8
        debit   assets:receivable:driver                  2.90 EUR
        credit  assets:processor:stripe:pending           2.90 EUR

      payment.refunded    txn_9
        credit  assets:receivable:driver                  2.90 EUR
        debit   assets:processor:stripe:pending           2.90 EUR
      `,
    );
  });

  it('refund: the processor may take a fee for it', () =>
    expectJournal(
      [movementRecorded({ id: 'txn_3', category: 'refund', amountMinor: -500n, feeMinor: 10n })],
      `
      payment.refunded    txn_3
        debit   revenue:contra:refund                     5.00 EUR
        credit  assets:processor:stripe:pending           5.10 EUR
        debit   expenses:fees:processing                  0.10 EUR
      `,
    ));

  it.each(['fee', 'network_cost', 'stripe_fee'])('%s: an expense, or its return', (category) =>
    expectJournal(
      [
        movementRecorded({ id: 'txn_4', category, amountMinor: -20n }),
        movementRecorded({ id: 'txn_5', category, amountMinor: 5n }),
      ],
      `
      processor.fee       txn_4
        debit   expenses:fees:processing                  0.20 EUR
        credit  assets:processor:stripe:pending           0.20 EUR

      processor.fee       txn_5
        credit  expenses:fees:processing                  0.05 EUR
        debit   assets:processor:stripe:pending           0.05 EUR
      `,
    ),
  );

  it('of a kind no rule knows waits in suspense, to be explained', () =>
    expectJournal(
      [
        movementRecorded({
          id: 'txn_6',
          category: 'dispute',
          amountMinor: -2570n,
          feeMinor: 2000n,
        }),
      ],
      `
      processor.unknown   txn_6
        credit  assets:processor:stripe:pending          45.70 EUR
        debit   expenses:fees:processing                 20.00 EUR
        debit   assets:suspense                          25.70 EUR
      `,
    ));

  it.each(['payout', 'payout_reversal'])('%s: booked by the payout itself', (category) => {
    const movement = { id: 'txn_7', category, amountMinor: -3136n };
    expect(reasonOf(movementRecorded(movement))).toBe('booked-by-its-payout');
    expect(reasonOf(movementAvailable(movement))).toBe('booked-by-its-payout');
  });

  it('of a kind that only sounds like a payout settles like any other', () =>
    expectJournal(
      [
        movementAvailable({
          id: 'txn_9',
          category: 'payout_minimum_balance_hold',
          amountMinor: -9n,
        }),
      ],
      `
      processor.settled   txn_9
        credit  assets:processor:stripe:available         0.09 EUR
        debit   assets:processor:stripe:pending           0.09 EUR
      `,
    ));

  it('of nothing moves nothing', () =>
    expect(reasonOf(movementAvailable({ id: 'txn_8', category: 'charge', amountMinor: 0n }))).toBe(
      'nothing-moved',
    ));

  it('of a processor whose accounts the chart lacks is refused by the books', () => {
    const movement = { ...movementRecorded(charge), processor: 'other' };
    expect(drafts(movement).flatMap(entryFaults)).toEqual([
      'assets:processor:other:pending: not in the chart',
    ]);
  });
});

describe('a payout', () => {
  it('leaves the processor and arrives at the bank', () =>
    expectJournal(
      [payoutCreated('po_1', 3136n), payoutPaid('po_1', 3136n)],
      `
      payout.created      po_1
        debit   assets:processor:stripe:in-transit       31.36 EUR
        credit  assets:processor:stripe:available        31.36 EUR

      payout.paid         po_1
        debit   assets:bank:operating                    31.36 EUR
        credit  assets:processor:stripe:in-transit       31.36 EUR
      `,
    ));

  it('that fails on the way comes back from transit', () =>
    expectJournal(
      [payoutCreated('po_2', 3136n), payoutFailed('po_2', 3136n)],
      `
      payout.created      po_2
        debit   assets:processor:stripe:in-transit       31.36 EUR
        credit  assets:processor:stripe:available        31.36 EUR

      payout.failed       po_2
        debit   assets:processor:stripe:available        31.36 EUR
        credit  assets:processor:stripe:in-transit       31.36 EUR
      `,
    ));

  it('that fails after it was booked at the bank comes back from there', () =>
    expectJournal(
      [payoutPaid('po_3', 3136n), payoutFailed('po_3', 3136n)],
      `
      payout.paid         po_3
        debit   assets:bank:operating                    31.36 EUR
        credit  assets:processor:stripe:in-transit       31.36 EUR

      payout.failed       po_3
        debit   assets:processor:stripe:available        31.36 EUR
        credit  assets:bank:operating                    31.36 EUR
      `,
    ));
});

describe('a payout below zero, where refunds exceed what was captured', () => {
  it('is fetched from the bank, and given back when that fails', () =>
    expectJournal(
      [payoutCreated('po_4', -500n), payoutPaid('po_4', -500n), payoutFailed('po_4', -500n)],
      `
      payout.created      po_4
        credit  assets:processor:stripe:in-transit        5.00 EUR
        debit   assets:processor:stripe:available         5.00 EUR

      payout.paid         po_4
        credit  assets:bank:operating                     5.00 EUR
        debit   assets:processor:stripe:in-transit        5.00 EUR

      payout.failed       po_4
        credit  assets:processor:stripe:available         5.00 EUR
        debit   assets:bank:operating                     5.00 EUR
      `,
    ));

  it('that fails on the way comes back from transit', () =>
    expectJournal(
      [payoutFailed('po_5', -500n)],
      `
      payout.failed       po_5
        credit  assets:processor:stripe:available         5.00 EUR
        debit   assets:processor:stripe:in-transit        5.00 EUR
      `,
    ));
});

describe('what no payment covers', () => {
  it('moves to collection, by reason', () =>
    expectJournal(
      [receivableOpened('S9', 950n), receivableOpened('S9', 5000n, 'capture-failed')],
      `
      receivable.opened   cdr-S9/price-above-hold
        debit   assets:receivable:uncollected             9.50 EUR
        credit  assets:receivable:driver                  9.50 EUR

      receivable.opened   cdr-S9/capture-failed
        debit   assets:receivable:uncollected            50.00 EUR
        credit  assets:receivable:driver                 50.00 EUR
      `,
    ));
});
