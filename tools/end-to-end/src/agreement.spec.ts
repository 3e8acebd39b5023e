import { disagreements, flatPriceMinor, type ChargedSession } from './agreement';
import type { Observation, SeenEntry } from './observation';

const charged: ChargedSession = { chargePointId: 'CP', transactionId: 7, energyWh: 20_000n };
const rules = { currency: 'EUR', priceMinor: flatPriceMinor };
const sessionId = 'S';

type Line = readonly [account: string, side: 'debit' | 'credit', amountMinor: bigint];
const entry = (postingRule: string, ...lines: readonly Line[]): SeenEntry => ({
  entryId: `E-${postingRule}`,
  postingRule,
  currency: 'EUR',
  sessionId,
  lines: lines.map(([account, side, amountMinor]) => ({
    account,
    side,
    amountMinor: amountMinor.toString(),
  })),
});

const charge = {
  id: 'ch_1',
  amount_captured: 1131,
  amount_refunded: 0,
  captured: true,
  currency: 'eur',
  metadata: { sessionId },
  status: 'succeeded',
};

/** One session of 11.31 EUR with a fee of 0.42 EUR, through every hop. */
const clean: Observation = {
  sessions: [
    {
      id: sessionId,
      chargePointId: 'CP',
      ocppTransactionId: '7',
      status: 'closed',
      energyWh: '20000',
      isQuarantined: false,
    },
  ],
  cdrs: [
    {
      cdrId: 'C',
      sessionId,
      currency: 'EUR',
      energyMilliWh: '20000000',
      totalInclTaxMinor: '1131',
    },
  ],
  payments: [
    {
      paymentId: 'P',
      sessionId,
      state: 'captured',
      captured: { amountMinor: '1131', currency: 'EUR' },
    },
  ],
  entries: [
    entry(
      'cdr.issued',
      ['assets:receivable:driver', 'debit', 1131n],
      ['revenue:charging:energy', 'credit', 1131n],
    ),
    entry(
      'payment.captured',
      ['assets:processor:stripe:pending', 'debit', 1089n],
      ['expenses:fees:processing', 'debit', 42n],
      ['assets:receivable:driver', 'credit', 1131n],
    ),
    entry(
      'processor.settled',
      ['assets:processor:stripe:available', 'debit', 1089n],
      ['assets:processor:stripe:pending', 'credit', 1089n],
    ),
  ],
  balances: [
    { account: 'assets:bank:operating', currency: 'EUR', balanceMinor: '1089' },
    { account: 'expenses:fees:processing', currency: 'EUR', balanceMinor: '42' },
    { account: 'revenue:charging:energy', currency: 'EUR', balanceMinor: '-1131' },
  ],
  subjects: [{ sessionId, status: 'reconciled', outcome: 'settled', awaited: [], openFindings: 0 }],
  openFindings: [],
  processor: {
    captured: { eur: 1131 },
    refunded: {},
    fees: { eur: 42 },
    paidOut: { eur: 1089 },
    charges: [charge],
  },
  parked: [],
  unpublished: [],
};

const faultsOf = (change: Partial<Observation>): readonly string[] =>
  disagreements([charged], { ...clean, ...change }, rules);

describe('hops that agree', () => {
  it('leave nothing to say', () => {
    expect(faultsOf({})).toEqual([]);
  });
});

describe('what does not agree is named', () => {
  it.each<[string, Partial<Observation>, RegExp]>([
    ['a lost session', { sessions: [] }, /CP transaction 7: 0 sessions/],
    ['a second CDR', { cdrs: [...clean.cdrs, ...clean.cdrs] }, /CDRs: expected 1, found 2/],
    [
      'other energy on the bill',
      { cdrs: clean.cdrs.map((cdr) => ({ ...cdr, energyMilliWh: '19999999' })) },
      /billed mWh: expected 20000000, found 19999999/,
    ],
    ['a payment that was not taken', { payments: [] }, /captured payments: expected 1, found 0/],
    [
      'a second charge',
      { processor: { ...clean.processor, charges: [charge, { ...charge, id: 'ch_2' }] } },
      /charges at the processor: expected 1, found 2/,
    ],
    [
      'money that the books do not have',
      { processor: { ...clean.processor, captured: { eur: 2262 } } },
      /captured at the processor and in the books: expected 2262, found 1131/,
    ],
    [
      'an entry that is missing',
      { entries: clean.entries.slice(0, 2) },
      /entries processor.settled/,
    ],
    [
      'an entry out of balance',
      {
        entries: [
          ...clean.entries,
          { ...entry('payout.paid', ['assets:bank:operating', 'debit', 1n]), sessionId: 'other' },
        ],
      },
      /entry E-payout.paid \(payout.paid\): expected 0, found 1/,
    ],
    [
      'a subject that waits',
      { subjects: clean.subjects.map((one) => ({ ...one, status: 'open', awaited: ['payout'] })) },
      /open, awaits payout/,
    ],
    ['a parked record', { parked: ['ledger: poison'] }, /parked: ledger: poison/],
    ['an event that stayed behind', { unpublished: ['ledger: x'] }, /not in Kafka: ledger: x/],
    [
      'an open finding',
      { openFindings: [{ sessionId, kind: 'charged-twice', detail: 'two' }] },
      /finding charged-twice S: two/,
    ],
  ])('%s', (_, change, expected) => {
    expect(faultsOf(change).join('\n')).toMatch(expected);
  });
});

describe('the flat price', () => {
  it('is 11.31 for 20 kWh: 9.00 + 0.50 and 1.805 VAT, rounded half up', () => {
    expect(flatPriceMinor(20_000n)).toBe(1131n);
  });

  it('rounds the energy line before the tax: 5.29 kWh are 2.3805, so 2.38', () => {
    // 238 + 50 = 288; 19 % is 54.72, rounded 55.
    expect(flatPriceMinor(5_290n)).toBe(343n);
  });
});
