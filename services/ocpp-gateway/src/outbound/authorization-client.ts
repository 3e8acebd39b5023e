import { create, fromBinary, toBinary, toJson, type DescMessage } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Client,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  AuthorizationService,
  type AuthorizeRequest,
  AuthorizeRequestSchema,
  AuthorizeResponseSchema,
  type ChargingDecision,
  decodeMessage,
} from '@tallywatt/contracts';
import { activeTraceparent, inSpan, sessionAttributes } from '@tallywatt/event-log';
import { type Instant, parseInstant } from '@tallywatt/time';
import { authorizeTogether } from './authorize-batch';
import type { Swipe, SwipePlace, TokenAnswer } from './authorize-wire';
import { QuestionsWaiting } from './question-batches';

export type AuthorizationQuestion = SwipePlace &
  Omit<Swipe, 'place'> &
  Readonly<{ purpose: 'authorize' | 'start' }>;

export type AuthorizationAnswer = Readonly<{
  decision: ChargingDecision;
  expiresAt?: Instant;
  parentIdTag?: string;
}>;

/** Nobody could be asked in time. The charger is told to come again: no session without a decision. */
export class AuthorizationUnavailable extends Error {
  readonly code = 'authorization-unavailable';
  readonly retriable = true;
}

export type AuthorizationClient = Readonly<{
  /** The decision with its evidence, durable: a session can begin with it. */
  authorize: (question: AuthorizationQuestion) => Promise<AuthorizationAnswer>;
  /** Only whether the token may charge: asked together with others, answered from memory. */
  mayCharge: (swipe: Swipe) => Promise<TokenAnswer>;
  /** Whether it is reached at all; a text says that it is not. */
  state: () => true | string;
  close: () => void;
}>;

const callTimeoutMs = 3_000;
// Nobody here cancels a call: CANCELLED is what an authorization that goes down leaves of one.
const retriedStatuses: readonly status[] = [
  status.CANCELLED,
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNKNOWN,
];
const path = `/${AuthorizationService.typeName}/${AuthorizationService.method.authorize.name}`;

const requestOf = (question: AuthorizationQuestion): AuthorizeRequest => {
  const { at, siteGroups, evseGroups, ...rest } = question;
  return create(AuthorizeRequestSchema, {
    ...rest,
    siteGroups: [...siteGroups],
    evseGroups: [...evseGroups],
    at: timestampFromMs(parseInstant(at)),
  });
};

const encodeQuestion = (question: AuthorizationQuestion): Buffer =>
  Buffer.from(toBinary(AuthorizeRequestSchema, requestOf(question)));

/** Through proto3 JSON into the contracts' own reader: int64 as bigint, timestamps as instants. */
const decodeAnswer = (bytes: Buffer): AuthorizationAnswer => {
  const json = toJson(AuthorizeResponseSchema, fromBinary(AuthorizeResponseSchema, bytes), {
    alwaysEmitImplicit: true,
  });
  const desc: DescMessage = AuthorizeResponseSchema;
  return decodeMessage(desc, json) as unknown as AuthorizationAnswer;
};

/** Carries the trace over to authorization, as W3C writes it. */
const traceMetadata = (): Metadata => {
  const metadata = new Metadata();
  const traceparent = activeTraceparent();
  if (traceparent !== undefined) metadata.set('traceparent', traceparent);
  return metadata;
};

/** As the connection says; while it is tried again what was said before holds. */
const reachOf = (client: Client, address: string): (() => true | string) => {
  let isReached = true;
  return () => {
    const state = client.getChannel().getConnectivityState(true);
    if (state === connectivityState.TRANSIENT_FAILURE) isReached = false;
    if (state === connectivityState.READY) isReached = true;
    return isReached ? true : `authorization is not reached at ${address}`;
  };
};

/** The one synchronous call between services: gateway to authorization, over gRPC. */
export const connectAuthorization = (
  address: string,
  { patienceMs }: { patienceMs: number },
): AuthorizationClient => {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });

  const ask = (question: AuthorizationQuestion): Promise<AuthorizationAnswer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        encodeQuestion,
        decodeAnswer,
        question,
        traceMetadata(),
        { deadline: Date.now() + callTimeoutMs },
        (error, answer) => {
          if (error !== null) reject(error);
          else if (answer === undefined) reject(new Error('authorization answered nothing'));
          else resolve(answer);
        },
      );
    });

  const authorize = async (question: AuthorizationQuestion): Promise<AuthorizationAnswer> => {
    const giveUpAt = Date.now() + patienceMs;
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
      try {
        return await inSpan(
          path.slice(1),
          {
            kind: 'client',
            attributes: {
              'rpc.system': 'grpc',
              'rpc.service': AuthorizationService.typeName,
              'rpc.method': AuthorizationService.method.authorize.name,
              ...sessionAttributes({
                cpoId: question.cpoId,
                chargePointId: question.chargePointId,
              }),
            },
          },
          () => ask(question),
        );
      } catch (error) {
        const isRetried = retriedStatuses.includes((error as ServiceError).code);
        if (!isRetried || Date.now() + pauseMs > giveUpAt) {
          throw new AuthorizationUnavailable('authorization gave no decision', { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  };
  const askTogether = authorizeTogether(client);
  const mayCharge = async (swipe: Swipe): Promise<TokenAnswer> => {
    try {
      const answer = await askTogether(swipe);
      if (answer !== undefined) return answer;
      const { place, ...asked } = swipe;
      return await authorize({ ...place, ...asked, purpose: 'authorize' });
    } catch (error) {
      if (!(error instanceof QuestionsWaiting)) throw error;
      throw new AuthorizationUnavailable('too many questions wait', { cause: error });
    }
  };
  return { authorize, mayCharge, state: reachOf(client, address), close: () => client.close() };
};
