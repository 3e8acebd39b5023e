import { judgeBooks } from './book-judge';
import { deliveredWh, expectedTotalMinor, holdMinor } from './expected-price';
import type { Observation, SeenEntry, SeenPayment } from './observation';
import type { FailedSession, RanSession } from './ran-session';

/** One thing that is not as it has to be. */
export type Violation = Readonly<{
  /** What kind of promise is broken, in kebab-case. */
  kind: string;
  /** The plan's name of the session with the service's id, or what else it is about. */
  subject: string;
  expected: string;
  got: string;
}>;

/** What has to have become of a session's money, worked out from what its charger delivered. */
export type Expectation = Readonly<{
  billedMinor: bigint;
  capturedMinor: bigint;
  receivableMinor: bigint;
  refundedMinor: bigint;
  /** No price at all: the token was not accepted, and a person has to look. */
  isQuarantined: boolean;
  hasHold: boolean;
  outcome: string | null;
}>;

export type RefundOf = (plan: RanSession['plan'], capturedMinor: bigint) => bigint;

/** What a driver asks back: a third, rounded down, or everything. */
export const refundMinor: RefundOf = ({ refund }, capturedMinor) => {
  if (refund === 'none') return 0n;
  return refund === 'all' ? capturedMinor : capturedMinor / 3n;
};

/** @returns undefined when nothing was delivered: then there must be no session. */
export const expectationOf = ({ plan, delivery }: RanSession): Expectation | undefined => {
  if (delivery === undefined) return undefined;
  if (plan.holder === 'unknown') {
    return {
      billedMinor: 0n,
      capturedMinor: 0n,
      receivableMinor: 0n,
      refundedMinor: 0n,
      isQuarantined: true,
      hasHold: false,
      outcome: null,
    };
  }
  const billedMinor = expectedTotalMinor(delivery);
  const hasHold = plan.holder !== 'declined' && plan.holder !== 'unauthenticated';
  const capturedMinor = !hasHold ? 0n : billedMinor < holdMinor ? billedMinor : holdMinor;
  const receivableMinor = billedMinor - capturedMinor;
  return {
    billedMinor,
    capturedMinor,
    receivableMinor,
    refundedMinor: refundMinor(plan, capturedMinor),
    isQuarantined: false,
    hasHold,
    outcome:
      receivableMinor > 0n ? 'receivable-open' : billedMinor === 0n ? 'nothing-due' : 'settled',
  };
};

type Check = (kind: string, expected: unknown, got: unknown) => readonly Violation[];

export const checkOf =
  (subject: string): Check =>
  (kind, expected, got) =>
    String(expected) === String(got)
      ? []
      : [{ kind, subject, expected: String(expected), got: String(got) }];

const ofSession = <T extends Readonly<{ sessionId?: string }>>(
  all: readonly T[],
  sessionId: string,
): readonly T[] => all.filter((one) => one.sessionId === sessionId);

const minorOf = (amount: Readonly<{ amountMinor: string }> | null | undefined): string =>
  amount?.amountMinor ?? '0';

const stateOf = ({ billedMinor, capturedMinor, hasHold, isQuarantined }: Expectation): string => {
  if (capturedMinor > 0n) return 'captured';
  if (isQuarantined) return 'absent';
  if (!hasHold) return 'declined';
  return billedMinor === 0n ? 'voided' : 'captured';
};

const judgePayments = (
  payments: readonly SeenPayment[],
  expected: Expectation,
  check: Check,
): readonly Violation[] => {
  const state = stateOf(expected);
  // A session that may not charge has a payment that never began, or none at all.
  if (state === 'absent' && payments.length === 0) return [];
  return [
    ...check('payments', 1, payments.length),
    ...payments.flatMap((payment) => [
      ...check('payment-state', state, payment.state),
      ...check('captured', expected.capturedMinor, minorOf(payment.captured)),
      ...check('receivable', expected.receivableMinor, minorOf(payment.receivable)),
      ...check('refunded', expected.refundedMinor, minorOf(payment.refunded)),
    ]),
  ];
};

/** The processor's own lists: what it took, gave back and still holds. */
const judgeProcessor = (
  sessionId: string,
  expected: Expectation,
  { processor, intents }: Observation,
  check: Check,
): readonly Violation[] => {
  const captures = processor.charges.filter(
    ({ metadata, captured }) => captured && metadata['sessionId'] === sessionId,
  );
  const own = intents.filter(({ metadata }) => metadata['sessionId'] === sessionId);
  return [
    ...check('processor-captures', expected.capturedMinor > 0n ? 1 : 0, captures.length),
    ...captures.flatMap((charge) => [
      ...check('processor-captured', expected.capturedMinor, charge.amount_captured),
      ...check('processor-refunded', expected.refundedMinor, charge.amount_refunded),
    ]),
    ...check('hold-left-open', 0, own.filter(({ status }) => status === 'requires_capture').length),
    // A hold that was made a second time is let go by nobody, even where it is captured by nobody.
    ...check(
      'holds-made',
      expected.hasHold ? 1 : 0,
      own.filter(({ status }) => status === 'succeeded' || status === 'canceled').length,
    ),
  ];
};

const rulesOf = (expected: Expectation): Readonly<Record<string, number>> => ({
  'cdr.issued': expected.billedMinor > 0n ? 1 : 0,
  'payment.captured': expected.capturedMinor > 0n ? 1 : 0,
  'payment.refunded': expected.refundedMinor > 0n ? 1 : 0,
  'receivable.opened': expected.receivableMinor > 0n ? 1 : 0,
  'processor.settled':
    (expected.capturedMinor > 0n ? 1 : 0) + (expected.refundedMinor > 0n ? 1 : 0),
});

const judgeEntries = (
  entries: readonly SeenEntry[],
  expected: Expectation,
  check: Check,
): readonly Violation[] =>
  Object.entries(rulesOf(expected)).flatMap(([rule, count]) =>
    check(
      `entries-${rule}`,
      count,
      entries.filter(({ postingRule }) => postingRule === rule).length,
    ),
  );

const judgeSession = (ran: RanSession, seen: Observation): readonly Violation[] => {
  const { plan, chargePointId, outcome, delivery } = ran;
  const expected = expectationOf(ran);
  if (!outcome.started || delivery === undefined || expected === undefined) {
    return checkOf(`${plan.id} ${plan.kind}`)('started', plan.kind === 'unknown-token', true);
  }
  const found = seen.sessions.filter(
    (session) =>
      session.chargePointId === chargePointId &&
      session.ocppTransactionId === String(outcome.transactionId),
  );
  const [session] = found;
  const named = `${plan.id} ${plan.kind} ${chargePointId}/${outcome.transactionId}`;
  if (session === undefined) return checkOf(named)('sessions', 1, 0);
  const check = checkOf(`${named} ${session.id}`);
  const cdrs = ofSession(seen.cdrs, session.id);
  const wh = deliveredWh(delivery.readings);
  const subjects = ofSession(seen.subjects, session.id);
  const closedAt = plan.tariff === 'idle' ? outcome.availableAt : outcome.stoppedAt;
  return [
    ...check('sessions', 1, found.length),
    ...check('session-status', 'closed', session.status),
    ...check('energy-wh', wh, session.energyWh),
    ...check('started-at', outcome.startedAt.toISOString(), session.startedAt),
    ...check('stopped-at', outcome.stoppedAt.toISOString(), session.stoppedAt),
    ...check('closed-at', closedAt.toISOString(), session.closedAt),
    ...check('quarantined', expected.isQuarantined, session.isQuarantined),
    ...check('cdrs', expected.isQuarantined ? 0 : 1, cdrs.length),
    ...cdrs.flatMap((cdr) => [
      ...check('billed-milli-wh', wh * 1_000n, cdr.energyMilliWh),
      ...check('billed', expected.billedMinor, cdr.totalInclTaxMinor),
    ]),
    ...judgePayments(ofSession(seen.payments, session.id), expected, check),
    ...judgeProcessor(session.id, expected, seen, check),
    ...judgeEntries(ofSession(seen.entries, session.id), expected, check),
    ...check('subjects', 1, subjects.length),
    ...subjects.flatMap((subject) => [
      ...check(
        'subject-status',
        expected.isQuarantined ? 'quarantined' : 'reconciled',
        subject.status,
      ),
      ...check('subject-outcome', expected.outcome, subject.outcome),
      ...check('subject-awaits', expected.isQuarantined ? 'review' : '', subject.awaited.join()),
    ]),
  ];
};

/** All that the judge looks at. */
export type Case = Readonly<{
  ran: readonly RanSession[];
  failed: readonly FailedSession[];
  seen: Observation;
}>;

const theyAre = (kind: string, all: readonly string[]): readonly Violation[] =>
  all.map((got) => ({ kind, subject: 'system', expected: 'none', got: got.slice(0, 300) }));

/** Everything that is not as the plan and the chargers' meters demand; nothing when all is well. */
export const judge = ({ ran, failed, seen }: Case): readonly Violation[] => {
  const delivered = ran.filter(({ delivery }) => delivery !== undefined);
  const priced = delivered.filter(({ plan }) => plan.holder !== 'unknown');
  const check = checkOf('system');
  return [
    ...failed.map(({ plan, chargePointId, reason }) => ({
      kind: 'session-unfinished',
      subject: `${plan.id} ${plan.kind} ${chargePointId}`,
      expected: 'all messages answered',
      got: reason,
    })),
    ...ran.flatMap((one) => judgeSession(one, seen)),
    ...check('sessions-in-all', delivered.length + failed.length, seen.sessions.length),
    ...check('cdrs-in-all', priced.length + failed.length, seen.cdrs.length),
    ...judgeBooks(ran, seen),
    ...seen.findings
      .filter(({ status }) => status === 'open')
      .map(({ sessionId, kind, detail }) => ({
        kind: 'finding-open',
        subject: sessionId,
        expected: 'none',
        got: `${kind}: ${detail}`,
      })),
    ...theyAre('parked', seen.parked),
    ...theyAre('unpublished', seen.unpublished),
    ...theyAre('frame-refused', seen.refusedFrames),
    ...theyAre('orphan', seen.orphans),
  ];
};
