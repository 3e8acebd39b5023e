import type { CdrIssued, JournalEntryPosted } from '@tallywatt/contracts';
import { creditOf } from '../testing/corrected-session';
import { example as s } from '../testing/example-sessions';
import { matchOf, without } from '../testing/settled-session';
import type { SubjectFact } from './subject';

const routes = {
  partner: {
    paymentRoute: 'roaming',
    of: { roamingPartyId: 'NLABC' },
    account: 'assets:receivable:roaming:nlabc',
    rule: 'roaming-cdr',
    revenue: 'revenue:roaming',
  },
  fleet: {
    paymentRoute: 'fleet',
    of: { fleetRef: 'f-1' },
    account: 'assets:receivable:fleet:unbilled:f-1',
    rule: 'fleet-cdr',
    revenue: 'revenue:fleet',
  },
} as const;
type Debtor = keyof typeof routes;
const debtors = Object.keys(routes) as Debtor[];

const cdr = (debtor: Debtor, totalMinor: bigint, id = 'cdr-1'): CdrIssued => ({
  ...s.cdr(totalMinor, id),
  paymentRoute: routes[debtor].paymentRoute,
  ...routes[debtor].of,
});

/** As the ledger books it: below zero for a credit CDR. */
const booked = (
  debtor: Debtor,
  rule: string,
  documentId: string,
  amountMinor: bigint,
): JournalEntryPosted => {
  const { account, revenue } = routes[debtor];
  const size = amountMinor < 0n ? -amountMinor : amountMinor;
  const [side, other] = amountMinor < 0n ? ['credit', 'debit'] : ['debit', 'credit'];
  return {
    ...s.cdrBooked(size),
    entryId: `entry ${rule} ${documentId}`,
    postingRule: rule,
    documentId,
    lines: [
      { account, side: side, amountMinor: size },
      { account: revenue, side: other, amountMinor: size },
    ],
  };
};

const billed = (debtor: Debtor): readonly SubjectFact[] => [
  s.started(),
  s.closed(),
  cdr(debtor, 1190n),
  booked(debtor, `${routes[debtor].rule}.issued`, 'cdr-1', 1190n),
];

describe.each(debtors)('a session that is billed to a %s', (debtor) => {
  const { rule } = routes[debtor];

  it('agrees without any payment', () =>
    expect(matchOf(billed(debtor))).toEqual({
      status: 'reconciled',
      outcome: `billed-to-${debtor}`,
      awaited: [],
      discrepancies: [],
      amounts: {
        billedMinor: 1190n,
        capturedMinor: 0n,
        refundedMinor: 0n,
        feesMinor: 0n,
        paidOutMinor: 0n,
        receivableMinor: 0n,
      },
    }));

  it('waits for its entry', () =>
    expect(
      matchOf(without((fact) => fact.type === 'JournalEntryPosted', billed(debtor))),
    ).toMatchObject({ status: 'open', awaited: ['journal'], discrepancies: [] }));

  it('is still waiting when its CDR is booked as that of a driver', () => {
    const wrong = { ...s.cdrBooked(1190n), documentId: 'cdr-1' };
    expect(matchOf([s.started(), s.closed(), cdr(debtor, 1190n), wrong])).toMatchObject({
      status: 'open',
      awaited: ['journal'],
    });
  });

  it('differs when another one is booked as the debtor', () => {
    const entry = booked(debtor, `${rule}.issued`, 'cdr-1', 1190n);
    const lines = entry.lines.map((line) =>
      line.side === 'debit' ? { ...line, account: 'assets:receivable:roaming:dexyz' } : line,
    );
    const facts = [...billed(debtor).slice(0, 3), { ...entry, lines }];
    expect(matchOf(facts)).toMatchObject({
      status: 'discrepant',
      discrepancies: [
        {
          kind: 'journal-differs',
          about: routes[debtor].account,
          expectedMinor: 1190n,
          actualMinor: 0n,
        },
      ],
    });
  });

  it.each<[string, SubjectFact]>([
    ['a capture', s.captured(1190n)],
    ['a debt of the driver', s.receivable(1190n, 'no-payment-route')],
  ])('differs when there is %s', (_, fact) => {
    const { discrepancies } = matchOf([...billed(debtor), fact]);
    expect(discrepancies).toMatchObject([
      { kind: 'captured-differs', expectedMinor: 0n, actualMinor: 1190n },
    ]);
  });

  it('waits until a hold is let go that should not be', () => {
    const held = [...billed(debtor), s.held(5000n)];
    expect(matchOf(held).awaited).toEqual(['void']);
    expect(matchOf([...held, s.voided()]).status).toBe('reconciled');
  });

  it('agrees when its CDR is corrected: the credit takes off what they owe', () => {
    const credit = { ...creditOf(cdr(debtor, 1190n)), cdrId: 'credit-1' };
    const corrected: readonly SubjectFact[] = [
      ...billed(debtor),
      credit,
      { ...cdr(debtor, 900n, 'cdr-2'), replacesCdrId: 'cdr-1' },
      booked(debtor, `${rule}.credited`, 'credit-1', -1190n),
      booked(debtor, `${rule}.issued`, 'cdr-2', 900n),
    ];
    expect(matchOf(corrected)).toMatchObject({
      status: 'reconciled',
      outcome: `billed-to-${debtor}`,
      amounts: { billedMinor: 900n, refundedMinor: 0n },
    });
  });

  it('comes to the same in any order', () => {
    const facts = billed(debtor);
    expect(matchOf([...facts].reverse())).toEqual(matchOf(facts));
  });
});
