import { apiVersion, type Settings } from './settings';
import { StripeSandboxError } from './stripe-error';
import type { IdempotentResponse } from './tables';

const unauthorized = (message: string) =>
  new StripeSandboxError(401, { type: 'invalid_request_error', message }, { remembered: false });

const masked = (key: string): string =>
  key.length <= 12 ? '*'.repeat(key.length) : `${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}`;

const keyFrom = (authorization: string | undefined): string | undefined => {
  const [scheme, credential] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() === 'bearer') return credential;
  if (scheme?.toLowerCase() !== 'basic' || credential === undefined) return undefined;
  return Buffer.from(credential, 'base64').toString('utf8').split(':')[0];
};

/** Lets only test keys in. A live key is never even compared: it has no business here. */
export const checkKey = (authorization: string | undefined, settings: Settings): void => {
  const key = keyFrom(authorization);
  if (key === undefined || key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (/^[a-z]+_live_/.test(key)) {
    throw unauthorized(
      'This is a sandbox on your own machine and refuses live keys. Revoke the key if it was not meant to be seen here.',
    );
  }
  const accepted =
    settings.apiKey === undefined ? /^sk_test_\w+$/.test(key) : key === settings.apiKey;
  if (!accepted) throw unauthorized(`Invalid API Key provided: ${masked(key)}`);
};

/** One version is pinned everywhere; a client that speaks another is told instead of misread. */
export const checkVersion = (version: string | undefined): void => {
  if (version === undefined || version === apiVersion) return;
  throw new StripeSandboxError(
    400,
    {
      type: 'invalid_request_error',
      message: `Invalid Stripe API version: ${version}. The sandbox speaks only ${apiVersion}.`,
    },
    { remembered: false },
  );
};

/** Refuses a key that was first used for something else. */
export const checkReuse = (saved: IdempotentResponse, path: string, fingerprint: string): void => {
  const sentence = 'Keys for idempotent requests can only be used';
  const advice = `Try using a key other than '${saved.id}' if you meant to execute a different request.`;
  if (saved.path !== path) {
    throw new StripeSandboxError(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${saved.path}' vs '${path}'). ${advice}`,
    });
  }
  if (saved.fingerprint !== fingerprint) {
    throw new StripeSandboxError(400, {
      type: 'idempotency_error',
      message: `${sentence} with the same parameters they were first used with. ${advice}`,
    });
  }
};

export const keyInUse = (key: string) =>
  new StripeSandboxError(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this idempotency key: ${key}. Please try again later.`,
  });

export const checkKeyLength = (key: string | undefined): void => {
  if (key === undefined || key.length <= 255) return;
  throw new StripeSandboxError(400, {
    type: 'invalid_request_error',
    message: 'Idempotency keys have at most 255 characters.',
  });
};

/** The rate limiter stands before everything: nothing was executed, nothing is remembered. */
export const rateLimited = () =>
  new StripeSandboxError(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message:
      'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
  });

/** Another request works on the same object. */
export const lockTimeout = () =>
  new StripeSandboxError(
    429,
    {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message:
        'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate.',
    },
    { shouldRetry: true },
  );
