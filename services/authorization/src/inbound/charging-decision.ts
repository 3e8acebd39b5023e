import { randomUUID } from 'node:crypto';
import type { ChargingDecision, DecisionEvent } from '@tallywatt/contracts';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import {
  authorize,
  isAccepted,
  type AuthorizationPolicy,
  type AuthorizationRequest,
} from '../domain/charging-authorization';
import type { ChargingKnowledge } from '../outbound/charging-knowledge';
import type { AuthorizeRequest } from './authorize-request';

/** A decision, not yet written down, and until when its token is valid. */
export type Decided = Readonly<{ decision: ChargingDecision; expiresAt?: Instant }>;

/** Decides from memory: no query and no history is read. */
export const decideCharging = (
  request: AuthorizeRequest,
  tokenRef: string,
  knowledge: ChargingKnowledge,
  policy: AuthorizationPolicy,
): Decided => {
  const { cpoId, at, currency, tariffId } = request;
  const known = knowledge.of(cpoId, tokenRef, tariffId);
  const nowMs = Date.now();
  const decision = authorize({ tokenRef, at, currency, place: placeOf(request) }, known, policy, {
    decisionId: randomUUID(),
    decidedAt: instantFromEpochMs(nowMs),
    entitlementAgeMs: BigInt(knowledge.entitlements.ageMs(nowMs)),
  });
  const { token } = known;
  const expiresAt = token.status === 'absent' ? undefined : token.facts.expiresAt;
  return { decision, ...(expiresAt === undefined ? {} : { expiresAt }) };
};

/** What the log keeps of a decision. */
export const decisionEvent = (
  { cpoId, chargePointId, connectorId, purpose }: AuthorizeRequest,
  decision: ChargingDecision,
): DecisionEvent => ({
  type: isAccepted(decision) ? 'ChargingAuthorized' : 'ChargingDenied',
  cpoId,
  chargePointId,
  connectorId,
  purpose,
  decision,
});

const placeOf = ({
  chargePointId,
  locationId,
  siteGroups,
  evseGroups,
  timeZone,
}: AuthorizeRequest): AuthorizationRequest['place'] => ({
  chargePointId,
  siteGroups,
  evseGroups,
  ...(locationId === undefined ? {} : { locationId }),
  ...(timeZone === undefined ? {} : { timeZone }),
});
