import { type Metadata, status } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import {
  inSpan,
  isRetriable,
  noParent,
  sessionAttributes,
  withLogFacts,
} from '@tallywatt/event-log';
import type { AuthorizationPolicy } from '../domain/charging-authorization';
import { ChargingKnowledge } from '../outbound/charging-knowledge';
import { DecisionLog } from '../outbound/decision-log';
import { Vault } from '../outbound/vault';
import { decodeAuthorizeRequest, type AuthorizeRequest } from './authorize-request';
import { encodeAuthorizeResponse, type AuthorizeResponse } from './authorize-response';
import { decideCharging, decisionEvent } from './charging-decision';

export const authorizationPolicy = Symbol('authorization policy');
export const decisionLogger = Symbol('decision logger');

export type DecisionLogger = Readonly<{
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
      const tokenRef = await this.vault.referenceOf(request.cpoId, 'token', request.idTag);
      const decided = decideCharging(request, tokenRef, this.knowledge, this.policy);
      const { decision, expiresAt } = decided;
      await this.decisions.record(decisionEvent(request, decision));
      const { rule, tier } = decision;
      this.logger.info({ tokenRef, status: decision.status, rule, tier }, 'charging decided');
      return encodeAuthorizeResponse(decision, expiresAt);
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
}

/** The caller may ask again. */
export const unavailable = (message: string): RpcException =>
  new RpcException({ code: status.UNAVAILABLE, message });
