import { randomUUID } from 'node:crypto';
import { type Metadata, status } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import type { ChargingDecision } from '@tallywatt/contracts';
import {
  inSpan,
  isRetriable,
  noParent,
  sessionAttributes,
  withLogFacts,
} from '@tallywatt/event-log';
import { instantFromEpochMs } from '@tallywatt/time';
import {
  authorize,
  isAccepted,
  type AuthorizationPolicy,
  type AuthorizationRequest,
  type Known,
} from '../domain/charging-authorization';
import { ChargingKnowledge } from '../outbound/charging-knowledge';
import { DecisionLog } from '../outbound/decision-log';
import { Vault } from '../outbound/vault';
import { decodeAuthorizeRequest, type AuthorizeRequest } from './authorize-request';
import { encodeAuthorizeResponse, type AuthorizeResponse } from './authorize-response';

export const authorizationPolicy = Symbol('authorization policy');
export const decisionLogger = Symbol('decision logger');

type DecisionLogger = Readonly<{
  info: (facts: object, message: string) => void;
  error: (facts: object, message: string) => void;
}>;

/** The gateway asks here, in band: answered from memory, after the decision is durable. */
@Controller()
export class AuthorizeController {
  constructor(
    @Inject(ChargingKnowledge) private readonly knowledge: ChargingKnowledge,
    @Inject(Vault) private readonly vault: Vault,
    @Inject(DecisionLog) private readonly decisions: DecisionLog,
    @Inject(authorizationPolicy) private readonly policy: AuthorizationPolicy,
    @Inject(decisionLogger) private readonly logger: DecisionLogger,
  ) {}

  @GrpcMethod('AuthorizationService', 'Authorize')
  authorize(message: unknown, metadata?: Metadata): Promise<AuthorizeResponse> {
    const request = decodeAuthorizeRequest(message);
    const { cpoId, chargePointId, purpose } = request;
    const about = { cpoId, chargePointId };
    const [traceparent] = metadata?.get('traceparent') ?? [];
    const facts = {
      kind: 'server',
      parent: traceparent?.toString() ?? noParent,
      attributes: {
        'rpc.system': 'grpc',
        'rpc.service': 'tallywatt.access.v1.AuthorizationService',
        'rpc.method': 'Authorize',
        'tallywatt.purpose': purpose,
        ...sessionAttributes(about),
      },
    } as const;
    return inSpan('authorization Authorize', facts, () =>
      withLogFacts(about, () => this.answer(request)),
    );
  }

  private async answer(request: AuthorizeRequest): Promise<AuthorizeResponse> {
    if (!this.knowledge.isWarm()) {
      throw unavailable('the entitlement cache is not warm yet; ask again');
    }
    try {
      const { decision, known } = await this.decide(request);
      await this.decisions.record(decisionEvent(request, decision));
      const { tokenRef, rule, tier } = decision;
      this.logger.info({ tokenRef, status: decision.status, rule, tier }, 'charging decided');
      const { token } = known;
      return encodeAuthorizeResponse(
        decision,
        token.status === 'absent' ? undefined : token.facts.expiresAt,
      );
    } catch (error) {
      this.logger.error({ err: error, chargePointId: request.chargePointId }, 'not decided');
      if (isRetriable(error)) {
        throw unavailable('the decision could not be made durable; ask again');
      }
      throw new RpcException({
        code: status.INTERNAL,
        message: 'the decision failed; see the log',
      });
    }
  }

  private async decide(
    request: AuthorizeRequest,
  ): Promise<Readonly<{ decision: ChargingDecision; known: Known }>> {
    const { cpoId, at, currency, tariffId } = request;
    const tokenRef = await this.vault.referenceOf(cpoId, 'token', request.idTag);
    const known = this.knowledge.of(cpoId, tokenRef, tariffId);
    const nowMs = Date.now();
    const decision = authorize(
      { tokenRef, at, currency, place: placeOf(request) },
      known,
      this.policy,
      {
        decisionId: randomUUID(),
        decidedAt: instantFromEpochMs(nowMs),
        entitlementAgeMs: BigInt(this.knowledge.entitlements.ageMs(nowMs)),
      },
    );
    return { decision, known };
  }
}

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

const decisionEvent = (
  { cpoId, chargePointId, connectorId, purpose }: AuthorizeRequest,
  decision: ChargingDecision,
) =>
  ({
    type: isAccepted(decision) ? 'ChargingAuthorized' : 'ChargingDenied',
    cpoId,
    chargePointId,
    connectorId,
    purpose,
    decision,
  }) as const;

const unavailable = (message: string): RpcException =>
  new RpcException({ code: status.UNAVAILABLE, message });
