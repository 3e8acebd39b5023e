/** A seed that once failed, and why. It is run for good. */
export type NamedCase = Readonly<{ name: string; seed: number; was: string }>;

/** Seeds mean the same as long as a run draws the same; `was` says what to look for if one does not. */
export const namedCases: readonly NamedCase[] = [
  {
    name: 'a hold whose capture is refused is let go',
    seed: 4,
    was: 'a price below what the processor charges left the hold standing until it lapsed',
  },
  {
    name: 'a refund that moved and bounced is awaited no more',
    seed: 5,
    was: 'a refund that failed while it was pending stayed open in reconciliation for ever',
  },
  {
    name: 'a session corrected to nothing is settled once all has gone back',
    seed: 142,
    was: 'reconciliation waited for a hold to be let go that had been captured',
  },
  {
    name: 'a new database does not give money back for a CDR that was credited',
    seed: 355,
    was: 'reading the CDRs again brought the payment to each of them in turn',
  },
  {
    name: 'a correction that is withheld again is said again',
    seed: 303,
    was: 'the same words after another CDR were the same event, and were not recorded',
  },
];
