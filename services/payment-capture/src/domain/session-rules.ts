import {
  derivedId,
  type CdrIssued,
  type SessionStarted,
  type TaxPortion,
} from '@tallywatt/contracts';
import type { Money } from '@tallywatt/money';
import { type Instant, instantFromEpochMs, parseInstant } from '@tallywatt/time';
import type { PaymentCommand, PreauthorizePayment } from './payment-command';
import type { PaymentIdentity } from './payment-state';

/** One session, one payment. */
export const paymentIdOf = (cpoId: string, sessionId: string): string =>
  derivedId(cpoId, 'payment', sessionId);

/** What a CDR says that a payment needs. */
export type SessionPrice = Readonly<{
  cdrId: string;
  /** What the payment has to bring: nothing of a CDR that a home network or a fleet is billed. */
  total: Money;
  /** The credited CDRs in whose place it stands, the first one first. */
  replacedCdrIds: readonly string[];
  taxes: readonly TaxPortion[];
  issuedAt: Instant;
}>;

/** Payment routes on which somebody else than the driver gets the bill, outside of any payment. */
const routesOfOthers: readonly string[] = ['roaming', 'fleet'];

/**
 * What a CDR that was issued then means for its payment. Only a driver's asks for money here: a CDR
 * that is billed to a home network or a fleet is to its payment as one over nothing, its correction
 * too, so that it is never captured, never owed by a driver and never refunded to a card (ADR 28).
 */
export const priceOf = (cdr: CdrIssued, issuedAt: Instant): SessionPrice => {
  const { cdrId, totalInclTaxMinor, currency, taxes, replacesCdrId } = cdr;
  const isDrivers = !routesOfOthers.includes(cdr.paymentRoute);
  return {
    cdrId,
    total: { amountMinor: isDrivers ? totalInclTaxMinor : 0n, currency },
    replacedCdrIds: replacesCdrId === undefined ? [] : [replacesCdrId],
    taxes: isDrivers ? taxes : [],
    issuedAt,
  };
};

/** What other topics have said so far about the session of a payment. */
export type SessionFacts = Readonly<{
  identity: PaymentIdentity;
  /** The start has been seen, so that a missing hold means that none was to be asked for. */
  started: boolean;
  price?: SessionPrice;
  withheldReason?: string;
  /** Until when the hold is kept although there is no price; see `correctionAwaitedUntil`. */
  holdKeptUntil?: Instant;
}>;

/**
 * A rule: until when a hold is kept for a session whose CDR was withheld. Where the charger never told
 * the stop, it may still do so: then there is a CDR, and no more than the hold secures it. Any other
 * doubt waits for a person, and the driver's money does not.
 */
export const correctionAwaitedUntil = (
  withheldReason: string,
  withheldAt: Instant,
  correctionHours: number,
): Instant | undefined =>
  withheldReason === 'stop-estimated' && correctionHours > 0
    ? instantFromEpochMs(parseInstant(withheldAt) + Math.round(correctionHours * 3_600_000))
    : undefined;

/** A rule: the first CDR counts, until another takes its place. One that was seen changes nothing. */
export const withPrice = (facts: SessionFacts, price: SessionPrice): SessionFacts => {
  if (facts.price === undefined) return { ...facts, price };
  const seen = [...facts.price.replacedCdrIds, facts.price.cdrId];
  if (price.replacedCdrIds.length === 0 || seen.includes(price.cdrId)) return facts;
  const replacedCdrIds = [...new Set([...seen, ...price.replacedCdrIds])];
  return { ...facts, price: { ...price, replacedCdrIds } };
};

/** A rule: a session that may charge on a card, with a hold, has its payment pre-authorized. */
export const preauthorizationOf = (
  started: SessionStarted,
  identity: PaymentIdentity,
): PreauthorizePayment | undefined => {
  const { status, paymentRoute, hold, paymentMethodId } = started.decision;
  if (status !== 'Accepted' || paymentRoute !== 'card') return undefined;
  if (hold === undefined || hold.amountMinor <= 0n || paymentMethodId === undefined) {
    return undefined;
  }
  return { type: 'PreauthorizePayment', ...identity, amount: hold, paymentMethodId };
};

/**
 * A rule: what the end of a session asks of its payment. It is asked again after every answer of
 * the processor, because the price can come while a hold is still unknown.
 */
export const settlementOf = (facts: SessionFacts): PaymentCommand | undefined => {
  if (!facts.started) return undefined;
  if (facts.price !== undefined) {
    const { cdrId, total, replacedCdrIds } = facts.price;
    return { type: 'SettleSession', ...facts.identity, cdrId, total, replacedCdrIds };
  }
  // A timer takes it away again, and asks once more.
  return facts.withheldReason === undefined || facts.holdKeptUntil !== undefined
    ? undefined
    : { type: 'ReleaseHold', reason: 'cdr-withheld' };
};
