import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type { ChargerConnections } from '../outbound/charger-connections';
import type { ChargerCertificates } from '../outbound/charger-certificates';
import type { ConnectionEnds } from '../outbound/connection-ends';
import type { FrameLog } from '../outbound/frame-log';
import type { CredentialRotations } from '../outbound/credential-rotations';
import type { RemoteStops } from '../outbound/remote-stops';
import type { Connection, DisconnectCause } from '../outbound/station-store';
import type { Contests } from './contests';
import { carryOut, rememberUnreadable } from './command-call';
import { costDisplay } from './cost-call';
import type { Station } from '../outbound/session-store';
import type { Gateway } from './frame';
import type { HandshakeVerdict } from './handshake';
import type { Lanes } from './lanes';
import { saidText } from './nesting';
import type { OcppMetrics } from './ocpp-metrics';
import type { Route } from './protocol';
import { protocols } from './protocols';

export type Admission = HandshakeVerdict & { kind: 'admitted' };
export type Call = Readonly<{ params: unknown; messageId: string }>;
/** An error as ocpp-rpc reports it. */
export type RpcFault = Readonly<{ rpcErrorCode?: string; message?: string }>;

type PeerEvents = {
  message: { message: unknown; outbound: boolean };
  badMessage: { buffer: unknown; error: RpcFault; response: unknown[] | null };
  strictValidationFailure: {
    method: string;
    params: unknown;
    result: unknown;
    error: RpcFault;
    isCall: boolean;
    outbound: boolean;
  };
  socketError: Error;
  disconnect: unknown;
};

/** The part of ocpp-rpc's server-side client that is used; its own types know less. */
export type RpcPeer = Readonly<{
  handle: (action: string, handler: (call: Call) => Promise<object>) => void;
  call: (action: string, params: object, options: { callTimeoutMs: number }) => Promise<unknown>;
  close: (how: { code: number; reason: string; force?: boolean }) => Promise<unknown>;
  on: <Name extends keyof PeerEvents>(
    event: Name,
    listener: (what: PeerEvents[Name]) => void,
  ) => void;
  session: Admission;
}>;

export type ConnectionParts = Readonly<{
  gateway: Gateway;
  connections: ChargerConnections;
  ends: ConnectionEnds;
  remoteStops: RemoteStops;
  rotations: CredentialRotations;
  certificates: ChargerCertificates;
  metrics: OcppMetrics;
  contests: Contests;
  lanes: Lanes;
  frameLog: FrameLog;
  answer: (connection: Connection, route: Route, call: Call, gateway: Gateway) => Promise<object>;
  keepRefused: (connection: Connection, frame: string, fault: RpcFault) => void;
}>;

export const callTimeoutMs = 30_000;
/** For so long a charger that is sent away gets answers to what it has said. */
const answersMs = 3_000;

export const now = (): Instant => instantFromEpochMs(Date.now());

/** RFC 6455, 7.4.1 and IANA: 1012 says come again, 1008 that it is not as it has to be. */
const farewells = {
  shutdown: { code: 1012, reason: 'service restart' },
  'credentials-replaced': { code: 1008, reason: 'credentials replaced' },
} as const;

/** The lane in which the facts of one charge point keep their order. */
export const laneOf = ({ cpoId, chargePointId }: Station): string => `${cpoId}/${chargePointId}`;

/** Why a charger did not take its new password; undefined when it did. @throws without an answer. */
const setPassword = async (peer: RpcPeer, password: string): Promise<string | undefined> => {
  const protocol = protocols[peer.session.subprotocol];
  try {
    const result = await peer.call(...protocol.setPassword(password), { callTimeoutMs });
    return protocol.passwordRefusal(result);
  } catch (error) {
    const { rpcErrorCode } = error as RpcFault;
    // A CALLERROR is an answer; a time-out or a lost connection is none.
    if (typeof rpcErrorCode === 'string') return `CALLERROR ${rpcErrorCode}`;
    throw error;
  }
};

/** Writes down when a connection begins and ends; the one before it gives way. */
const trackConnection = (peer: RpcPeer, connection: Connection, parts: ConnectionParts): void => {
  const { gateway, connections, lanes, metrics } = parts;
  const { logger, commits, stations } = gateway;
  const { cpoId, chargePointId, connectionId } = connection;
  const about = { cpoId, chargePointId, connectionId };
  let cause: DisconnectCause = 'closed';
  const close = (how: { code: number; reason: string; force?: boolean }): void => {
    peer.close(how).catch((error: unknown) => logger.debug({ err: error }, 'close failed'));
  };
  const older = connections.add(connection, {
    connectionId,
    ocppVersion: connection.ocppVersion,
    requestStop: (ocppTransactionId) => {
      const { requestStop } = protocols[peer.session.subprotocol];
      return peer.call(...requestStop(ocppTransactionId), { callTimeoutMs });
    },
    setPassword: (password) => setPassword(peer, password),
    ...costDisplay(peer, () => gateway.registrations.of(connection, Date.now())),
    carryOut: (claimed) => carryOut(peer, protocols[peer.session.subprotocol], claimed),
    close: (why) => {
      cause = why;
      // A replaced socket may be dead: it is not asked to agree.
      if (why === 'replaced') return close({ code: 1000, reason: why, force: true });
      // What it has said is answered first.
      const busy = lanes.idle(laneOf(connection));
      void Promise.race([busy, setTimeout(answersMs, undefined, { ref: false })]).then(() =>
        close(farewells[why]),
      );
    },
  });
  if (older !== undefined) {
    logger.warn(about, 'a newer connection replaces the older');
    older.close('replaced');
    metrics.identityContested(parts.contests.note(laneOf(connection), Date.now()));
  }
  metrics.connected(connections.count);
  logger.info(about, 'charger connected');
  lanes
    .runAlways(laneOf(connection), () =>
      commits.submit(async (tx) => {
        const standing = await stations.connected(tx, connection);
        await parts.remoteStops.wake(tx, cpoId, chargePointId);
        const { rotationId, certificateRotationId, registeredProfile } = peer.session;
        if (connection.securityProfile > registeredProfile) {
          await stations.followRaise(tx, connection);
        }
        if (rotationId !== undefined) {
          await parts.rotations.rotated(tx, connection, rotationId, connection.connectedAt);
        }
        if (certificateRotationId !== undefined) {
          const { connectedAt } = connection;
          await parts.certificates.used(tx, connection, certificateRotationId, connectedAt);
        }
        return standing;
      }),
    )
    .then(({ isNewest, isContested }) => {
      if (isContested) {
        metrics.identityContested(parts.contests.note(laneOf(connection), Date.now()));
      }
      if (isNewest) return;
      logger.warn(about, 'the charger has a connection to another process, which stays');
      cause = 'replaced';
      close({ code: 1000, reason: cause, force: true });
    })
    .catch((error: unknown) => {
      logger.error({ ...about, err: error }, 'connection not recorded');
      // A connection that could not be written down is not used; the charger comes again.
      close({ code: 1011, reason: 'try again' });
    });
  peer.on('disconnect', () => {
    connections.remove(connection, connectionId);
    metrics.connected(connections.count);
    logger.info({ ...about, cause }, 'charger disconnected');
    const at = now();
    lanes
      .runAlways(laneOf(connection), () =>
        commits.submit((tx) => stations.disconnected(tx, connection, cause, at)),
      )
      .catch((error: unknown) => parts.ends.keep({ ...about, cause, at }, error));
  });
};

/**
 * What 1.6 calls a frame that is none: FormationViolation (OCPP-J 1.6, section 4.2.3). ocpp-rpc has the
 * words of 2.0.1 for both, and sends the answer that it hands over here.
 */
const nameIn16 = (response: unknown[] | null): void => {
  if (response !== null) response[2] = 'FormationViolation';
};

/**
 * Records every frame as it is said. What is committed for this connection is from here on committed
 * together with its frames.
 */
const recordFrames = (
  peer: RpcPeer,
  connection: Connection,
  { frameLog, gateway }: ConnectionParts,
): Gateway => {
  const recorder = frameLog.begin(connection);
  peer.on('message', ({ message, outbound }) => {
    const direction = outbound ? 'sent' : 'received';
    frameLog.record(recorder, { direction, at: now(), text: String(message) });
  });
  peer.on('disconnect', () => frameLog.end(recorder, now()));
  return { ...gateway, commits: frameLog.carriedBy(recorder, gateway.commits) };
};

/** A charger that passed the handshake: its calls go to the routes of its OCPP version. */
export const welcomeCharger = (peer: RpcPeer, parts: ConnectionParts): void => {
  const { station, subprotocol, securityProfile } = peer.session;
  const { logger } = parts.gateway;
  const protocol = protocols[subprotocol];
  const connection: Connection = {
    ...station,
    connectionId: randomUUID(),
    connectedAt: now(),
    ocppVersion: protocol.version,
    securityProfile,
  };
  const gateway = recordFrames(peer, connection, parts);
  trackConnection(peer, connection, { ...parts, gateway });
  parts.gateway.registrations.prepare(connection);
  for (const route of protocol.routes) {
    peer.handle(route.action, (call) => parts.answer(connection, route, call, gateway));
  }
  peer.on('badMessage', ({ buffer, error, response }) => {
    if (protocol.version === '1.6') nameIn16(response);
    parts.keepRefused(connection, String(buffer), error);
  });
  peer.on('strictValidationFailure', ({ method, params, result, error, isCall, outbound }) => {
    if (!outbound && !isCall) rememberUnreadable(error);
    if (outbound) logger.error({ err: error, method }, 'our own message breaks its schema');
    else parts.keepRefused(connection, saidText([method, isCall ? params : result]), error);
  });
  peer.on('socketError', (error) => logger.warn({ ...station, err: error }, 'connection failed'));
};
