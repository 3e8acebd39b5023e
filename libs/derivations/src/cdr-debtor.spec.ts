import { entryFaults, trialBalance, type EntryDraft } from '@tallywatt/accounting';
import type { CdrIssued } from '@tallywatt/contracts';
import { cdrIssued } from '@tallywatt/testing';
import fc from 'fast-check';
import { creditCdr } from './cdr';
import { postingFor, type Fact } from './posting-rules';
import { golden, journalColumns } from './testing/journal-columns';

const lines = [
  ['ENERGY', 2000n],
  ['PARKING_TIME', 200n],
  ['DISCOUNT', -300n],
] as const;
const ofDriver = cdrIssued('S1', lines, 361n);
const ofPartner = (cdr: CdrIssued): CdrIssued => ({
  ...cdr,
  paymentRoute: 'roaming',
  roamingPartyId: 'NLABC',
});
const ofFleet = (cdr: CdrIssued): CdrIssued => ({
  ...cdr,
  paymentRoute: 'fleet',
  fleetRef: 'f-1',
});

const draftsOf = (...facts: Fact[]): EntryDraft[] =>
  facts.flatMap((fact) => {
    const posting = postingFor(fact, { taxJurisdiction: 'de', isPosted: () => false });
    return posting.kind === 'entry' ? [posting.draft] : [];
  });

const expectJournal = (facts: readonly Fact[], expected: string): void => {
  const found = draftsOf(...facts);
  expect(journalColumns(found)).toBe(golden(expected));
  expect(found.flatMap(entryFaults)).toEqual([]);
};

describe('a CDR that no card pays', () => {
  it('of a roaming token is owed by the home network, and by no driver', () =>
    expectJournal(
      [ofPartner(ofDriver)],
      `
      roaming-cdr.issued  cdr-S1
        debit   assets:receivable:roaming:nlabc          22.61 EUR
        credit  revenue:roaming                          19.00 EUR
        credit  liabilities:tax:vat:de                    3.61 EUR
      `,
    ));

  it('of a fleet waits for its invoice', () =>
    expectJournal(
      [ofFleet(ofDriver)],
      `
      fleet-cdr.issued    cdr-S1
        debit   assets:receivable:fleet:unbilled:f-1     22.61 EUR
        credit  revenue:fleet                            19.00 EUR
        credit  liabilities:tax:vat:de                    3.61 EUR
      `,
    ));

  it('is taken back from whom it was billed to', () => {
    const credits = [ofPartner, ofFleet].map((to) => {
      const { cdrId: _, ...credit } = creditCdr(to(ofDriver), 1, 'The stop was corrected.');
      return { ...credit, cdrId: 'credit-S1' };
    });
    expectJournal(
      credits,
      `
      roaming-cdr.credited credit-S1
        credit  assets:receivable:roaming:nlabc          22.61 EUR
        debit   revenue:roaming                          19.00 EUR
        debit   liabilities:tax:vat:de                    3.61 EUR

      fleet-cdr.credited  credit-S1
        credit  assets:receivable:fleet:unbilled:f-1     22.61 EUR
        debit   revenue:fleet                            19.00 EUR
        debit   liabilities:tax:vat:de                    3.61 EUR
      `,
    );
  });

  it.each(['roaming', 'fleet'])('is refused by the books when %s names nobody', (paymentRoute) =>
    expect(draftsOf({ ...ofDriver, paymentRoute }).flatMap(entryFaults)).toHaveLength(1),
  );

  it('is refused by the books when no account stands for one of its dimensions', () =>
    expect(
      draftsOf(ofPartner(cdrIssued('S7', [['RESERVATION', 100n]], 0n))).flatMap(entryFaults),
    ).toEqual(['revenue:charging:unknown:RESERVATION: not in the chart']));
});

describe('the fee of a fleet plan', () => {
  it('waits for the same invoice as the sessions of its month', () =>
    expectJournal(
      [
        {
          type: 'FleetFeeCharged',
          cpoId: 'default',
          feeId: 'fee-1',
          fleetRef: 'f-1',
          period: '2026-11',
          timeZone: 'Europe/Berlin',
          monthEndedAt: '2026-11-30T23:00:00.000Z',
          plan: 'vans',
          tariff: ofDriver.tariff,
          days: 30,
          daysInMonth: 30,
          currency: 'EUR',
          amountExclTaxMinor: 29_900n,
          taxMinor: 5_681n,
          amountInclTaxMinor: 35_581n,
          roundingPolicyId: 'r/1',
        },
      ],
      `
      fleet-fee.charged   fee-1
        debit   assets:receivable:fleet:unbilled:f-1    355.81 EUR
        credit  revenue:fleet                           299.00 EUR
        credit  liabilities:tax:vat:de                   56.81 EUR
      `,
    ));
});

describe('the books of any CDRs', () => {
  const routes = fc.constantFrom((cdr: CdrIssued) => cdr, ofPartner, ofFleet);
  const amounts = fc.array(
    fc.tuple(fc.constantFrom('ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'), fc.bigInt(0n, 100_000n)),
    { minLength: 1 },
  );

  it('have each whole total at its debtor, and none of it after the credit', () => {
    fc.assert(
      fc.property(routes, amounts, fc.bigInt(0n, 20_000n), (to, drawn, taxMinor) => {
        const cdr = to(cdrIssued('S1', drawn, taxMinor));
        const issued = draftsOf(cdr);
        expect(issued.flatMap(entryFaults)).toEqual([]);
        const owed = trialBalance(issued).filter(({ account }) =>
          account.startsWith('assets:receivable:'),
        );
        const owedMinor = owed.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
        expect(owedMinor).toBe(cdr.totalInclTaxMinor);
        const all = draftsOf(cdr, creditCdr(cdr, 1, 'again'));
        expect(all.flatMap(entryFaults)).toEqual([]);
        expect(trialBalance(all).every(({ balanceMinor }) => balanceMinor === 0n)).toBe(true);
      }),
    );
  });
});
