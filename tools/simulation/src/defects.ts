/**
 * Defects that can be planted into the simulated shells or around the deciders, each of a kind that
 * has cost somebody money. A simulation that does not find them proves nothing.
 */
export const defects = [
  'duplicates-are-taken',
  'offset-before-the-work',
  'relay-without-order',
  'answer-before-the-commit',
  'resent-start-is-new',
  'key-made-at-the-call',
  'time-out-is-a-refusal',
  'settlement-forgets-what-was-asked',
  'webhook-is-believed',
  'tariff-not-waited-for',
  'draw-not-waited-for',
  'correction-refund-is-goodwill',
  'second-credit-left-out',
] as const;
export type Defect = (typeof defects)[number];
