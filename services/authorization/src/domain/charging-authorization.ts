import type { ChargingDecision } from '@tallywatt/contracts';
import type { Decimal } from '@tallywatt/money';
import { startTariff, type SessionStart, type TariffOffer } from '@tallywatt/tariffs';
import type { Instant } from '@tallywatt/time';
import { driverGroupsOf, type DriverFacts } from './driver-groups';
import type { Entitlement } from './entitlement';
import { versionOf } from './entitlement';
import { absentFleet, type Fleet } from './fleet';
import { includedEnergyOf } from './included-energy';
import { paymentOf, payerOf, type Payer, type PayerRefusal, type PaymentPolicy } from './payer';
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

/** What is known about the token, its driver's membership, its fleet and the tariffs of the CPO. */
export type Known = Readonly<{
  token: Token;
  entitlement: Entitlement;
  /** That of the token; left out where it is of none, or its fleet is not known. */
  fleet?: Fleet;
  tariffs: TariffOffer;
}>;

export type AuthorizationPolicy = PaymentPolicy;

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
  | PayerRefusal
  | 'roaming-tariff-missing'
  | 'roaming'
  | 'fleet-plan'
  | 'member-entitled'
  | 'entitlement-expired-retail'
  | 'entitlement-revoked-retail'
  | 'retail';

/** OCPP 1.6 AuthorizationStatus (section 7.2). */
export type AuthorizationStatus = 'Accepted' | 'Blocked' | 'Expired' | 'Invalid' | 'ConcurrentTx';

const retailTier = 'retail';
/** Of other networks' drivers: at no tier of ours, and never at retail. */
const roamingTier = 'roaming';

/**
 * Decides whether a token may charge, at which tier, on whose account and with which hold.
 *
 * A membership counts when it is granted and its term ends after `at`. One that has lapsed, was
 * revoked or never existed gives the retail tier, and the rule says which. A token of a fleet charges
 * at the fleet's plan, whatever its driver is a member of, and one of another network at what is
 * assigned to that network, or not at all.
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
  const { expiresAt } = token.facts;
  if (expiresAt !== undefined && expiresAt <= request.at) {
    return denied('Expired', 'token-expired', request, known, moment);
  }
  const payer = payerOf(token.facts, known.fleet ?? absentFleet, policy);
  if (payer.kind === 'nobody') return denied('Blocked', payer.rule, request, known, moment);
  const tier = tierOf(payer, known.entitlement, request.at);
  const priced = tariffOf(known, request, tier.tier);
  if (payer.kind === 'home-network' && priced.tariff === undefined) {
    return denied('Blocked', 'roaming-tariff-missing', request, known, moment);
  }
  const subjectRef = payer.kind === 'fleet' ? payer.fleetRef : token.facts.driverRef;
  const { siteGroups, timeZone } = request.place;
  const drawer = { tier: tier.tier, subjectRef, siteGroups, timeZone, at: request.at };
  return {
    decisionId: moment.decisionId,
    status: 'Accepted',
    tokenRef: request.tokenRef,
    ...ownersOf(token),
    ...tier,
    ...(payer.kind === 'driver' ? entitlementEvidence(known, moment) : {}),
    ...paymentOf(payer, policy, request.currency),
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
): ChargingDecision => {
  // A session that a charger starts all the same still has to be priced: at retail, but for what the
  // drivers of other networks are never priced by.
  const tier = roamingOf(known) === undefined ? retailTier : roamingTier;
  return {
    decisionId: moment.decisionId,
    status,
    tokenRef: request.tokenRef,
    ...(known.token.status === 'absent' ? {} : ownersOf(known.token)),
    tier,
    ...entitlementEvidence(known, moment),
    paymentRoute: 'none',
    ...tariffOf(known, request, tier, 'denied'),
    rule,
    decidedAt: moment.decidedAt,
  };
};

const roamingOf = ({ token }: Known) =>
  token.status === 'absent' ? undefined : token.facts.roaming;

/** Whoever may not charge is in no group but those of its tier and its home network. */
const driverFactsOf = (known: Known, tier: string, denied: 'denied' | undefined): DriverFacts => {
  const roaming = roamingOf(known);
  const { token } = known;
  const facts = token.status === 'absent' || denied !== undefined ? undefined : token.facts;
  return {
    tier,
    ...(facts === undefined ? {} : { tokenType: facts.tokenType }),
    ...(facts?.groupRef === undefined ? {} : { groupRef: facts.groupRef }),
    ...(roaming === undefined ? {} : { roamingPartyId: roaming.partyId }),
  };
};

/** What prices the session, and which assignment says so; nothing when no version is in force. */
const tariffOf = (
  known: Known,
  { at, currency, place }: AuthorizationRequest,
  tier: string,
  denied?: 'denied',
): Pick<ChargingDecision, 'tariff' | 'tariffAssignmentId' | 'tariffAssignmentRevision'> => {
  const chosen = startTariff(known.tariffs, {
    ...place,
    at,
    currency,
    driverGroups: driverGroupsOf(driverFactsOf(known, tier, denied)),
  });
  if (chosen === undefined) return {};
  const { reference: tariff, assignment } = chosen;
  if (assignment === undefined) return { tariff };
  const { assignmentId: tariffAssignmentId, revision: tariffAssignmentRevision } = assignment;
  return { tariff, tariffAssignmentId, tariffAssignmentRevision };
};

type TierDecision = Readonly<{ tier: string; discountPercent?: Decimal; rule: AuthorizationRule }>;

const tierOf = (payer: Payer, entitlement: Entitlement, at: Instant): TierDecision => {
  if (payer.kind === 'fleet') return { tier: payer.plan, rule: 'fleet-plan' };
  if (payer.kind === 'home-network') return { tier: roamingTier, rule: 'roaming' };
  return tierAt(entitlement, at);
};

const tierAt = (entitlement: Entitlement, at: Instant): TierDecision => {
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
