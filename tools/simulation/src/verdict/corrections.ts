import type { CdrEvent, CdrIssued, CreditCdrIssued, PaymentEvent } from '@tallywatt/contracts';
import { hold, holdSame } from '../ground/violation';
import type { SessionEvidence } from './evidence';

/** The CDR that stands, and whether what came after it could not be priced. */
export type Standing = Readonly<{ cdr?: CdrIssued; isCorrectionWithheld: boolean }>;

/** Follows the CDRs of a session in the order of the log: each is credited before the next. */
export const standingOf = (cdrs: readonly CdrEvent[]): Standing => {
  let cdr: CdrIssued | undefined;
  let credited: CdrIssued | undefined;
  let isCorrectionWithheld = false;
  for (const event of cdrs) {
    const rule = 'exactly one CDR stands';
    switch (event.type) {
      case 'CdrIssued':
        hold(cdr === undefined, rule, () => `${event.cdrId} beside ${cdr?.cdrId ?? ''}`);
        holdSame(event.replacesCdrId, credited?.cdrId, rule, `what ${event.cdrId} replaces`);
        cdr = event;
        isCorrectionWithheld = false;
        break;
      case 'CreditCdrIssued':
        holdSame(event.creditedCdrId, cdr?.cdrId, rule, `what ${event.cdrId} credits`);
        if (cdr !== undefined) judgeMirror(event, cdr);
        credited = cdr;
        cdr = undefined;
        break;
      case 'CdrWithheld':
        isCorrectionWithheld = cdr !== undefined;
        break;
    }
  }
  return { isCorrectionWithheld, ...(cdr === undefined ? {} : { cdr }) };
};

const judgeMirror = (credit: CreditCdrIssued, cdr: CdrIssued): void => {
  const amounts = (one: CdrIssued | CreditCdrIssued, sign: bigint) => [
    sign * one.totalExclTaxMinor,
    sign * one.totalTaxMinor,
    sign * one.totalInclTaxMinor,
    sign * one.energyMilliWh,
    ...one.lines.map(({ dimension, amountMinor }) => `${dimension} ${sign * amountMinor}`),
    ...one.taxes.map(({ taxableMinor, taxMinor }) => `${sign * taxableMinor} ${sign * taxMinor}`),
  ];
  holdSame(amounts(credit, -1n), amounts(cdr, 1n), 'a credit mirrors its CDR', credit.cdrId);
};

type Refunded = Readonly<{ amountMinor: bigint; isGiven: boolean; isCorrection: boolean }>;

/** What became of each refund in the end. */
export const refundsOf = (payments: readonly PaymentEvent[]): readonly Refunded[] => {
  const refunds = new Map<string, Refunded>();
  for (const event of payments) {
    if (
      event.type !== 'PaymentRefundRequested' &&
      event.type !== 'PaymentRefunded' &&
      event.type !== 'PaymentRefundFailed'
    ) {
      continue;
    }
    const asked = event.type === 'PaymentRefundRequested' && event.correctedCdrId !== undefined;
    refunds.set(event.refundId, {
      amountMinor: event.amount.amountMinor,
      isGiven: event.type === 'PaymentRefunded',
      isCorrection: asked || refunds.get(event.refundId)?.isCorrection === true,
    });
  }
  return [...refunds.values()];
};

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, one) => total + one, 0n);

/** What people have given back of their own accord, and it went through. */
export const goodwillMinor = ({ payments }: SessionEvidence): bigint =>
  sum(
    refundsOf(payments)
      .filter(({ isCorrection, isGiven }) => isGiven && !isCorrection)
      .map(({ amountMinor }) => amountMinor),
  );

/**
 * What is collected or owed beyond the bills: nothing, unless money that a correction should give
 * back had gone back already, or bounced.
 */
export const surplusMinor = (session: SessionEvidence): bigint => {
  const { payments, issued, credited } = session;
  let settledMinor = 0n;
  for (const event of payments) {
    if (event.type === 'PaymentCaptured' || event.type === 'ReceivableOpened') {
      settledMinor += event.amount.amountMinor;
    }
    if (event.type === 'ReceivableReduced') settledMinor -= event.amount.amountMinor;
  }
  const refunds = refundsOf(payments);
  const givenMinor = sum(
    refunds
      .filter(({ isCorrection, isGiven }) => isCorrection && isGiven)
      .map(({ amountMinor }) => amountMinor),
  );
  const billedMinor = sum([...issued, ...credited].map(({ event }) => event.totalInclTaxMinor));
  return settledMinor - givenMinor - billedMinor;
};

/** A surplus has a cause that nobody but a person can mend. */
export const judgeSurplus = (session: SessionEvidence): void => {
  const { stored, payments } = session;
  const surplus = surplusMinor(session);
  const rule = 'captured and receivable are what was billed';
  if (surplus === 0n) return;
  const bounced = refundsOf(payments).filter(
    ({ isCorrection, isGiven }) => isCorrection && !isGiven,
  );
  const mostMinor = goodwillMinor(session) + sum(bounced.map(({ amountMinor }) => amountMinor));
  const isExplained = surplus > 0n && surplus <= mostMinor;
  hold(isExplained, rule, () => `${stored.sessionId}: ${surplus} too much, of ${mostMinor}`);
};
