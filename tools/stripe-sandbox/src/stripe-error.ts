import type Stripe from 'stripe';

/** The four values that `error.type` has on the wire. */
export type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

/** `error` of a refused request, field by field as Stripe sends it. */
export interface ErrorBody {
  type: ErrorType;
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  advice_code?: string;
  network_decline_code?: string;
  doc_url?: string;
  charge?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
}

interface Treatment {
  /** Validation failures never began to execute: an idempotency key does not remember them. */
  remembered?: boolean;
  /** A decline leaves its charge and its events behind; every other error leaves nothing. */
  keepsChanges?: boolean;
  shouldRetry?: boolean;
}

/** An answer other than 200, thrown by whoever notices. */
export class StripeSandboxError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly treatment: Treatment = {},
  ) {
    super(body.message);
  }
}

const documented = (code: string): Pick<ErrorBody, 'code' | 'doc_url'> => ({
  code,
  doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`,
});

/** A parameter that cannot be read: refused before anything is executed. */
export const invalidParameter = (message: string, param: string, code?: string) =>
  new StripeSandboxError(
    400,
    { type: 'invalid_request_error', message, param, ...(code ? documented(code) : {}) },
    { remembered: false },
  );

/** A request that is well-formed but cannot apply to the object as it is. */
export const refused = (message: string, details: Omit<ErrorBody, 'type' | 'message'> = {}) =>
  new StripeSandboxError(400, {
    type: 'invalid_request_error',
    message,
    ...details,
    ...(details.code ? documented(details.code) : {}),
  });

/** 404: nothing has this id. `param` is what Stripe calls the id of that kind of object. */
export const missing = (kind: string, id: string, param = 'id', status = 404) =>
  new StripeSandboxError(status, {
    type: 'invalid_request_error',
    message: `No such ${kind}: '${id}'`,
    param,
    ...documented('resource_missing'),
  });
