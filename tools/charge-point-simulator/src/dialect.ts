import type { CommandHandler } from './connection';
import type { MessageLane, Payload } from './message-lane';
import type { SeededRandom } from './seeded-random';
import type { Station } from './station';
import type {
  AuthorizationStatus,
  ConnectorStatus,
  Reading,
  ReadingContext,
  StopReason,
} from './terms';

/** How one transaction is said. Every message is lasting: it is sent until it is answered. */
export type TransactionVoice = Readonly<{
  /** The cable is in. */
  plugIn: (reading: Reading) => void;
  /** The driver may charge, and energy flows. */
  start: (reading: Reading) => void;
  read: (reading: Reading, context: ReadingContext) => void;
  /** The car takes no more. */
  suspend: (reading: Reading) => void;
  /** Said once or more often; each promise is of one answer. */
  stop: (begin: Reading, end: Reading, reason: StopReason, times: number) => Promise<unknown>[];
  /** The driver was refused, and leaves. */
  leave: (reading: Reading) => void;
  isNamed: (transactionId: unknown) => boolean;
  /** @throws when the server has not answered the start. */
  known: () => Readonly<{
    transactionId: number | string;
    idTagStatus: AuthorizationStatus;
  }>;
}>;

export type TransactionTerms = Readonly<{
  lane: MessageLane;
  random: SeededRandom;
  connectorId: number;
  idTag: string;
  /** The server has said what it thinks of the token. */
  onTokenStatus: (status: AuthorizationStatus) => void;
}>;

/** How a charger of one version of OCPP says what happens to it, and what it can be told. */
export type Dialect = Readonly<{
  /** The WebSocket subprotocol. */
  protocol: string;
  bootNotification: (chargePointId: string) => Payload;
  statusNotification: (connectorId: number, status: ConnectorStatus, since: Date) => Payload;
  authorize: (idTag: string) => Payload;
  /** @throws when an answer to Authorize has no known status. */
  authorizationOf: (answer: Payload) => AuthorizationStatus;
  commands: (station: () => Station) => ReadonlyMap<string, CommandHandler>;
  transaction: (terms: TransactionTerms) => TransactionVoice;
}>;
