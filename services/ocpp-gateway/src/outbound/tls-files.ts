import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createSecureContext } from 'node:tls';

export type TlsPaths = Readonly<{
  cert: string;
  key: string;
  /** A file is the CA of the default CPO; a directory holds `<cpoId>.pem` for each. */
  clientCa?: string | undefined;
}>;

/** What TLS with chargers needs, as it was read from its files at one time. */
export type TlsMaterial = Readonly<{
  cert: string;
  key: string;
  /** Of each CPO, the certificates that vouch for its chargers. */
  clientCas: ReadonlyMap<string, readonly X509Certificate[]>;
  validUntilMs: number;
  /** Another one when the content of any file is another. */
  digest: string;
}>;

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a text of PEM, in its order. */
export const certificatesOf = (pem: string): X509Certificate[] =>
  (pem.match(certificatePattern) ?? []).map((text) => new X509Certificate(text));

const readClientCas = async (
  path: string | undefined,
  defaultCpoId: string,
): Promise<(readonly [cpoId: string, pem: string])[]> => {
  if (path === undefined) return [];
  if (!(await stat(path)).isDirectory()) return [[defaultCpoId, await readFile(path, 'utf8')]];
  const names = (await readdir(path)).filter((name) => name.endsWith('.pem')).sort();
  return Promise.all(
    names.map(
      async (name) => [basename(name, '.pem'), await readFile(join(path, name), 'utf8')] as const,
    ),
  );
};

/**
 * Reads certificate, key and the CAs of chargers.
 *
 * @throws when a file is missing, half written, or the key is not the certificate's.
 */
export const readTlsFiles = async (
  { cert: certPath, key: keyPath, clientCa }: TlsPaths,
  defaultCpoId: string,
): Promise<TlsMaterial> => {
  const [cert, key, cas] = await Promise.all([
    readFile(certPath, 'utf8'),
    readFile(keyPath, 'utf8'),
    readClientCas(clientCa, defaultCpoId),
  ]);
  const [own] = certificatesOf(cert);
  if (own === undefined) throw new Error(`${certPath} holds no certificate`);
  const clientCas = new Map(cas.map(([cpoId, pem]) => [cpoId, certificatesOf(pem)]));
  for (const [cpoId, certificates] of clientCas) {
    if (certificates.length === 0) throw new Error(`the client CA of ${cpoId} has no certificate`);
  }
  createSecureContext({ cert, key }); // throws when they do not belong together
  const digest = createHash('sha256')
    .update(JSON.stringify([cert, key, cas]))
    .digest('hex');
  return { cert, key, clientCas, validUntilMs: Date.parse(own.validTo), digest };
};

/** The TLS files of this process: read at the start, and again when they are others. */
export class TlsSetting {
  private constructor(
    private readonly paths: TlsPaths,
    private readonly defaultCpoId: string,
    private material: TlsMaterial,
  ) {}

  /** Undefined when there are none to read. */
  static async read(
    paths: TlsPaths | undefined,
    defaultCpoId: string,
  ): Promise<TlsSetting | undefined> {
    if (paths === undefined) return undefined;
    return new TlsSetting(paths, defaultCpoId, await readTlsFiles(paths, defaultCpoId));
  }

  listener(port: number) {
    return { port, material: this.material, asksForCertificate: this.paths.clientCa !== undefined };
  }

  clientCas(cpoId: string): readonly X509Certificate[] {
    return this.material.clientCas.get(cpoId) ?? [];
  }

  get validUntilSeconds(): number {
    return this.material.validUntilMs / 1_000;
  }

  /**
   * What the files say now; undefined when it is what they said before.
   *
   * @throws while they cannot be used; what was read before stays in use.
   */
  async readAgain(): Promise<TlsMaterial | undefined> {
    const material = await readTlsFiles(this.paths, this.defaultCpoId);
    if (material.digest === this.material.digest) return undefined;
    this.material = material;
    return material;
  }
}
