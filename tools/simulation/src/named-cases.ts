/** A seed that once failed, and why. It is run for good. */
export type NamedCase = Readonly<{ name: string; seed: number; was: string }>;

/** Seeds mean the same as long as a run draws the same; `was` says what to look for if one does not. */
export const namedCases: readonly NamedCase[] = [
  {
    name: 'a hold whose capture is refused is let go',
    seed: 9,
    was: 'a price below what the processor charges left the hold standing until it lapsed',
  },
  {
    name: 'a refund that moved and bounced is awaited no more',
    seed: 11,
    was: 'a refund that failed while it was pending stayed open in reconciliation for ever',
  },
];
