import type { SessionEvidence } from './evidence';
import type { Scenario } from './scenarios';

const amount = (minor: string, currency: string): string => `${minor} ${currency} minor`;

/** One session's way from frame to payout, for people. */
export const sessionReport = (scenario: Scenario, evidence: SessionEvidence): string => {
  const { session, cdr, payments, journal, subject } = evidence;
  const lines = [
    '',
    `== ${scenario.name}: ${scenario.story}`,
    `   session ${session.id}`,
    '   what the charger said (services/ocpp-gateway)',
    ...session.events.map(({ type, occurredAt, position, contentHash }) => {
      const place =
        position === null ? '' : `${position.topic}[${position.partition}]@${position.offset}`;
      return `     ${occurredAt}  ${type.padEnd(22)} ${place}  #${contentHash.slice(0, 12)}`;
    }),
    '   the price (services/pricing-engine, libs/tariffs)',
    ...cdr.lines.map(
      (line) =>
        `     ${line.dimension.padEnd(13)} ${line.amountMinor.padStart(6)}  ${line.explanation}`,
    ),
    `     together ${amount(cdr.totalExclTaxMinor, cdr.currency)} and ${cdr.totalTaxMinor} tax: ${amount(cdr.totalInclTaxMinor, cdr.currency)}`,
    '   the payment (services/payment-capture)',
    ...payments.map(
      (payment) =>
        `     ${String(payment['paymentId'] ?? payment['id'])}  ${String(payment['status'] ?? payment['state'])}`,
    ),
    '   the books (services/ledger)',
    ...journal.flatMap((entry) => [
      `     ${entry.postingRule}`,
      ...entry.lines.map(
        ({ account, side, amountMinor }) =>
          `       ${side.padEnd(6)} ${account.padEnd(36)} ${amountMinor.padStart(8)} ${entry.currency}`,
      ),
    ]),
    '   all of it together (services/reconciliation)',
    `     ${subject.status}, ${subject.outcome ?? 'no outcome'}: billed ${subject.billedMinor}, captured ${subject.capturedMinor}, refunded ${subject.refundedMinor}, fees ${subject.feesMinor}, paid out ${subject.paidOutMinor}, owed ${subject.receivableMinor}`,
  ];
  return lines.join('\n');
};
