import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  AuthorizationService,
  AuthorizeBatchRequestSchema,
  AuthorizeBatchResponseSchema,
  type AuthorizeOutcome,
  type AuthorizeRequest,
} from '@tallywatt/contracts';
import { activeTraceparent } from '@tallywatt/event-log';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { QuestionBatches } from './question-batches';

/** What a charger is told of a token, without the evidence of the decision. */
export type TokenAnswer = Readonly<{
  decision: Readonly<{ status: string }>;
  expiresAt?: Instant;
  parentIdTag?: string;
}>;

type Asked = Readonly<{ request: AuthorizeRequest; traceparent: string | undefined }>;

const path = `/${AuthorizationService.typeName}/${AuthorizationService.method.authorizeBatch.name}`;
const callTimeoutMs = 3_000;
/** Two: while one answer is on its way back, the other side has something to do. */
const limits = { callsMax: 2, batchMax: 256, waitingMax: 20_000 };
/** How long an authorization that does not know the call is not asked by it again. */
const unknownCallMs = 30_000;

const encode = (asked: readonly Asked[]): Buffer => {
  const questions = asked.map(({ request, traceparent }) => ({
    request,
    ...(traceparent === undefined ? {} : { traceparent }),
  }));
  const message = create(AuthorizeBatchRequestSchema, { questions });
  return Buffer.from(toBinary(AuthorizeBatchRequestSchema, message));
};

const answerOf = ({ outcome }: AuthorizeOutcome): TokenAnswer | undefined => {
  if (outcome.case !== 'response' || outcome.value.decision === undefined) return undefined;
  const { decision, expiresAt, parentIdTag } = outcome.value;
  return {
    decision: { status: decision.status },
    ...(expiresAt === undefined ? {} : { expiresAt: instantFromEpochMs(timestampMs(expiresAt)) }),
    ...(parentIdTag === undefined ? {} : { parentIdTag }),
  };
};

const decode = (bytes: Buffer): readonly (TokenAnswer | undefined)[] =>
  fromBinary(AuthorizeBatchResponseSchema, bytes).outcomes.map(answerOf);

const noMetadata = new Metadata();

/** Asks for many swipes in one call; undefined where the question has to be put by itself. */
export const authorizeTogether = (client: Client) => {
  let unknownUntilMs = 0;
  const askTogether = (asked: readonly Asked[]): Promise<readonly (TokenAnswer | undefined)[]> =>
    new Promise((resolve) => {
      const referred = (): void => resolve(asked.map(() => undefined));
      client.makeUnaryRequest(
        path,
        encode,
        decode,
        asked,
        noMetadata,
        { deadline: Date.now() + callTimeoutMs },
        (error: ServiceError | null, outcomes) => {
          if (error?.code === status.UNIMPLEMENTED) unknownUntilMs = Date.now() + unknownCallMs;
          if (error !== null || outcomes === undefined) referred();
          else resolve(outcomes);
        },
      );
    });
  const batches = new QuestionBatches(askTogether, limits);
  return async (request: AuthorizeRequest): Promise<TokenAnswer | undefined> =>
    Date.now() < unknownUntilMs
      ? undefined
      : batches.ask({ request, traceparent: activeTraceparent() });
};
