import { derivedId, type ReconciliationEvent } from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import type { Awaited, Discrepancy } from './comparison';
import type { Match } from './match';
import type { Subject } from './subject';

/** A finding that is open for a subject. */
export type OpenFinding = Readonly<{
  findingId: string;
  kind: string;
  about: string;
  detail: string;
}>;

/** What reconciliation last said of a subject. */
export type Verdict = Readonly<{
  /** The last SubjectReconciled as text, to say it again only when it says something else. */
  reconciledAs?: string;
  open: readonly OpenFinding[];
  /**
   * How often each thing was said: a subject can come back to what it was, and saying it again is
   * another event. Ids count the same thing only, so that a rebuild, which may see other things on
   * its way, gives the same ids.
   */
  said: Readonly<Record<string, number>>;
}>;

export const noVerdict: Verdict = { open: [], said: {} };

/** A hop that has been awaited too long is a finding of its own. */
export type Overdue = Readonly<{ awaited: Awaited; sinceAt: Instant }>;

/** The kind of the finding that a hop has been silent too long. */
export const missingKind = (awaited: Awaited): string => `${awaited}-missing`;

type Finding = Omit<OpenFinding, 'findingId'> &
  Pick<Discrepancy, 'expectedMinor' | 'actualMinor'> &
  Readonly<{ since?: Instant }>;

const saying = (verdict: Verdict, what: string): Verdict => ({
  ...verdict,
  said: { ...verdict.said, [what]: (verdict.said[what] ?? 0) + 1 },
});

/** One thing is found once, as long as it lasts; its amounts may change meanwhile. */
const isSame = (a: Omit<OpenFinding, 'findingId'>, b: Omit<OpenFinding, 'findingId'>): boolean =>
  a.kind === b.kind && a.about === b.about;

const findingsNow = (result: Match, overdue: readonly Overdue[]): readonly Finding[] => [
  ...result.discrepancies,
  ...overdue.map(({ awaited, sinceAt }) => ({
    kind: missingKind(awaited),
    about: awaited,
    detail: `nothing heard since ${sinceAt}`,
    since: sinceAt,
  })),
];

const moneyFields = (finding: Finding, currency: string) => {
  const { expectedMinor, actualMinor } = finding;
  return {
    ...(expectedMinor === undefined ? {} : { expected: { amountMinor: expectedMinor, currency } }),
    ...(actualMinor === undefined ? {} : { actual: { amountMinor: actualMinor, currency } }),
  };
};

export type ReconciliationDecision = Readonly<{
  events: readonly ReconciliationEvent[];
  verdict: Verdict;
}>;

/**
 * Turns the difference between what was said before and what is true now into events: findings
 * that have gone, new findings, and agreement, each said once.
 */
export const decide = (
  subject: Subject,
  result: Match,
  overdue: readonly Overdue[],
  before: Verdict,
  at: Instant,
): ReconciliationDecision => {
  const findings = decideFindings(subject, findingsNow(result, overdue), before, at);
  const { outcome, amounts } = result;
  if (result.status !== 'reconciled' || outcome === undefined) return findings;
  const currency = currencyOf(subject);
  const reconciledAs = [outcome, ...Object.values(amounts), currency].join(' ');
  if (reconciledAs === before.reconciledAs) return findings;
  const money = (amountMinor: bigint) => ({ amountMinor, currency });
  return {
    events: [
      ...findings.events,
      {
        type: 'SubjectReconciled',
        cpoId: subject.cpoId,
        subjectId: subject.sessionId,
        outcome,
        billed: money(amounts.billedMinor),
        captured: money(amounts.capturedMinor),
        refunded: money(amounts.refundedMinor),
        fees: money(amounts.feesMinor),
        paidOut: money(amounts.paidOutMinor),
        receivable: money(amounts.receivableMinor),
      },
    ],
    verdict: { ...saying(findings.verdict, reconciledAs), reconciledAs },
  };
};

/** ISO 4217 has XXX for no currency: facts that name none carry no amounts either. */
const currencyOf = ({ currency }: Subject): string => currency ?? 'XXX';

const decideFindings = (
  subject: Subject,
  findings: readonly Finding[],
  before: Verdict,
  at: Instant,
): ReconciliationDecision => {
  const place = { cpoId: subject.cpoId, subjectId: subject.sessionId };
  const events: ReconciliationEvent[] = [];
  const open: OpenFinding[] = [];
  for (const was of before.open) {
    if (findings.some((finding) => isSame(finding, was))) {
      open.push(was);
      continue;
    }
    events.push({
      type: 'DiscrepancyResolved',
      ...place,
      findingId: was.findingId,
      resolution: `no longer so: ${was.kind}: ${was.detail}`,
      resolvedAt: at,
    });
  }
  let verdict = before;
  for (const finding of findings) {
    if (open.some((other) => isSame(other, finding))) continue;
    const { kind, about, detail } = finding;
    const what = [kind, about, finding.since ?? ''].join(' ').trim();
    verdict = saying(verdict, what);
    const findingId = idOf(subject, what, verdict);
    open.push({ findingId, kind, about, detail });
    events.push({
      type: 'DiscrepancyFound',
      ...place,
      findingId,
      kind,
      detail,
      ...moneyFields(finding, currencyOf(subject)),
      foundAt: at,
    });
  }
  return { events, verdict: { ...verdict, open } };
};

const idOf = ({ cpoId, sessionId }: Subject, what: string, verdict: Verdict): string =>
  derivedId(cpoId, sessionId, what, String(verdict.said[what]));

/** The id of an event about a subject: the same thing said again is another event. */
export const eventIdOf = (
  event: ReconciliationEvent,
  subject: Subject,
  verdict: Verdict,
): string | undefined => {
  switch (event.type) {
    case 'SubjectReconciled':
      return idOf(subject, verdict.reconciledAs ?? '', verdict);
    case 'DiscrepancyFound':
    case 'DiscrepancyResolved':
      return derivedId(event.cpoId, event.findingId, event.type);
    case 'DayClosed':
      return undefined;
    default:
      return unreachable(event);
  }
};
