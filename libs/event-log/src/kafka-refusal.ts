import { RetriableError } from './failure';
import type { KafkaConnection } from './kafka-connection';

export type RefusalKind = 'certificate' | 'authentication' | 'authorization';

/**
 * Kafka is there and does not let us: a wrong password, a certificate nobody believes, a permission
 * that is missing. Only people can mend it, and then the same attempt succeeds, so services go on
 * trying; they say so as an error, and are not ready.
 */
export class KafkaRefused extends RetriableError {
  constructor(
    readonly refusal: RefusalKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KafkaRefused';
  }
}

type Facts = Readonly<{ name?: unknown; type?: unknown; code?: unknown; message: string }>;

// Names that OpenSSL and Node give to a broker's certificate that cannot be believed.
const certificateCodes =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|.*(CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE|INVALID_CA|CRL).*)$/;
const tlsCodes = /^(EPROTO|ERR_SSL_.*|ERR_OSSL_.*)$/;

const subjectOf = ({ sasl, tls }: KafkaConnection): string => {
  if (sasl !== undefined) return `user ${sasl.username}`;
  return tls?.client === undefined ? 'whoever has no name' : 'the user of our certificate';
};

const refusalIn = (
  { name, type, code, message }: Facts,
  connection: KafkaConnection,
  what: string,
): [RefusalKind, string] | undefined => {
  const subject = subjectOf(connection);
  if (name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED') {
    return ['authentication', `Kafka does not let ${subject} in: ${message}`];
  }
  if (typeof type === 'string' && type.endsWith('_AUTHORIZATION_FAILED')) {
    return ['authorization', `Kafka does not permit ${subject} to ${what}: ${message} (${type})`];
  }
  if (typeof code !== 'string') return undefined;
  if (tlsCodes.test(code)) {
    return ['certificate', `Kafka and we cannot agree on TLS: ${message} (${code})`];
  }
  if (certificateCodes.test(code)) {
    return ['certificate', `Kafka's certificate is not to be believed: ${message} (${code})`];
  }
  return undefined;
};

/**
 * Finds in an error of the client, or in what caused it, that Kafka refused, and says so in words
 * that name the user and what was tried. Other errors are given back as they are.
 */
export const namingRefusal = (error: Error, connection: KafkaConnection, what: string): Error => {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; depth += 1) {
    if (at instanceof KafkaRefused) return at;
    const found = refusalIn(at, connection, what);
    if (found !== undefined) return new KafkaRefused(...found, { cause: error });
    at = at.cause;
  }
  return error;
};

/** Gives errors that mean a refusal words that name the user and what was tried. */
export type Naming = (error: unknown, what: string) => Error;

/**
 * What kafkajs calls beyond retrying although it passes by itself: a broker that has just started
 * names a coordinator before its own metadata lists it, and one that goes down names none. After its
 * own attempts kafkajs wraps it in another error, which says the same of itself.
 */
export const passesByItself = ({ name, cause }: Error): boolean =>
  name === 'KafkaJSGroupCoordinatorNotFound' || (cause instanceof Error && passesByItself(cause));
