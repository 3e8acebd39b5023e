import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials, status as grpcStatus } from '@grpc/grpc-js';
import {
  AuthorizationService,
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

/** A real gRPC server that decides by the tag's name, or by what a test has said of it. */
export const startAuthorization = async () => {
  const asked: Question[] = [];
  /** What is said of a tag; idTags are compared without regard to case. */
  const tokens = new Map<string, string>();
  /** Where parking time has a price. */
  const parkingBilledAt = new Set<string>();
  const mode = { isDown: false };
  const server = new Server();
  const { authorize } = AuthorizationService.method;
  server.addService(
    {
      Authorize: {
        path: `/${AuthorizationService.typeName}/${authorize.name}`,
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes: Buffer) => fromBinary(AuthorizeRequestSchema, bytes),
        requestSerialize: () => Buffer.alloc(0),
        responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Authorize: (
        { request }: { request: Question },
        answer: (error: object | null, bytes?: Uint8Array) => void,
      ) => {
        if (mode.isDown) return answer({ code: grpcStatus.UNAVAILABLE });
        asked.push(request);
        const tariff = {
          tariffId: request.tariffId,
          version: 1n,
          contentHash: 'ab',
          billsParkingTime: request.idTag === 'IDLE' || parkingBilledAt.has(request.chargePointId),
        };
        const response = create(AuthorizeResponseSchema, {
          decision: {
            decisionId: `decision-${asked.length}`,
            status:
              tokens.get(request.idTag.toLowerCase()) ?? statuses[request.idTag] ?? 'Accepted',
            tokenRef: `ref-of-${request.idTag.length}`,
            tier: 'retail',
            paymentRoute: 'card',
            hold: { amountMinor: 5_000n, currency: 'EUR' },
            ...(request.idTag === 'UNPRICED' ? {} : { tariff }),
            rule: 'test',
            decidedAt: timestampFromMs(Date.now()),
          },
        });
        return answer(null, toBinary(AuthorizeResponseSchema, response));
      },
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
