import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as never);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1_000;

export type Identity = Readonly<{ cert: string; key: string; fingerprint: string }>;

type Wish = Readonly<{
  /** Distinguished name, e.g. `CN=CP-1`. */
  subject: string;
  dns?: string;
  /** Days from now; the past for one that has expired. */
  validDays?: number;
  isServer?: boolean;
}>;

/** A certificate authority of a test's own, with real keys and real signatures. */
export class TestCa {
  private serial = 1;

  private constructor(
    private readonly name: string,
    private readonly keys: webcrypto.CryptoKeyPair,
    readonly cert: string,
    readonly key: string,
  ) {}

  static async create(name: string): Promise<TestCa> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const own = await X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 3650 * dayMs),
      signingAlgorithm: algorithm,
      keys: keys as never,
      extensions: [
        new BasicConstraintsExtension(true, 2, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new TestCa(name, keys, own.toString('pem'), await keyPem(keys));
  }

  async issue({ subject, dns, validDays = 365, isServer = false }: Wish): Promise<Identity> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    this.serial += 1;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.serial.toString(16).padStart(4, '0'),
      subject,
      issuer: this.name,
      notBefore: new Date(Date.now() - 10 * dayMs),
      notAfter: new Date(Date.now() + validDays * dayMs),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey as never,
      signingKey: this.keys.privateKey as never,
      extensions: [
        new ExtendedKeyUsageExtension([
          isServer ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
        ]),
        ...(dns === undefined
          ? []
          : [new SubjectAlternativeNameExtension([{ type: 'dns', value: dns }])]),
      ],
    });
    const fingerprint = createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex');
    return { cert: certificate.toString('pem'), key: await keyPem(keys), fingerprint };
  }
}

const keyPem = async ({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');

/** What a charger sends to have a certificate signed, and the key that it keeps. */
export const signingRequest = async (subject: string): Promise<{ csr: string; key: string }> => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys: keys as never,
    signingAlgorithm: algorithm,
  });
  return { csr: request.toString('pem'), key: await keyPem(keys) };
};
