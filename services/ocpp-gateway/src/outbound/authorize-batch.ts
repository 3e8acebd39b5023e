import { type Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { AuthorizationService } from '@tallywatt/contracts';
import { activeTraceparent } from '@tallywatt/event-log';
import { decodeAnswers, encodeSwipes, type Swipe, type TokenAnswer } from './authorize-wire';
import { QuestionBatches } from './question-batches';

type Asked = Readonly<{ swipe: Swipe; traceparent: string | undefined }>;

const path = `/${AuthorizationService.typeName}/${AuthorizationService.method.authorizeBatch.name}`;
const callTimeoutMs = 3_000;
/** Two: while one answer is on its way back, the other side has something to do. */
const limits = { callsMax: 2, batchMax: 256, waitingMax: 20_000 };
/** How long an authorization that does not know the call is not asked by it again. */
const unknownCallMs = 30_000;

const noMetadata = new Metadata();

/** Asks for many swipes in one call; undefined where the question has to be put by itself. */
export const authorizeTogether = (client: Client) => {
  let unknownUntilMs = 0;
  const askTogether = (asked: readonly Asked[]): Promise<readonly (TokenAnswer | undefined)[]> =>
    new Promise((resolve) => {
      const referred = (): void => resolve(asked.map(() => undefined));
      client.makeUnaryRequest(
        path,
        encodeSwipes,
        decodeAnswers,
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
  return (swipe: Swipe): Promise<TokenAnswer | undefined> =>
    Date.now() < unknownUntilMs
      ? Promise.resolve(undefined)
      : batches.ask({ swipe, traceparent: activeTraceparent() });
};
