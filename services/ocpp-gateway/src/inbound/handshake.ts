import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../outbound/charge-point-registry';
import { type PasswordCheck, PasswordChecksBusy } from '../outbound/password-hash';
import type { Station } from '../outbound/session-store';
import type { FailureThrottle } from './failure-throttle';
import { protocols, type Subprotocol } from './protocols';

export type HandshakeRequest = Readonly<{
  url: string;
  headers: IncomingHttpHeaders;
  remoteAddress: string;
}>;

type RefusalStatus = 400 | 401 | 404 | 429 | 503;

export type HandshakeVerdict =
  | Readonly<{ kind: 'admitted'; station: Station; subprotocol: Subprotocol }>
  | Readonly<{ kind: 'refused'; status: RefusalStatus; reason: string; who: string }>;

export type HandshakeParts = Readonly<{
  defaultCpoId: string;
  findCredential: (station: Station) => Promise<Credential | undefined>;
  passwords: PasswordCheck;
  throttle: FailureThrottle;
  nowMs: () => number;
}>;

const idPattern = /^[A-Za-z0-9._:=+|@*-]{1,48}$/;

/** `/ocpp/<chargePointId>` is the default CPO's, `/ocpp/<cpoId>/<chargePointId>` any CPO's. */
const stationOf = (url: string, defaultCpoId: string): Station | undefined => {
  const [path = ''] = url.split('?');
  let parts: string[];
  try {
    parts = path.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [root, prefix, ...ids] = parts;
  if (root !== '' || prefix !== 'ocpp' || !ids.every((id) => idPattern.test(id))) return undefined;
  const [first, second, ...rest] = ids;
  if (first === undefined || rest.length > 0) return undefined;
  return second === undefined
    ? { cpoId: defaultCpoId, chargePointId: first }
    : { cpoId: first, chargePointId: second };
};

/** Chargers list what they offer in the order they like it best (RFC 6455, section 1.9). */
const subprotocolOf = (headers: IncomingHttpHeaders): Subprotocol | undefined => {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name): name is Subprotocol => Object.hasOwn(protocols, name));
};

/**
 * The password of a Basic header whose user name is the charge point's id (OCPP-J 1.6, section 6.2).
 * Passwords may be binary, so they stay bytes.
 */
const passwordOf = (header: string | undefined, chargePointId: string): Buffer | undefined => {
  const encoded = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const user = Buffer.from(`${chargePointId}:`);
  return bytes.subarray(0, user.length).equals(user) ? bytes.subarray(user.length) : undefined;
};

/**
 * The one place where a charger is let in or not, before there is a WebSocket: path, subprotocol,
 * registration, password. A charger registered with security profile 0 is the only one that may come
 * without a password.
 */
export const judgeHandshake = async (
  request: HandshakeRequest,
  parts: HandshakeParts,
): Promise<HandshakeVerdict> => {
  const station = stationOf(request.url, parts.defaultCpoId);
  const who = station === undefined ? '' : `${station.cpoId}/${station.chargePointId}`;
  const refused = (status: RefusalStatus, reason: string): HandshakeVerdict => ({
    kind: 'refused',
    status,
    reason,
    who,
  });
  if (station === undefined) {
    return refused(400, 'the path must be /ocpp/<chargePointId> or /ocpp/<cpoId>/<chargePointId>');
  }
  const subprotocol = subprotocolOf(request.headers);
  if (subprotocol === undefined) {
    return refused(
      400,
      `offer one of the WebSocket subprotocols ${Object.keys(protocols).join(', ')}`,
    );
  }
  const credential = await parts.findCredential(station);
  // OCPP-J 1.6, section 3.1.2: 404 when the charge point is not known.
  if (credential === undefined) {
    return refused(404, `charge point ${station.chargePointId} is not registered`);
  }
  if (credential.securityProfile === 0) return { kind: 'admitted', station, subprotocol };
  const password = passwordOf(request.headers.authorization, station.chargePointId);
  if (password === undefined) {
    return refused(401, 'Basic authentication with the charge point id as user name is needed');
  }
  const { passwordHash = '' } = credential;
  const { passwords, throttle } = parts;
  const admitted = { kind: 'admitted', station, subprotocol } as const;
  // Before the throttle: behind one proxy a stranger and the true charger have one address.
  if (passwords.isKnown(password, passwordHash)) return admitted;
  const source = `${who} ${request.remoteAddress}`;
  if (throttle.isBlocked(source, parts.nowMs())) {
    return refused(429, 'too many wrong passwords from this address; try again in a minute');
  }
  throttle.fail(source, parts.nowMs());
  try {
    if (!(await passwords.isRight(password, passwordHash))) return refused(401, 'wrong password');
  } catch (error) {
    throttle.forgive(source);
    if (!(error instanceof PasswordChecksBusy)) throw error;
    return refused(503, 'too many connections begin at once; try again');
  }
  throttle.succeed(source);
  return admitted;
};
