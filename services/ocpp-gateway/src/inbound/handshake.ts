import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../outbound/charge-point-registry';
import type { OwnCertificates } from '../outbound/certificate-views';
import type { Standing } from '../outbound/pending-charge-points';
import type { RotatingPassword } from '../outbound/credential-rotations';
import { type PasswordCheck, PasswordChecksBusy } from '../outbound/password-hash';
import type { ProvenPasswords } from '../outbound/proven-passwords';
import type { Station } from '../outbound/session-store';
import { certificateFault, fingerprintOf, type Transport } from './client-certificate';
import { sourceOf } from './connection-quota';
import type { FailureThrottle } from './failure-throttle';
import { protocols, type Subprotocol } from './protocols';

export type HandshakeRequest = Readonly<{
  url: string;
  headers: IncomingHttpHeaders;
  /** Every Authorization header: of two, proxies and servers do not believe the same. */
  credentials: readonly string[];
  remoteAddress: string;
  transport: Transport;
}>;

type RefusalStatus = 400 | 401 | 403 | 404 | 429 | 503;

export type HandshakeVerdict =
  | Readonly<{
      kind: 'admitted';
      station: Station;
      subprotocol: Subprotocol;
      securityProfile: number;
      /** Below which it may not come. */
      registeredProfile: number;
      /** It came with the password of this rotation. */
      rotationId?: string;
      /** It came with the certificate of this one, for the first time. */
      certificateRotationId?: string;
    }>
  /** Not registered, and it may wait for the operator. */
  | Readonly<{
      kind: 'pending';
      station: Station;
      subprotocol: Subprotocol;
      remoteAddress: string;
    }>
  | Readonly<{ kind: 'refused'; status: RefusalStatus; reason: string; who: string }>;

export type HandshakeParts = Readonly<{
  defaultCpoId: string;
  findCredential: (station: Station) => Promise<Credential | undefined>;
  /** What becomes of one that is not registered. */
  standingOf: (station: Station) => Promise<Standing>;
  /** Passwords it may have been given since. */
  rotatingPasswords: (station: Station) => Promise<readonly RotatingPassword[]>;
  /** Certificates that were signed for it. */
  ownCertificates: (station: Station) => Promise<OwnCertificates>;
  passwords: PasswordCheck;
  /** What was found right before this process began; left out without a key. */
  proven?: ProvenPasswords | undefined;
  throttle: FailureThrottle;
  /** The certificate authorities of a CPO's chargers. */
  clientCas: (cpoId: string) => readonly X509Certificate[];
  nowMs: () => number;
}>;

// Not of dots alone: who normalises paths takes those for another place.
const idPattern = /^(?!\.+$)[A-Za-z0-9._:=+|@*-]{1,48}$/;

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

type Judge = Readonly<{
  request: HandshakeRequest;
  parts: HandshakeParts;
  station: Station;
  who: string;
  credential: Credential;
}>;

type Refusal = Readonly<{ kind: 'refusal'; status: RefusalStatus; reason: string }>;
/** How a charger has shown who it is. */
type Proof = Readonly<{
  kind: 'proof';
  securityProfile: number;
  rotationId?: string;
  certificateRotationId?: string;
}>;

const refusal = (status: RefusalStatus, reason: string): Refusal => ({
  kind: 'refusal',
  status,
  reason,
});

/**
 * What a password may stand for. AuthorizationKey of 1.6 is given in hexadecimal; some chargers send it
 * as it is, others the bytes that it means (OCPP-J 1.6, section 6.2).
 */
const readings = (password: Buffer): Buffer[] => {
  if (password.length < 16 || password.length > 20) return [password];
  const hex = password.toString('hex');
  // Bytes of a key can be printable by chance; those that are not are no text for certain.
  const isText = password.every((byte) => byte >= 0x20 && byte < 0x7f);
  const inHex = [Buffer.from(hex), ...(isText ? [] : [Buffer.from(hex.toUpperCase())])];
  return [password, ...inHex];
};

/** Whether one reading of the password fits one of the hashes: the rotation, or none for its own. */
const matching = async (
  password: Buffer,
  hashes: readonly Readonly<{ rotationId?: string; passwordHash: string }>[],
  fits: (reading: Buffer, hash: string) => boolean | Promise<boolean>,
): Promise<Readonly<{ rotationId?: string }> | undefined> => {
  for (const { passwordHash, ...of } of hashes) {
    for (const reading of readings(password)) {
      if (await fits(reading, passwordHash)) return of;
    }
  }
  return undefined;
};

/** Whether a password was found right before, in this process or one before it. */
const wasRight = ({
  parts,
  station,
}: Judge): ((password: Buffer, hash: string) => Promise<boolean>) => {
  const { passwords, proven } = parts;
  let mark: Promise<Buffer | undefined> | undefined;
  return async (password, hash) => {
    if (passwords.isKnown(password, hash)) return true;
    if (proven === undefined) return false;
    const found = await (mark ??= proven.markOf(station));
    if (found === undefined || !proven.isOf(found, station, password, hash)) return false;
    passwords.know(password, hash);
    return true;
  };
};

/** Basic authentication. */
const judgePassword = async (judge: Judge): Promise<Proof | Refusal> => {
  const { request, parts, station, who, credential } = judge;
  const password = passwordOf(request.credentials[0], station.chargePointId);
  if (password === undefined) {
    return refusal(401, 'Basic authentication with the charge point id as user name is needed');
  }
  const { passwordHash = '' } = credential;
  const { passwords, throttle } = parts;
  const securityProfile = request.transport.kind === 'plain' ? 1 : 2;
  const hashes = [{ passwordHash }, ...(await parts.rotatingPasswords(station))];
  // Before the throttle: behind one proxy a stranger and the true charger have one address.
  const known = await matching(password, hashes, wasRight(judge));
  if (known !== undefined) return { kind: 'proof', securityProfile, ...known };
  const address = sourceOf(request.remoteAddress);
  const source = `${who} ${address}`;
  if (throttle.isBlocked(source, parts.nowMs())) {
    return refusal(429, 'too many wrong passwords from this address; try again in a minute');
  }
  throttle.fail(source, parts.nowMs());
  try {
    const found = await matching(password, hashes, async (reading, hash) => {
      const isRight = await passwords.isRight(reading, hash, address);
      if (isRight) parts.proven?.keep(station, reading, hash);
      return isRight;
    });
    if (found === undefined) return refusal(401, 'wrong password');
    throttle.succeed(source);
    return { kind: 'proof', securityProfile, ...found };
  } catch (error) {
    throttle.forgive(source);
    if (!(error instanceof PasswordChecksBusy)) throw error;
    return refusal(503, 'too many connections begin at once; try again');
  }
};

/** A certificate of the CPO that is the charger's own, or why it is not. */
const judgeCertificate = async (judge: Judge): Promise<Proof | string> => {
  const { request, parts, station, credential } = judge;
  const { transport } = request;
  const { certificateName: name = station.chargePointId, certificateFingerprint } = credential;
  const certificate = transport.kind === 'tls' ? transport.chain[0] : undefined;
  const own: OwnCertificates =
    certificate === undefined
      ? { issued: [], superseded: [] }
      : await parts.ownCertificates(station);
  // From when it has come with one that was signed for it, what it had before is void.
  const former = own.inUse ?? certificateFingerprint;
  const issued = own.issued.map(({ fingerprint }) => fingerprint);
  const fingerprints = former === undefined ? [] : [former, ...issued];
  const cas = parts.clientCas(station.cpoId);
  const fault = certificateFault(transport, { name, fingerprints }, cas, parts.nowMs());
  if (fault !== undefined) return fault;
  const shown = certificate === undefined ? '' : fingerprintOf(certificate);
  // The operator's word is the last: what he has registered opens, whatever it was.
  if (own.superseded.includes(shown) && shown !== certificateFingerprint) {
    return 'the client certificate is not valid any more';
  }
  const rotation = own.issued.find(({ fingerprint }) => fingerprint === shown);
  return {
    kind: 'proof',
    securityProfile: 3,
    ...(rotation === undefined ? {} : { certificateRotationId: rotation.rotationId }),
  };
};

/**
 * The security profile a charger came by, or why it may not. The registered profile is a floor: a
 * certificate of the CPO is taken wherever a password would be, and a password never where a
 * certificate is registered.
 */
const proofOf = async (judge: Judge): Promise<Proof | Refusal> => {
  const { request, credential } = judge;
  const { transport } = request;
  const floor = credential.securityProfile;
  if (floor === 0) return { kind: 'proof', securityProfile: 0 };
  if (floor >= 2 && transport.kind === 'plain') {
    return refusal(403, `registered with security profile ${floor}: connect over TLS`);
  }
  const found = await judgeCertificate(judge);
  if (typeof found !== 'string') return found;
  return floor === 3 ? refusal(403, found) : judgePassword(judge);
};

/**
 * The one place where a charger is let in or not, before there is a WebSocket: path, subprotocol,
 * registration, transport, password or certificate. A charger registered with security profile 0 is
 * the only one that may come without any credentials.
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
  if (request.credentials.length > 1) return refused(400, 'one Authorization header is enough');
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
    const standing = await parts.standingOf(station);
    const { remoteAddress } = request;
    if (standing === 'pending') return { kind: 'pending', station, subprotocol, remoteAddress };
    if (standing === 'refused') return refused(403, 'the operator has refused this charge point');
    return refused(404, `charge point ${station.chargePointId} is not registered`);
  }
  const outcome = await proofOf({ request, parts, station, who, credential });
  if (outcome.kind === 'refusal') return refused(outcome.status, outcome.reason);
  const { kind: _, ...proof } = outcome;
  const { securityProfile: registeredProfile } = credential;
  return { kind: 'admitted', station, subprotocol, registeredProfile, ...proof };
};
