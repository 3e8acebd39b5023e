import type { Account, Route } from './account';
import { expand } from './expansion';
import type { Fault } from './faults';
import { canonicalForm, decodeForm, type FormFields } from './form';
import { newId } from './identifiers';
import {
  checkKey,
  checkKeyLength,
  checkReuse,
  checkVersion,
  keyInUse,
  lockTimeout,
  rateLimited,
} from './gate';
import { Parameters } from './parameters';
import { balanceRoutes } from './resources/balance';
import { balanceTransactionRoutes } from './resources/balance-transaction';
import { chargeRoutes } from './resources/charge';
import { customerRoutes } from './resources/customer';
import { eventRoutes } from './resources/event';
import { paymentIntentRoutes } from './resources/payment-intent';
import { paymentMethodRoutes } from './resources/payment-method';
import { payoutRoutes } from './resources/payout';
import { refundRoutes } from './resources/refund';
import { webhookEndpointRoutes } from './resources/webhook-endpoint';
import { apiVersion } from './settings';
import { StripeSandboxError } from './stripe-error';
import { runDue } from './timers';

const placeholders = ({ path }: Route): number => path.split(':').length;

// Fixed paths are looked at before those with a name in them: /search is not an id.
const routes: readonly Route[] = [
  ...balanceRoutes,
  ...balanceTransactionRoutes,
  ...chargeRoutes,
  ...customerRoutes,
  ...eventRoutes,
  ...paymentIntentRoutes,
  ...paymentMethodRoutes,
  ...payoutRoutes,
  ...refundRoutes,
  ...webhookEndpointRoutes,
].sort((a, b) => placeholders(a) - placeholders(b));

/** A request as it came in; `form` is the query of a GET or the body of a POST. */
export interface HttpCall {
  method: string;
  path: string;
  form: string;
  authorization: string | undefined;
  version: string | undefined;
  idempotencyKey: string | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: object;
  /** Set when the answer is never to be sent: the connection is dropped after so long. */
  silenceMilliseconds?: number;
}

interface Result {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

const match = (route: Route, path: string): Record<string, string> | undefined => {
  const wanted = route.path.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const names: Record<string, string> = {};
  const fits = wanted.every((part, index) => {
    const text = given[index] ?? '';
    if (!part.startsWith(':')) return part === text;
    names[part.slice(1)] = text;
    return text !== '';
  });
  return fits ? names : undefined;
};

const routeOf = (call: HttpCall): { route: Route; names: Record<string, string> } => {
  for (const route of routes) {
    const names = route.method === call.method ? match(route, call.path) : undefined;
    if (names !== undefined) return { route, names };
  }
  throw new StripeSandboxError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${call.method}: ${call.path}). The sandbox imitates only the endpoints its README names.`,
  });
};

const errorResult = (error: StripeSandboxError): Result => ({
  status: error.status,
  body: { error: error.body },
  ...(error.treatment.shouldRetry === undefined
    ? {}
    : { headers: { 'Stripe-Should-Retry': String(error.treatment.shouldRetry) } }),
});

const injected500 = (remembered: boolean) =>
  new StripeSandboxError(
    500,
    {
      type: 'api_error',
      message: 'An unknown error occurred',
    },
    { remembered, ...(remembered ? { shouldRetry: false } : {}) },
  );

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** The HTTP API of one account: who may come in, what was asked before, and what is to be done. */
export class Api {
  private readonly keysInFlight = new Set<string>();
  private readonly lockedObjects = new Set<string>();

  constructor(private readonly account: Account) {}

  async answer(call: HttpCall): Promise<HttpAnswer> {
    const requestId = newId('req');
    const fault = this.account.faults.takeForRequest(call.method, call.path);
    const result = await this.resultOf(call, requestId, fault).catch((error: unknown) => {
      if (error instanceof StripeSandboxError) return errorResult(error);
      console.error('stripe-sandbox failed on', call.method, call.path, error);
      return errorResult(injected500(false));
    });
    return {
      status: result.status,
      body: result.body,
      headers: {
        'Request-Id': requestId,
        'Stripe-Version': apiVersion,
        ...(call.idempotencyKey && call.method === 'POST'
          ? { 'Idempotency-Key': call.idempotencyKey, 'Original-Request': requestId }
          : {}),
        ...(result.status === 200 ? { 'Stripe-Should-Retry': 'false' } : {}),
        ...result.headers,
      },
      ...(fault?.kind === 'timeout-after-commit'
        ? { silenceMilliseconds: fault.delayMilliseconds }
        : {}),
    };
  }

  private async resultOf(
    call: HttpCall,
    requestId: string,
    fault: Fault | undefined,
  ): Promise<Result> {
    checkKey(call.authorization, this.account.settings);
    checkVersion(call.version);
    checkKeyLength(call.idempotencyKey);
    if (fault?.kind === 'error-429') throw rateLimited();
    if (fault?.kind === 'lock-timeout') throw lockTimeout();
    if (fault?.kind === 'error-409') throw keyInUse(call.idempotencyKey ?? requestId);
    const { route, names } = routeOf(call);
    const form = decodeForm(call.form);
    const key = call.method === 'POST' ? call.idempotencyKey : undefined;
    const replay = key === undefined ? undefined : this.remembered(key, call, form);
    if (replay !== undefined) return replay;
    if (key !== undefined && this.keysInFlight.has(key)) throw keyInUse(key);
    const locked = call.method === 'POST' ? call.path.split('/').slice(0, 4).join('/') : '';
    if (names['id'] !== undefined && this.lockedObjects.has(locked)) throw lockTimeout();
    if (key !== undefined) this.keysInFlight.add(key);
    if (names['id'] !== undefined && locked !== '') this.lockedObjects.add(locked);
    try {
      if (fault?.kind === 'slow') await pause(fault.delayMilliseconds);
      runDue(this.account);
      return this.execute(call, route, names, form, key, requestId, fault);
    } finally {
      if (key !== undefined) this.keysInFlight.delete(key);
      this.lockedObjects.delete(locked);
    }
  }

  /** What was answered under this key before, unless that was longer than a day ago. */
  private remembered(key: string, call: HttpCall, form: FormFields): Result | undefined {
    const saved = this.account.store.get('idempotent_response', key);
    if (saved === undefined) return undefined;
    if (this.account.clock.nowMs() - saved.createdMs > 86_400_000) return undefined;
    checkReuse(saved, call.path, canonicalForm(form));
    return {
      status: saved.status,
      body: saved.body as object,
      headers: {
        'Idempotent-Replayed': 'true',
        'Original-Request': saved.requestId,
        'Stripe-Should-Retry': 'false',
      },
    };
  }

  /** Runs the endpoint; its effects and what the idempotency key remembers are one change set. */
  private execute(
    call: HttpCall,
    route: Route,
    path: Record<string, string>,
    form: FormFields,
    key: string | undefined,
    requestId: string,
    fault: Fault | undefined,
  ): Result {
    const { account } = this;
    return account.store.transaction(() => {
      const mark = account.store.mark();
      account.request = { id: requestId, idempotency_key: key ?? null };
      let result: Result;
      let remember = key !== undefined;
      try {
        if (fault?.kind === 'error-500') throw injected500(fault.remembered);
        const parameters = new Parameters(form);
        parameters.allowOnly([...route.accepts, 'expand']);
        const body = route.answer({ account, parameters, path });
        result = { status: 200, body: expand(account, body, parameters.list('expand') ?? []) };
      } catch (error) {
        if (!(error instanceof StripeSandboxError)) throw error;
        if (error.treatment.keepsChanges !== true) account.store.rollbackTo(mark);
        remember &&= error.treatment.remembered !== false;
        result = errorResult(error);
      } finally {
        account.request = null;
      }
      if (key !== undefined && remember) {
        account.store.put('idempotent_response', {
          id: key,
          path: call.path,
          fingerprint: canonicalForm(form),
          status: result.status,
          body: result.body,
          requestId,
          createdMs: account.clock.nowMs(),
        });
      }
      return result;
    });
  }
}
