import { status } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import { noParent, recordSpan, sessionAttributes } from '@tallywatt/event-log';
import type { AuthorizationPolicy } from '../domain/charging-authorization';
import { ChargingKnowledge } from '../outbound/charging-knowledge';
import { DeferredDecisions } from '../outbound/deferred-decisions';
import { Vault } from '../outbound/vault';
import { readAuthorizeRequest, type AuthorizeRequest } from './authorize-request';
import { encodeAuthorizeResponse, type AuthorizeResponse } from './authorize-response';
import {
  authorizationPolicy,
  decisionLogger,
  type DecisionLogger,
  unavailable,
} from './authorize.controller';
import { decideCharging, decisionEvent } from './charging-decision';

/** As proto-loader gives it; what is empty is left out. */
type Batch = Readonly<{
  questions?: readonly Readonly<{ request?: unknown; traceparent?: string }>[];
}>;
type Outcome = Readonly<{ response: AuthorizeResponse }> | Readonly<{ referred: string }>;

const questionsMax = 1_000;

/**
 * Swipes that start nothing, many in one call: answered from memory, each by itself, and written
 * down right after. What that is not enough for is referred to Authorize, which may wait.
 */
@Controller()
export class AuthorizeBatchController {
  constructor(
    @Inject(ChargingKnowledge) private readonly knowledge: ChargingKnowledge,
    @Inject(Vault) private readonly vault: Vault,
    @Inject(DeferredDecisions) private readonly deferred: DeferredDecisions,
    @Inject(authorizationPolicy) private readonly policy: AuthorizationPolicy,
    @Inject(decisionLogger) private readonly logger: DecisionLogger,
  ) {}

  /** Nothing in here waits: one question never keeps the others from their answers. */
  @GrpcMethod('AuthorizationService', 'AuthorizeBatch')
  authorizeBatch({ questions = [] }: Batch): Readonly<{ outcomes: readonly Outcome[] }> {
    if (!this.knowledge.isWarm()) {
      throw unavailable('the entitlement cache is not warm yet; ask again');
    }
    if (questions.length > questionsMax) {
      const message = `questions: at most ${questionsMax} go together`;
      throw new RpcException({ code: status.INVALID_ARGUMENT, message });
    }
    return {
      outcomes: questions.map(({ request, traceparent }) => this.outcomeOf(request, traceparent)),
    };
  }

  private outcomeOf(message: unknown, traceparent: string | undefined): Outcome {
    const request = readAuthorizeRequest(message);
    if (typeof request === 'string') return { referred: request };
    if (request.purpose !== 'authorize') return { referred: 'purpose: has to be durable first' };
    try {
      return this.answer(request, traceparent);
    } catch (error) {
      this.logger.error({ err: error, chargePointId: request.chargePointId }, 'not decided');
      return { referred: 'the decision failed; see the log' };
    }
  }

  private answer(request: AuthorizeRequest, traceparent: string | undefined): Outcome {
    const { cpoId, chargePointId, idTag } = request;
    const tokenRef = this.vault.rememberedTokenRef(cpoId, idTag);
    if (tokenRef === undefined) return { referred: 'idTag: no such token is known in memory' };
    const { decision, expiresAt } = decideCharging(request, tokenRef, this.knowledge, this.policy);
    const trace = recordSpan('authorization AuthorizeBatch', {
      kind: 'server',
      parent: traceparent ?? noParent,
      attributes: sessionAttributes({ cpoId, chargePointId }),
    });
    if (!this.deferred.take(decisionEvent(request, decision), trace)) {
      return { referred: 'too many decisions wait to be written down' };
    }
    return { response: encodeAuthorizeResponse(decision, expiresAt) };
  }
}
