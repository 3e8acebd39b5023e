import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials, status as grpcStatus } from '@grpc/grpc-js';
import {
  AuthorizationService,
  AuthorizeBatchRequestSchema,
  AuthorizeBatchResponseSchema,
  AuthorizeRequestSchema,
  AuthorizeResponseSchema,
} from '@tallywatt/contracts';

/** What a test looks at of a question. */
type Question = Readonly<{
  chargePointId: string;
  idTag: string;
  purpose: string;
  tariffId: string;
  locationId: string;
  timeZone: string;
  siteGroups: readonly string[];
  evseGroups: readonly string[];
}>;

const statuses: Readonly<Record<string, string>> = { BLOCKED: 'Blocked', '(none)': 'Invalid' };

const callOf = (name: string) => ({
  path: `/${AuthorizationService.typeName}/${name}`,
  requestStream: false as const,
  responseStream: false as const,
  requestDeserialize: (bytes: Buffer) => bytes,
  requestSerialize: () => Buffer.alloc(0),
  responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
  responseDeserialize: (bytes: Buffer) => bytes,
});

/** A real gRPC server that decides by the tag's name, or by what a test has said of it. */
export const startAuthorization = async () => {
  const asked: Question[] = [];
  /** What is said of a tag; idTags are compared without regard to case. */
  const tokens = new Map<string, string>();
  /** Where parking time has a price. */
  const parkingBilledAt = new Set<string>();
  const mode = { isDown: false };
  const server = new Server();
  const { authorize, authorizeBatch } = AuthorizationService.method;
  const decide = (request: Question): MessageInitShape<typeof AuthorizeResponseSchema> => {
    asked.push(request);
    const tariff = {
      tariffId: request.tariffId,
      version: 1n,
      contentHash: 'ab',
      billsParkingTime: request.idTag === 'IDLE' || parkingBilledAt.has(request.chargePointId),
    };
    return {
      decision: {
        decisionId: `decision-${asked.length}`,
        status: tokens.get(request.idTag.toLowerCase()) ?? statuses[request.idTag] ?? 'Accepted',
        tokenRef: `ref-of-${request.idTag.length}`,
        tier: 'retail',
        paymentRoute: 'card',
        hold: { amountMinor: 5_000n, currency: 'EUR' },
        ...(request.idTag === 'UNPRICED' ? {} : { tariff }),
        rule: 'test',
        decidedAt: timestampFromMs(Date.now()),
      },
    };
  };
  /** Answers a call's bytes, unless the service is down. */
  const answering =
    (answerTo: (bytes: Buffer) => Uint8Array) =>
    (
      { request }: { request: Buffer },
      answer: (error: object | null, bytes?: Uint8Array) => void,
    ): void =>
      mode.isDown ? answer({ code: grpcStatus.UNAVAILABLE }) : answer(null, answerTo(request));
  server.addService(
    { Authorize: callOf(authorize.name), AuthorizeBatch: callOf(authorizeBatch.name) },
    {
      Authorize: answering((bytes) => {
        const answer = decide(fromBinary(AuthorizeRequestSchema, bytes));
        return toBinary(AuthorizeResponseSchema, create(AuthorizeResponseSchema, answer));
      }),
      AuthorizeBatch: answering((bytes) => {
        const { questions } = fromBinary(AuthorizeBatchRequestSchema, bytes);
        const outcomes = questions.map(({ request }) =>
          request === undefined || request.idTag === 'REFERRED'
            ? { outcome: { case: 'referred' as const, value: 'ask it by itself' } }
            : { outcome: { case: 'response' as const, value: decide(request) } },
        );
        const message = create(AuthorizeBatchResponseSchema, { outcomes });
        return toBinary(AuthorizeBatchResponseSchema, message);
      }),
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    address: `127.0.0.1:${port}`,
    asked,
    mode,
    tokens,
    parkingBilledAt,
    stop: () => server.forceShutdown(),
  };
};
