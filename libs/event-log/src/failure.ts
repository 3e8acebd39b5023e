import { types } from 'node:util';

/** The outside is down or busy: the same attempt can succeed later, so nothing is parked. */
export class RetriableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetriableError';
  }
}

/**
 * Something of another topic has not been seen yet: there is no order across topics, so the
 * partition waits for it. Only the owner of the missing thing can say that it does not exist.
 */
export class NotYetKnown extends RetriableError {
  constructor(readonly what: string) {
    super(`waiting for ${what}`);
    this.name = 'NotYetKnown';
  }
}

// PostgreSQL, appendix A: connection exceptions, operator intervention, insufficient resources,
// transaction rollback. Beside these classes: lock_not_available, the idle time-outs, and
// read_only_sql_transaction, which is what a primary says that has become a standby.
const retriableClasses = new Set(['08', '57', '53', '40']);
const retriableStates = new Set(['55P03', '25P03', '25P04', '25006']);

const retriableSystemCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

// pg reports a lost connection as a plain Error without a code.
const lostConnection =
  /^(Connection terminated|Connection ended|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired|Query read timeout)/;

const codeOf = (error: object): string | undefined => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : undefined;
};

const isRetriableItself = (error: Error): boolean => {
  if (error instanceof RetriableError) return true;
  if ((error as { retriable?: unknown }).retriable === true) return true;
  const code = codeOf(error);
  if (code === undefined) return lostConnection.test(error.message);
  if (retriableSystemCodes.has(code) || retriableStates.has(code)) return true;
  return code.length === 5 && retriableClasses.has(code.slice(0, 2));
};

/**
 * Whether the world misbehaved (retry) rather than an invariant broke (park). Looks through
 * `cause`, because an adapter may have wrapped the lost connection in words of its own.
 */
export const isRetriable = (error: unknown): boolean => {
  // By its nature, not its class: under Jest the errors of sockets are of another realm's class.
  for (let at: unknown = error, depth = 0; types.isNativeError(at) && depth < 8; depth += 1) {
    if (isRetriableItself(at)) return true;
    at = at.cause;
  }
  return false;
};

/** Serialization failure or deadlock: PostgreSQL rolled back, and running it again is the cure. */
export const isSerializationFailure = (error: unknown): boolean =>
  error instanceof Error && ['40001', '40P01'].includes(codeOf(error) ?? '');

export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
