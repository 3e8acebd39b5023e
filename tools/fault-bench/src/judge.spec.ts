import { judge } from './judge';
import type { Observation } from './observation';
import { caseWith, plan, ran, seen } from './testing/example-case';

const kindsOf = (replaced: Partial<Observation>): string[] => [
  ...new Set(judge(caseWith(replaced)).map(({ kind }) => kind)),
];

const [session] = seen.sessions;
const [cdr] = seen.cdrs;
const [payment] = seen.payments;
const [charge] = seen.processor.charges;
const [intent] = seen.intents;
const [subject] = seen.subjects;
const { processor } = seen;
const eur = (amountMinor: string) => ({ amountMinor, currency: 'EUR' });
const other = '00000000-0000-5000-8000-000000000000';

it('has nothing to say where all is well', () => {
  expect(judge(caseWith({}))).toEqual([]);
});

it('names the session, what was expected and what was found', () => {
  const cdrs = [{ ...cdr!, totalInclTaxMinor: '1132' }];
  expect(judge(caseWith({ cdrs }))).toEqual([
    {
      kind: 'billed',
      subject: 'S0001 refund BENCH-flat-1/7 b3983ac9-8263-5a31-bb07-8a5dde66ba7a',
      expected: '1131',
      got: '1132',
    },
  ]);
});

// One thing is wrong in each; the kind of violation that has to be among those found.
const planted: readonly [kind: string, replaced: Partial<Observation>][] = [
  ['sessions', { sessions: [] }],
  ['sessions', { sessions: [session!, { ...session!, id: other }] }],
  ['sessions-in-all', { sessions: [session!, { ...session!, id: other, ocppTransactionId: '8' }] }],
  ['session-status', { sessions: [{ ...session!, status: 'stopped' }] }],
  ['energy-wh', { sessions: [{ ...session!, energyWh: '19999' }] }],
  ['started-at', { sessions: [{ ...session!, startedAt: '2025-06-03T08:00:01.000Z' }] }],
  ['stopped-at', { sessions: [{ ...session!, stoppedAt: null }] }],
  ['closed-at', { sessions: [{ ...session!, closedAt: '2025-06-03T09:01:00.000Z' }] }],
  ['quarantined', { sessions: [{ ...session!, isQuarantined: true }] }],
  ['cdrs', { cdrs: [] }],
  ['cdrs', { cdrs: [cdr!, { ...cdr!, cdrId: 'c-2' }] }],
  ['cdrs-in-all', { cdrs: [cdr!, { ...cdr!, cdrId: 'c-2', sessionId: other }] }],
  ['billed-milli-wh', { cdrs: [{ ...cdr!, energyMilliWh: '20000001' }] }],
  ['payments', { payments: [] }],
  ['payment-state', { payments: [{ ...payment!, state: 'capturing' }] }],
  ['captured', { payments: [{ ...payment!, captured: eur('1130') }] }],
  ['receivable', { payments: [{ ...payment!, receivable: eur('1') }] }],
  ['refunded', { payments: [{ ...payment!, refunded: null }] }],
  ['processor-captures', { processor: { ...processor, charges: [] } }],
  [
    'processor-captures',
    { processor: { ...processor, charges: [charge!, { ...charge!, id: 'b' }] } },
  ],
  [
    'processor-captured',
    { processor: { ...processor, charges: [{ ...charge!, amount_captured: 1 }] } },
  ],
  [
    'processor-refunded',
    { processor: { ...processor, charges: [{ ...charge!, amount_refunded: 0 }] } },
  ],
  ['hold-left-open', { intents: [intent!, { ...intent!, id: 'b', status: 'requires_capture' }] }],
  ['holds-made', { intents: [intent!, { ...intent!, id: 'b', status: 'canceled' }] }],
  ['holds-made', { intents: [] }],
  ['entries-cdr.issued', { entries: seen.entries.slice(1) }],
  ['entries-payment.captured', { entries: [...seen.entries, seen.entries[1]!] }],
  ['subjects', { subjects: [] }],
  ['subject-status', { subjects: [{ ...subject!, status: 'open' }] }],
  ['subject-outcome', { subjects: [{ ...subject!, outcome: 'receivable-open' }] }],
  ['subject-awaits', { subjects: [{ ...subject!, awaited: ['payout'] }] }],
  ['trial-balance', { balances: [{ ...seen.balances[0]!, balanceMinor: '713' }] }],
  [
    'entry-balance',
    {
      entries: [
        { ...seen.entries[0]!, lines: seen.entries[0]!.lines.slice(1) },
        ...seen.entries.slice(1),
      ],
    },
  ],
  ['captured-in-all', { processor: { ...processor, captured: { eur: 2_262 } } }],
  ['refunded-in-all', { processor: { ...processor, refunded: {} } }],
  ['fees', { processor: { ...processor, fees: { eur: 43 } } }],
  ['paid-out', { processor: { ...processor, paidOut: {} } }],
  [
    'left-on-drivers',
    { balances: [{ account: 'assets:receivable:driver', currency: 'EUR', balanceMinor: '5' }] },
  ],
  [
    'left-at-the-processor',
    {
      balances: [
        { account: 'assets:processor:stripe:pending', currency: 'EUR', balanceMinor: '5' },
      ],
    },
  ],
  [
    'uncollected',
    {
      balances: [{ account: 'assets:receivable:uncollected', currency: 'EUR', balanceMinor: '5' }],
    },
  ],
  ['suspense', { balances: [{ account: 'assets:suspense', currency: 'EUR', balanceMinor: '5' }] }],
  [
    'finding-open',
    { findings: [{ sessionId: other, kind: 'payout-differs', status: 'open', detail: 'x' }] },
  ],
  ['parked', { parked: ['ledger: gap'] }],
  ['unpublished', { unpublished: ['ledger: an event'] }],
  ['frame-refused', { refusedFrames: ['BENCH-flat-1'] }],
  ['orphan', { orphans: ['default/BENCH-flat-1: a stop'] }],
];

it.each(planted)('finds %s', (kind, replaced) => {
  expect(kindsOf(replaced)).toContain(kind);
});

it('does not mind findings that came and went', () => {
  const findings = [
    { sessionId: other, kind: 'captured-differs', status: 'resolved', detail: 'x' },
  ];
  expect(kindsOf({ findings })).toEqual([]);
});

it('finds a session that never came to its end', () => {
  const failed = [{ plan, chargePointId: 'BENCH-flat-1', reason: 'switched off' }];
  const kinds = judge({ ...caseWith({}), ran: [], failed }).map(({ kind }) => kind);
  expect(kinds).toContain('session-unfinished');
});

it('finds a session that was refused and should not have been', () => {
  const { chargePointId, connectorId, idTag } = ran.outcome;
  const outcome = { chargePointId, connectorId, idTag, started: false } as const;
  const refused = [{ plan, chargePointId, outcome }];
  const kinds = judge({ ...caseWith({}), ran: refused }).map(({ kind }) => kind);
  expect(kinds).toContain('started');
  // And one that nobody has asked for is left over.
  expect(kinds).toContain('sessions-in-all');
});

it('demands that what was not accepted is neither priced nor paid', () => {
  const unknown = { ...ran, plan: { ...plan, holder: 'unknown', refund: 'none' } } as const;
  const kinds = new Set(judge({ ...caseWith({}), ran: [unknown] }).map(({ kind }) => kind));
  for (const kind of ['quarantined', 'cdrs', 'payment-state', 'processor-captures']) {
    expect(kinds).toContain(kind);
  }
});
