import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { crashPoint } from '@tallywatt/event-log';
import { createRPCError, RPCServer } from 'ocpp-rpc';
import type { ChargerConnections } from '../outbound/charger-connections';
import type { ChargerCertificates } from '../outbound/charger-certificates';
import type { ConnectionEnds } from '../outbound/connection-ends';
import type { FrameLog } from '../outbound/frame-log';
import { keepRefusedFrame } from '../outbound/refused-frames';
import type { CredentialRotations } from '../outbound/credential-rotations';
import type { RemoteStops } from '../outbound/remote-stops';
import type { Station } from '../outbound/session-store';
import type { Takeover } from '../outbound/connection-rows';
import type { Connection } from '../outbound/station-store';
import type { TlsMaterial } from '../outbound/tls-files';
import {
  type Admission,
  type Call,
  callTimeoutMs,
  laneOf,
  now,
  type RpcFault,
  type RpcPeer,
  welcomeCharger,
} from './charger-connection';
import { type Admit, listenForChargers, type ListenerParts } from './charger-listeners';
import { sendAway, untilGone } from './draining';
import { type Answer, FrameFault, type Gateway } from './frame';
import { type FrameRate, rateLimitedWebSocket } from './frame-limit';
import { inFrameSpan } from './frame-trace';
import type { Contests } from './contests';
import { type HandshakeParts, judgeHandshake } from './handshake';
import { LaneFull, Lanes } from './lanes';
import type { OcppMetrics } from './ocpp-metrics';
import type { PendingAdmission, PendingChargers, PendingPeer } from './pending-chargers';
import type { Route } from './protocol';
import { protocols } from './protocols';
import { refuseSocket } from './refusal';

export type OcppServerParts = Readonly<{
  listeners: Omit<ListenerParts, 'admit' | 'metrics' | 'logger'>;
  frames: FrameRate & Readonly<{ bytesMax: number }>;
  gateway: Gateway;
  handshake: HandshakeParts;
  connections: ChargerConnections;
  ends: ConnectionEnds;
  remoteStops: RemoteStops;
  frameLog: FrameLog;
  rotations: CredentialRotations;
  certificates: ChargerCertificates;
  pendingChargers: PendingChargers;
  contests: Contests;
  /** Which of two connections of one identity stays. */
  takeover: Takeover;
  metrics: OcppMetrics;
}>;

export type OcppServer = Readonly<{
  port: number;
  tlsPort: number | undefined;
  renewTls: (material: TlsMaterial) => void;
  /** Until then the ports are taken and chargers are answered 503. */
  letIn: () => void;
  /** Lets nobody in any more, and sends the chargers away, evenly over a time. */
  drain: (overMs: number) => Promise<void>;
  close: () => Promise<void>;
}>;

const badMessagesMax = 10;
const goodbyeMs = 5_000;

/** Answers in plain HTTP: the charger never gets a WebSocket. */
const refuse = (socket: Socket, status: number, reason: string): void => {
  const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="ocpp"\r\n' : '';
  refuseSocket(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${challenge}Connection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n` +
      `\r\n${reason}`,
  );
};

/** Keeps a frame that is answered with an error; the answer does not wait for it. */
const frameKeeper =
  ({ sql, logger }: Gateway) =>
  ({ cpoId, chargePointId }: Connection, frame: string, fault: RpcFault): void => {
    const errorCode = fault.rpcErrorCode ?? 'GenericError';
    const detail = fault.message ?? '';
    logger.warn({ cpoId, chargePointId, errorCode, detail }, 'frame answered with an error');
    keepRefusedFrame(sql, { cpoId, chargePointId, frame, errorCode, detail }).catch(
      (error: unknown) =>
        logger.error({ err: error, cpoId, chargePointId }, 'refused frame not kept'),
    );
  };

/** A newer connection is turned away: counted each time, and written down once a minute. */
const refuseNewer = (
  { gateway, metrics, contests }: OcppServerParts,
  station: Station,
  heldConnectionId: string,
): void => {
  const { commits, stations, logger } = gateway;
  const about = { ...station, heldConnectionId };
  logger.warn(about, 'a second connection is refused, the older lives');
  metrics.handshakeRefused(409);
  const contest = contests.note(`${station.cpoId}/${station.chargePointId}`, Date.now());
  metrics.identityContested(contest);
  if (contest === 'repeated') return;
  commits
    .submit((tx) => stations.contested(tx, station, heldConnectionId, now()))
    .catch((error: unknown) => logger.error({ ...about, err: error }, 'contest not recorded'));
};

/** Gives a call to its route and puts what goes wrong into OCPP-J's words, here and nowhere else. */
const callAnswerer =
  (metrics: OcppMetrics, lanes: Lanes, keepRefused: ReturnType<typeof frameKeeper>) =>
  async (
    connection: Connection,
    route: Route,
    { params, messageId }: Call,
    gateway: Gateway,
  ): Promise<object> => {
    const { action } = route;
    const frame = { connection, messageId, params, receivedAt: now() };
    const work = (): Promise<object> =>
      inFrameSpan(action, frame, gateway, () => (route.answer as Answer<unknown>)(frame, gateway));
    try {
      crashPoint(`gateway.before-record.${action}`);
      const result = await (route.isOrdered ? lanes.run(laneOf(connection), work) : work());
      crashPoint(`gateway.before-answer.${action}`);
      metrics.frameAnswered(action, 'result');
      metrics.frameSeconds(action, (Date.now() - Date.parse(frame.receivedAt)) / 1_000);
      return result;
    } catch (error) {
      metrics.frameAnswered(action, 'error');
      if (error instanceof FrameFault) {
        const fault = createRPCError(error.code, error.message) as Error & RpcFault;
        keepRefused(connection, JSON.stringify([action, params]), fault);
        throw fault;
      }
      // Who floods us is not served; that is no failure of ours.
      const level = error instanceof LaneFull ? 'warn' : 'error';
      gateway.logger[level]({ err: error, chargePoint: laneOf(connection), action }, 'not taken');
      const again = 'send the message again';
      throw createRPCError('InternalError', again) as Error;
    }
  };

const isPending = (peer: RpcPeer | PendingPeer): peer is PendingPeer =>
  peer.session.kind === 'pending';

/**
 * Chargers' WebSockets. A text frame becomes a call of a route or an OCPP-J error, and only here.
 * Nothing a peer sends ends the process: a bad path or handshake is answered in HTTP, a bad frame by
 * CALLERROR, and too many of those close the connection.
 */
export const startOcppServer = async (parts: OcppServerParts): Promise<OcppServer> => {
  const { gateway, connections, metrics } = parts;
  const lanes = new Lanes();
  const keepRefused = frameKeeper(gateway);
  const answer = callAnswerer(metrics, lanes, keepRefused);
  let isLettingIn = false;
  let isDraining = false;
  let closed: Promise<void> | undefined;
  const admissions = new WeakMap<IncomingMessage, Admission | PendingAdmission>();
  const rpc = new RPCServer({
    protocols: Object.keys(protocols),
    strictMode: true,
    strictModeValidators: Object.values(protocols).map(({ validator }) => validator),
    callTimeoutMs,
    maxBadMessages: badMessagesMax,
    wssOptions: {
      maxPayload: parts.frames.bytesMax,
      perMessageDeflate: false,
      WebSocket: rateLimitedWebSocket(parts.frames, metrics.limitReached),
    },
  });
  rpc.auth((accept, reject, { request }) => {
    const admission = admissions.get(request);
    if (admission === undefined) reject(403, 'not admitted');
    else accept(admission, admission.subprotocol);
  });
  rpc.on('client', (peer: RpcPeer | PendingPeer) => {
    if (isPending(peer)) parts.pendingChargers.welcome(peer);
    else welcomeCharger(peer, { ...parts, lanes, answer, keepRefused });
  });
  rpc.on('error', (error: Error) => gateway.logger.warn({ err: error }, 'WebSocket server error'));

  const admit: Admit = async (request, socket, head, origin) => {
    if (!isLettingIn) return refuse(socket, 503, 'this process is starting; try again');
    const { url = '', headers, headersDistinct } = request;
    const credentials = headersDistinct['authorization'] ?? [];
    const { remoteAddress } = origin;
    const asked = { url, headers, credentials, ...origin };
    const verdict = await judgeHandshake(asked, parts.handshake);
    if (verdict.kind === 'refused') {
      const { status, reason, who } = verdict;
      gateway.logger.warn({ status, reason, chargePoint: who, remoteAddress }, 'handshake refused');
      metrics.handshakeRefused(status);
      return refuse(socket, status, reason);
    }
    if (isDraining) return refuse(socket, 503, 'this process is ending; try again');
    if (verdict.kind === 'pending') {
      if (!parts.pendingChargers.hasRoom) return refuse(socket, 503, 'too many wait already');
      admissions.set(request, verdict);
      return rpc.handleUpgrade(request, socket, head);
    }
    const { station } = verdict;
    if (parts.takeover === 'older-wins') {
      const held =
        connections.find(station)?.connectionId ??
        (await gateway.stations.heldElsewhere(gateway.sql, station));
      if (held !== undefined) {
        refuseNewer(parts, station, held);
        return refuse(socket, 409, 'the charge point is connected already');
      }
    }
    admissions.set(request, verdict);
    return rpc.handleUpgrade(request, socket, head);
  };
  const { logger } = gateway;
  const listeners = await listenForChargers({ ...parts.listeners, admit, metrics, logger });

  const drain = async (overMs: number): Promise<void> => {
    isDraining = true;
    closed ??= listeners.close();
    parts.pendingChargers.closeAll();
    await sendAway(connections, overMs);
    await untilGone(connections, goodbyeMs);
  };
  const close = async (): Promise<void> => {
    await drain(0);
    await rpc.close({ force: true });
    listeners.closeAllConnections();
    await closed;
    await lanes.drained();
    await gateway.commits.drained();
    await parts.ends.record();
    await parts.frameLog.flush(true).catch((error: unknown) => {
      gateway.logger.error({ err: error }, 'the last frames could not be recorded');
    });
  };
  const { port, tlsPort, renewTls } = listeners;
  const letIn = (): void => {
    isLettingIn = true;
  };
  return { port, tlsPort, renewTls, letIn, drain, close };
};
