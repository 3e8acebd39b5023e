import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  webcrypto,
  type X509Certificate,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectKeyIdentifierExtension,
  X509Certificate as AsnCertificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type { ExpectedSubject, RequestedKey, SigningRequest } from '../domain/signing-request';
import { certificatesOf } from './tls-files';

cryptoProvider.set(webcrypto as never);

/** A request that was read, and what a certificate needs of it. */
export type ReadRequest = SigningRequest &
  Readonly<{
    /** SHA-256 of the request (DER), lower-case hexadecimal: whether it is the same again. */
    digest: string;
    parsed: Pkcs10CertificateRequest;
  }>;

export type SignedCertificate = Readonly<{
  /** PEM: the certificate, then those of the authorities below the root. */
  chain: string;
  /** SHA-256 of the certificate (DER), lower-case hexadecimal. */
  fingerprintSha256: string;
  serialNumber: string;
  validFrom: Instant;
  validUntil: Instant;
}>;

/** Who signs the certificates of one CPO's chargers. */
export type CertificateAuthority = Readonly<{
  /** The authority's own certificate: chargers of this CPO are let in by what it has signed. */
  certificate: X509Certificate;
  /** What requests must name; any will do where it is left out. */
  organisation?: string;
  sign: (request: ReadRequest, subject: ExpectedSubject) => Promise<SignedCertificate>;
}>;

/** The authority of a CPO; undefined where it has none. @throws when its files cannot be used. */
export type CertificateAuthorities = (cpoId: string) => Promise<CertificateAuthority | undefined>;

const keyOf = (spki: ArrayBuffer): RequestedKey => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({
    key: Buffer.from(spki),
    format: 'der',
    type: 'spki',
  });
  if (type === 'rsa') return { kind: 'RSA', bits: details?.modulusLength ?? 0 };
  if (type === 'ec') return { kind: 'EC', curve: details?.namedCurve ?? 'unnamed' };
  return { kind: 'other', name: String(type) };
};

/** A certificate signing request in PEM (RFC 2986). @throws when it is none. */
export const readSigningRequest = async (pem: string): Promise<ReadRequest> => {
  const parsed = new Pkcs10CertificateRequest(pem);
  const key = keyOf(parsed.publicKey.rawData);
  const { subjectName } = parsed;
  // Those of some curves name none.
  const { hash } = parsed.signatureAlgorithm as { hash?: { name: string } };
  return {
    parsed,
    digest: createHash('sha256').update(Buffer.from(parsed.rawData)).digest('hex'),
    commonNames: subjectName.getField('CN'),
    organisations: subjectName.getField('O'),
    key,
    hash: hash?.name ?? 'nothing',
    // A key of another kind is refused for that; no signature of it is looked at.
    isSigned: key.kind === 'other' || (await parsed.verify()),
  };
};

/** A clock that is a little behind must not refuse what was signed just now. */
const backdatedMs = 60 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;

/** Positive and of 127 random bits (RFC 5280, 4.1.2.2). */
const newSerialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

const importKey = async (pem: string) => {
  const key = createPrivateKey(pem);
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const algorithm =
    key.asymmetricKeyType === 'ec'
      ? {
          name: 'ECDSA',
          namedCurve: curveNames[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'unnamed',
          hash: 'SHA-256',
        }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  return { key, algorithm, signingKey };
};

const instantOf = (date: Date): Instant => instantFromEpochMs(date.getTime());

type Setting = Readonly<{ directory: string; validityDays: number; nowMs: () => number }>;

const readOptional = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/**
 * Authorities whose keys are in files: `<cpoId>.pem` (the authority's certificate first, then those
 * above it), `<cpoId>.key` (its private key) and, where requests must name one, `<cpoId>.organisation`.
 * They are read each time, so that others take effect at once; certificates are rarely asked for.
 */
export const authoritiesFrom =
  ({ directory, validityDays, nowMs }: Setting): CertificateAuthorities =>
  async (cpoId) => {
    const fileOf = (ending: string): string => join(directory, `${cpoId}.${ending}`);
    const [pem, keyPem, organisationText] = await Promise.all([
      readOptional(fileOf('pem')),
      readOptional(fileOf('key')),
      readOptional(fileOf('organisation')),
    ]);
    if (pem === undefined && keyPem === undefined) return undefined;
    if (pem === undefined || keyPem === undefined) {
      throw new Error(`${cpoId}.pem and ${cpoId}.key are needed together`);
    }
    const [certificate, ...above] = certificatesOf(pem);
    if (certificate === undefined) throw new Error(`${cpoId}.pem holds no certificate`);
    const { key, algorithm, signingKey } = await importKey(keyPem);
    if (Date.parse(certificate.validTo) <= nowMs()) throw new Error(`${cpoId}.pem has expired`);
    if (!certificate.ca) throw new Error(`${cpoId}.pem is of no certificate authority`);
    if (!certificate.checkPrivateKey(key)) {
      throw new Error(`${cpoId}.key is not the key of ${cpoId}.pem`);
    }
    const organisation = organisationText?.trim();
    const own = new AsnCertificate(certificate.raw);
    // The root is what others have: it is not sent.
    const links = [certificate, ...above].filter((one) => one.subject !== one.issuer);

    const sign: CertificateAuthority['sign'] = async ({ parsed, key: requested }, subject) => {
      const { publicKey } = parsed;
      const now = nowMs();
      const notAfter = Math.min(now + validityDays * dayMs, Date.parse(certificate.validTo));
      const usage =
        KeyUsageFlags.digitalSignature |
        (requested.kind === 'RSA' ? KeyUsageFlags.keyEncipherment : 0);
      // Of what the request says only its key and its names go in: who asks gets no other rights.
      const signed = await X509CertificateGenerator.create({
        serialNumber: newSerialNumber(),
        subject: [
          ...(subject.organisation === undefined ? [] : [{ O: [subject.organisation] }]),
          { CN: [subject.name] },
        ],
        issuer: own.subjectName,
        notBefore: new Date(now - backdatedMs),
        notAfter: new Date(notAfter),
        publicKey,
        signingKey: signingKey as never,
        signingAlgorithm: algorithm,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(usage, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
          await SubjectKeyIdentifierExtension.create(publicKey),
          await AuthorityKeyIdentifierExtension.create(own.publicKey),
        ],
      });
      const der = Buffer.from(signed.rawData);
      return {
        chain: [signed.toString('pem'), ...links.map((link) => link.toString().trim())].join('\n'),
        fingerprintSha256: createHash('sha256').update(der).digest('hex'),
        serialNumber: signed.serialNumber,
        validFrom: instantOf(signed.notBefore),
        validUntil: instantOf(signed.notAfter),
      };
    };
    return {
      certificate,
      ...(organisation === undefined || organisation === '' ? {} : { organisation }),
      sign,
    };
  };
