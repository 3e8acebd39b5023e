import type { ChargingDecision } from '@tallywatt/contracts';
import { decimalToRational, toMinor, type Decimal, type Money } from '@tallywatt/money';
import { startTariff, type SessionStart, type TariffOffer } from '@tallywatt/tariffs';
import type { Instant } from '@tallywatt/time';
import { driverGroupsOf, type DriverFacts } from './driver-groups';
import type { Entitlement } from './entitlement';
import { versionOf } from './entitlement';
import { includedEnergyOf } from './included-energy';
import type { IssuedToken, Token } from './token';

/** A token asks to charge at a charge point. */
export type AuthorizationRequest = Readonly<{
  tokenRef: string;
  /** The moment decided for: the start the charger claims, or now. */
  at: Instant;
  /** ISO 4217, of the charge point. */
  currency: string;
  /** Where it asks, as far as tariffs are assigned by it. */
  place: Omit<SessionStart, 'at' | 'driverGroups' | 'currency'>;
}>;

/** What is known about the token, its driver's membership and the tariffs of the CPO. */
export type Known = Readonly<{
  token: Token;
  entitlement: Entitlement;
  tariffs: TariffOffer;
}>;

export type AuthorizationPolicy = Readonly<{
  /** Amount to hold at the start, in major units of the charge point's currency. */
  holdMajorUnits: Decimal;
  /** Whether a valid token may charge when no card stands behind it. */
  allowWithoutPaymentMethod: boolean;
}>;

/** What the shell adds: the domain has no clock and no random numbers. */
export type DecisionMoment = Readonly<{
  decisionId: string;
  decidedAt: Instant;
  /** Milliseconds since the entitlement cache was last known to hold the whole topic. */
  entitlementAgeMs: bigint;
}>;

/** Which rule decided. */
export type AuthorizationRule =
  | 'token-unknown'
  | 'token-blocked'
  | 'token-expired'
  | 'payment-method-missing'
  | 'member-entitled'
  | 'entitlement-expired-retail'
  | 'entitlement-revoked-retail'
  | 'retail';

/** OCPP 1.6 AuthorizationStatus (section 7.2). */
export type AuthorizationStatus = 'Accepted' | 'Blocked' | 'Expired' | 'Invalid' | 'ConcurrentTx';

const retailTier = 'retail';

/**
 * Decides whether a token may charge, at which tier, on whose account and with which hold.
 *
 * A membership counts when it is granted and its term ends after `at`. One that has lapsed, was
 * revoked or never existed gives the retail tier, and the rule says which.
 * @throws UnknownCurrency when the request's currency has no known minor unit.
 */
export const authorize = (
  request: AuthorizationRequest,
  known: Known,
  policy: AuthorizationPolicy,
  moment: DecisionMoment,
): ChargingDecision => {
  const { token } = known;
  if (token.status === 'absent') {
    return denied('Invalid', 'token-unknown', request, known, moment);
  }
  if (token.status === 'blocked') {
    return denied('Blocked', 'token-blocked', request, known, moment);
  }
  const { expiresAt, paymentMethodId } = token.facts;
  if (expiresAt !== undefined && expiresAt <= request.at) {
    return denied('Expired', 'token-expired', request, known, moment);
  }
  if (paymentMethodId === undefined && !policy.allowWithoutPaymentMethod) {
    return denied('Blocked', 'payment-method-missing', request, known, moment);
  }
  const tier = tierAt(known.entitlement, request.at);
  const priced = tariffOf(known, request, { ...token.facts, tier: tier.tier });
  const { driverRef } = token.facts;
  const { siteGroups, timeZone } = request.place;
  const drawer = { tier: tier.tier, driverRef, siteGroups, timeZone, at: request.at };
  return {
    decisionId: moment.decisionId,
    status: 'Accepted',
    tokenRef: request.tokenRef,
    ...ownersOf(token),
    ...tier,
    ...entitlementEvidence(known, moment),
    ...paymentOf(paymentMethodId, policy, request.currency),
    ...priced,
    ...includedEnergyOf(known.tariffs, priced.tariff, drawer),
    decidedAt: moment.decidedAt,
  };
};

/** Whether a decision lets the token charge. */
export const isAccepted = (decision: ChargingDecision): boolean => decision.status === 'Accepted';

const denied = (
  status: AuthorizationStatus,
  rule: AuthorizationRule,
  request: AuthorizationRequest,
  known: Known,
  moment: DecisionMoment,
): ChargingDecision => ({
  decisionId: moment.decisionId,
  status,
  tokenRef: request.tokenRef,
  ...(known.token.status === 'absent' ? {} : ownersOf(known.token)),
  tier: retailTier,
  ...entitlementEvidence(known, moment),
  paymentRoute: 'none',
  // A session that a charger starts all the same still has to be priced: at retail.
  ...tariffOf(known, request, { tier: retailTier }),
  rule,
  decidedAt: moment.decidedAt,
});

/** What prices the session, and which assignment says so; nothing when no version is in force. */
const tariffOf = (
  { tariffs }: Known,
  { at, currency, place }: AuthorizationRequest,
  driver: DriverFacts,
): Pick<ChargingDecision, 'tariff' | 'tariffAssignmentId' | 'tariffAssignmentRevision'> => {
  const chosen = startTariff(tariffs, {
    ...place,
    at,
    currency,
    driverGroups: driverGroupsOf(driver),
  });
  if (chosen === undefined) return {};
  const { reference: tariff, assignment } = chosen;
  if (assignment === undefined) return { tariff };
  const { assignmentId: tariffAssignmentId, revision: tariffAssignmentRevision } = assignment;
  return { tariff, tariffAssignmentId, tariffAssignmentRevision };
};

const tierAt = (
  entitlement: Entitlement,
  at: Instant,
): Readonly<{ tier: string; discountPercent?: Decimal; rule: AuthorizationRule }> => {
  if (entitlement.status === 'absent') return { tier: retailTier, rule: 'retail' };
  if (entitlement.status === 'revoked') {
    return { tier: retailTier, rule: 'entitlement-revoked-retail' };
  }
  const { tier, discountPercent, validUntil } = entitlement.terms;
  // The recorded expiry says the same as the term; a start claimed from before it keeps its tier.
  return validUntil !== undefined && validUntil <= at
    ? { tier: retailTier, rule: 'entitlement-expired-retail' }
    : { tier, ...discountOf(discountPercent), rule: 'member-entitled' };
};

// A discount of 0 states nothing: what the tariff says for the tier holds.
const discountOf = (discountPercent: Decimal): Readonly<{ discountPercent?: Decimal }> =>
  discountPercent.unscaled === 0n ? {} : { discountPercent };

const ownersOf = ({ facts }: IssuedToken): Readonly<{ driverRef?: string; groupRef?: string }> => ({
  ...(facts.driverRef === undefined ? {} : { driverRef: facts.driverRef }),
  ...(facts.groupRef === undefined ? {} : { groupRef: facts.groupRef }),
});

const entitlementEvidence = (
  { token, entitlement }: Known,
  { entitlementAgeMs }: DecisionMoment,
): Readonly<{ entitlementVersion?: bigint; entitlementAgeMs?: bigint }> => {
  if (token.status === 'absent' || token.facts.driverRef === undefined) return {};
  // That there is no membership is knowledge too, and as old as the cache.
  return entitlement.status === 'absent'
    ? { entitlementAgeMs }
    : { entitlementVersion: versionOf(entitlement), entitlementAgeMs };
};

const paymentOf = (
  paymentMethodId: string | undefined,
  policy: AuthorizationPolicy,
  currency: string,
): Readonly<{ paymentRoute: string; paymentMethodId?: string; hold?: Money }> => {
  if (paymentMethodId === undefined) return { paymentRoute: 'none' };
  const amountMinor = toMinor(
    decimalToRational(policy.holdMajorUnits),
    currency,
    'half-away-from-zero',
  );
  return { paymentRoute: 'card', paymentMethodId, hold: { amountMinor, currency } };
};
