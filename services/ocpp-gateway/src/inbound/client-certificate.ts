import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** How a connection comes, as far as it says who the charger may be. */
export type Transport =
  | Readonly<{ kind: 'plain' }>
  /** Over TLS that ended at a proxy we trust: there is no certificate to see. */
  | Readonly<{ kind: 'tls-at-proxy' }>
  | Readonly<{
      kind: 'tls';
      /** The certificate first, then those it came with; empty when TLS did not find it valid. */
      chain: readonly X509Certificate[];
      /** Why TLS did not, when there was one. */
      certificateFault?: string;
    }>;

export const plain: Transport = { kind: 'plain' };

const chainLengthMax = 5;

/** What TLS has seen of a charger's certificate. */
export const tlsTransport = (socket: TLSSocket): Transport => {
  if (!socket.authorized) {
    const hasCertificate = socket.getPeerX509Certificate() !== undefined;
    return {
      kind: 'tls',
      chain: [],
      ...(hasCertificate ? { certificateFault: String(socket.authorizationError) } : {}),
    };
  }
  const chain: X509Certificate[] = [];
  let link = socket.getPeerCertificate(true);
  while (chain.length < chainLengthMax && link?.raw !== undefined) {
    const certificate = new X509Certificate(link.raw);
    if (chain.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) break;
    chain.push(certificate);
    link = link.issuerCertificate;
  }
  return { kind: 'tls', chain };
};

/** SHA-256 of the certificate (DER), lower-case hexadecimal. */
export const fingerprintOf = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.raw).digest('hex');

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/** Whether one of these CAs vouches for the first of a chain, directly or through its links. */
export const isVouchedFor = (
  [certificate, ...links]: readonly X509Certificate[],
  cas: readonly X509Certificate[],
): boolean => {
  if (certificate === undefined) return false;
  if (cas.some((ca) => isIssuedBy(certificate, ca))) return true;
  const [link] = links;
  return link !== undefined && isIssuedBy(certificate, link) && isVouchedFor(links, cas);
};

/**
 * Names are compared letter by letter: a DNS name is the same in any case, an identity is not. Node
 * writes a comma within a name as its escape, so none can look like two.
 */
const isNamed = (certificate: X509Certificate, name: string): boolean => {
  const { CN } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  const alternatives = (certificate.subjectAltName ?? '').split(', ');
  return CN === name || alternatives.includes(`DNS:${name}`);
};

export type ExpectedCertificate = Readonly<{
  /** CN or DNS name: the charge point's id or, as the OCPP white paper has it, its serial number. */
  name: string;
  /** Where any is given it must be one of them. */
  fingerprints: readonly string[];
}>;

/**
 * Why a charger's certificate is not the one that is expected; undefined when it is. TLS looks at
 * signatures, dates and usage against the CAs of all CPOs, so what is left is whose CA it is.
 */
export const certificateFault = (
  transport: Transport,
  { name, fingerprints }: ExpectedCertificate,
  cas: readonly X509Certificate[],
  nowMs: number,
): string | undefined => {
  if (transport.kind !== 'tls') return 'connect over TLS with a client certificate';
  const [certificate] = transport.chain;
  if (certificate === undefined) {
    return transport.certificateFault === undefined
      ? 'a client certificate is needed'
      : `the client certificate is not valid (${transport.certificateFault})`;
  }
  if (!isVouchedFor(transport.chain, cas)) {
    return 'the client certificate is of no certificate authority of this CPO';
  }
  if (nowMs > Date.parse(certificate.validTo) || nowMs < Date.parse(certificate.validFrom)) {
    return 'the client certificate is not valid now';
  }
  if (!isNamed(certificate, name)) return `the client certificate is not of ${name}`;
  if (fingerprints.length > 0 && !fingerprints.includes(fingerprintOf(certificate))) {
    return 'the client certificate is not the one that was registered';
  }
  return undefined;
};
