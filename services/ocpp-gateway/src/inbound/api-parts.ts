import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { AuthorizationClient } from '../outbound/authorization-client';
import type { ChargerCommands } from '../outbound/charger-commands';
import type { ChargerConnections } from '../outbound/charger-connections';
import type { CommandExecutor } from '../outbound/command-executor';
import type { CommitQueue } from '../outbound/commit-queue';
import type { FrameErasures } from '../outbound/frame-erasures';
import type { FrameKeys } from '../outbound/frame-keys';
import type { CredentialRotations } from '../outbound/credential-rotations';
import type { PendingChargePoints } from '../outbound/pending-charge-points';
import type { PasswordCheck } from '../outbound/password-hash';
import type { RemoteStops } from '../outbound/remote-stops';
import type { SessionStore } from '../outbound/session-store';
import type { TokenMark } from '../outbound/token-mark';

/** Token under which Nest gives the controllers what they work with. */
export const apiParts = Symbol('apiParts');

export type ApiParts = Readonly<{
  sql: SqlClient;
  eventLog: EventLog;
  commits: CommitQueue;
  passwords: PasswordCheck;
  remoteStops: RemoteStops;
  rotations: CredentialRotations;
  pending: PendingChargePoints;
  commands: ChargerCommands;
  commandExecutor: CommandExecutor;
  connections: ChargerConnections;
  sessions: SessionStore;
  authorization: AuthorizationClient;
  tokenMark: TokenMark;
  frameKeys: FrameKeys;
  frameErasures: FrameErasures;
}>;
