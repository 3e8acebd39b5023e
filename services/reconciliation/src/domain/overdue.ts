import { instantFromEpochMs, parseInstant, type Instant } from '@tallywatt/time';
import type { Awaited } from './comparison';
import { missingKind, type Overdue, type Verdict } from './findings';
import type { Match } from './match';
import type { Subject } from './subject';

/** How long each hop may take before its silence is a finding, in seconds. */
export type Patience = Readonly<Record<Awaited, number>>;

const day = 86_400;

/**
 * Our own services answer within minutes. The processor settles after two business days, so a long
 * weekend fits into a week; a payout takes some days more. A session may run for days, and a
 * quarantined one waits for a person.
 */
export const defaultPatience: Patience = {
  'session-close': 3 * day,
  cdr: 600,
  payment: 600,
  void: 600,
  refund: 3_600,
  'balance-transaction': 3_600,
  settlement: 7 * day,
  payout: 14 * day,
  journal: 600,
  review: 3 * day,
};

const isFound = (awaited: Awaited, { open }: Verdict): boolean =>
  open.some(({ kind }) => kind === missingKind(awaited));

/**
 * The hops of a subject that have been silent too long, since its last fact. Without a `now` only
 * those that were found to be so before and still are: a fact about something else does not end
 * their silence.
 */
export const overdueOf = (
  subject: Subject,
  result: Match,
  before: Verdict,
  patience: Patience,
  now?: Instant,
): readonly Overdue[] => {
  const since = subject.lastFactAt;
  if (since === undefined) return [];
  const silentMs = now === undefined ? 0 : parseInstant(now) - parseInstant(since);
  return result.awaited
    .filter((awaited) => isFound(awaited, before) || silentMs > patience[awaited] * 1_000)
    .map((awaited) => ({ awaited, sinceAt: since }));
};

/** When a subject has to be looked at again if nothing is heard of it until then. */
export const lookAgainAt = (
  subject: Subject,
  result: Match,
  verdict: Verdict,
  patience: Patience,
): Instant | undefined => {
  const since = subject.lastFactAt;
  if (since === undefined) return undefined;
  const deadlinesMs = result.awaited
    .filter((awaited) => !isFound(awaited, verdict))
    .map((awaited) => parseInstant(since) + patience[awaited] * 1_000 + 1);
  return deadlinesMs.length === 0 ? undefined : instantFromEpochMs(Math.min(...deadlinesMs));
};
