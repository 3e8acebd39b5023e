/** The key that a certificate is asked for. */
export type RequestedKey =
  | Readonly<{ kind: 'RSA'; bits: number }>
  | Readonly<{ kind: 'EC'; curve: string }>
  | Readonly<{ kind: 'other'; name: string }>;

/** What a charger's certificate signing request (PKCS #10) says. */
export type SigningRequest = Readonly<{
  commonNames: readonly string[];
  organisations: readonly string[];
  key: RequestedKey;
  /** Of its signature, such as SHA-256. */
  hash: string;
  /** It was signed with the key that it names. */
  isSigned: boolean;
}>;

export type ExpectedSubject = Readonly<{
  /** The charge point's id, or the name registered for its certificates. */
  name: string;
  /** Left out where any organisation will do. */
  organisation?: string;
}>;

const rsaBitsMin = 2_048;
/** More takes seconds to check, and no charger has it. */
const rsaBitsMax = 8_192;
/** NIST P-256, P-384 and P-521, as OpenSSL names them. */
const curves: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const hashes: readonly string[] = ['SHA-256', 'SHA-384', 'SHA-512'];

const keyFault = (key: RequestedKey): string | undefined => {
  switch (key.kind) {
    case 'RSA':
      return key.bits >= rsaBitsMin && key.bits <= rsaBitsMax
        ? undefined
        : `an RSA key of ${key.bits} bits is not taken, but of ${rsaBitsMin} to ${rsaBitsMax}`;
    case 'EC':
      return curves.includes(key.curve)
        ? undefined
        : `the curve ${key.curve} is not taken, but ${curves.join(', ')}`;
    case 'other':
      return `a key of ${key.name} is not taken, but RSA and EC`;
  }
};

const quoted = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : names.map((name) => `"${name.slice(0, 80)}"`).join(', ');

/**
 * Why a request cannot be signed; undefined when it can. OCPP 1.6 security white paper and 2.0.1 part 2,
 * A00.FR.400 to 500: one common name, which says which charger it is, and keys of at least 112 bits
 * of security.
 */
export const requestFault = (
  { commonNames, organisations, key, hash, isSigned }: SigningRequest,
  { name, organisation }: ExpectedSubject,
): string | undefined => {
  if (!isSigned) return 'the request is not signed with its own key';
  if (!hashes.includes(hash)) return `a signature over ${hash} is not taken`;
  const fault = keyFault(key);
  if (fault !== undefined) return fault;
  if (commonNames.length !== 1 || commonNames[0] !== name) {
    return `the common name is ${quoted(commonNames)}, not "${name}"`;
  }
  if (organisation !== undefined && !organisations.includes(organisation)) {
    return `the organisation is ${quoted(organisations)}, not "${organisation}"`;
  }
  return undefined;
};
