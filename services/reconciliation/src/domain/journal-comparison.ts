import { type Awaited, type Comparison, sum } from './comparison';
import { cdrRules } from './debtor';
import { reversalCategory } from './settlement-comparison';
import { billedMinor, owedMinor, type BookedEntry, type Subject } from './subject';

const driver = 'assets:receivable:driver';
const uncollected = 'assets:receivable:uncollected';
const pending = 'assets:processor:stripe:pending';
const fees = 'expenses:fees:processing';

/** Rules that book a movement when it is recorded; what becomes available is booked again. */
const settledRule = 'processor.settled';

const isMoved = ({ amountMinor, netMinor }: Subject['movements'][string]): boolean =>
  amountMinor !== 0n || netMinor !== 0n;

/** One entry that the facts call for. */
type Due = Readonly<{ documentId: string; isBookedBy: (rule: string) => boolean }>;

const due = (rule: string, documentId: string): Due => ({
  documentId,
  isBookedBy: (booked) => booked === rule,
});

const billEntriesDue = ({ bills, debtor }: Subject): readonly Due[] => {
  const { issued, credited } = cdrRules(debtor);
  return Object.entries(bills)
    .filter(([, { totalMinor }]) => totalMinor !== 0n)
    .map(([cdrId, { isCredit }]) => due(isCredit ? credited : issued, cdrId));
};

const entriesDue = (subject: Subject): readonly Due[] => [
  ...billEntriesDue(subject),
  ...Object.keys(subject.receivables).map((documentId) => due('receivable.opened', documentId)),
  ...Object.entries(subject.reductions)
    .filter(([, reducedMinor]) => reducedMinor !== 0n)
    .map(([documentId]) => due('receivable.reduced', documentId)),
  ...Object.entries(subject.movements)
    .filter(([, movement]) => isMoved(movement))
    // Which rule books a movement depends on its category and is the ledger's business.
    .map(([documentId]) => ({ documentId, isBookedBy: (rule: string) => rule !== settledRule })),
  ...subject.available
    .filter((id) => subject.movements[id]?.netMinor !== 0n)
    .map((documentId) => due(settledRule, documentId)),
];

/** The fact that an entry says it books, if that has not arrived yet. */
const factMissingFor = (subject: Subject, entry: BookedEntry): Awaited | undefined => {
  const { postingRule, documentId } = entry;
  switch (postingRule) {
    case 'cdr.issued':
    case 'cdr.credited':
    case 'roaming-cdr.issued':
    case 'roaming-cdr.credited':
    case 'fleet-cdr.issued':
    case 'fleet-cdr.credited':
      return documentId in subject.bills ? undefined : 'cdr';
    case 'receivable.reduced':
      return documentId in subject.reductions ? undefined : 'payment';
    case 'receivable.opened':
      return documentId in subject.receivables ? undefined : 'payment';
    case 'reversal':
      return documentId in subject.entries ? undefined : 'journal';
    case settledRule:
      return subject.available.includes(documentId) ? undefined : 'settlement';
    default:
      return documentId in subject.movements ? undefined : 'balance-transaction';
  }
};

const bookedMinor = (subject: Subject, account: string): bigint =>
  sum(
    Object.values(subject.entries).flatMap(({ lines }) =>
      lines.filter((line) => line.account === account).map(({ debitMinor }) => debitMinor),
    ),
  );

/** What the facts say must stand on the accounts that one session has to clear. */
const balancesDue = (subject: Subject): readonly (readonly [account: string, minor: bigint])[] => {
  const movements = Object.values(subject.movements);
  const receivableMinor = owedMinor(subject);
  const chargedMinor = sum(
    movements
      .filter(
        ({ reportingCategory, correctedCdrId }) =>
          ['charge', reversalCategory].includes(reportingCategory) || correctedCdrId !== undefined,
      )
      .map(({ amountMinor }) => amountMinor),
  );
  const netMinor = sum(movements.map((movement) => movement.netMinor));
  const settledMinor = sum(subject.available.map((id) => subject.movements[id]?.netMinor ?? 0n));
  const { debtor } = subject;
  const ofDriverMinor = debtor === undefined ? billedMinor(subject) : 0n;
  return [
    [driver, ofDriverMinor - chargedMinor - receivableMinor],
    ...(debtor === undefined ? [] : [[debtor.account, billedMinor(subject)] as const]),
    [uncollected, receivableMinor],
    [pending, netMinor - settledMinor],
    [fees, sum(movements.map(({ feeMinor }) => feeMinor))],
  ];
};

/** The books against the facts they were made from. */
export const compareJournal = (subject: Subject, comparison: Comparison): void => {
  const entries = Object.values(subject.entries);
  const isBooked = ({ documentId, isBookedBy }: Due): boolean =>
    entries.some((entry) => entry.documentId === documentId && isBookedBy(entry.postingRule));
  if (!entriesDue(subject).every(isBooked)) {
    comparison.awaits('journal');
    return;
  }
  const missing = entries.flatMap((entry) => factMissingFor(subject, entry) ?? []);
  if (missing.length > 0) {
    for (const hop of missing) comparison.awaits(hop);
    return;
  }
  for (const [account, expectedMinor] of balancesDue(subject)) {
    const actualMinor = bookedMinor(subject, account);
    if (actualMinor !== expectedMinor) {
      comparison.differs(
        'journal-differs',
        account,
        `the books have another balance on ${account}`,
        { expectedMinor, actualMinor },
      );
    }
  }
};
