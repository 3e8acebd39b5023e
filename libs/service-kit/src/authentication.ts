import {
  createParamDecorator,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { RetriableError } from '@tallywatt/event-log';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { cpoIdPattern, type BaseEnvironment } from './environment';
import { Problem } from './problem';

export type Role = 'operator' | 'finance' | 'driver';

/** Who calls, as the token says: the tenant comes from here and never from a path or a body. */
export type CallerIdentity = Readonly<{ subject: string; cpoId: string; roles: readonly Role[] }>;

const rolesKey = 'tallywatt:roles';
const publicKey = 'tallywatt:public';

/** Which roles may call a route. A route that names none is refused to everybody. */
export const Roles = (...roles: Role[]) => SetMetadata(rolesKey, roles);

/** A route without a token: health, metrics, and webhooks that carry their own signature. */
export const Public = () => SetMetadata(publicKey, true);

/** The caller's identity as a controller's parameter. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallerIdentity =>
    context.switchToHttp().getRequest<{ caller: CallerIdentity }>().caller,
);

export type TokenVerifier = (token: string) => Promise<JWTPayload>;

/** Trusts an OIDC issuer when one is set, else the local secret (HS256). */
export const tokenVerifier = (
  env: Pick<BaseEnvironment, 'AUTH_SECRET' | 'OIDC_ISSUER' | 'OIDC_AUDIENCE'>,
): TokenVerifier => {
  if (env.OIDC_ISSUER !== undefined) {
    const issuer = env.OIDC_ISSUER;
    const keys = createRemoteJWKSet(
      new URL('.well-known/jwks.json', issuer.endsWith('/') ? issuer : `${issuer}/`),
    );
    const audience = env.OIDC_AUDIENCE === undefined ? {} : { audience: env.OIDC_AUDIENCE };
    return async (token) => (await jwtVerify(token, keys, { issuer, ...audience })).payload;
  }
  const secret = new TextEncoder().encode(env.AUTH_SECRET);
  return async (token) => (await jwtVerify(token, secret, { algorithms: ['HS256'] })).payload;
};

const roleNames: readonly string[] = ['operator', 'finance', 'driver'];

const callerOf = (payload: JWTPayload): CallerIdentity | undefined => {
  const cpoId = payload['cpo'];
  const roles = payload['roles'];
  if (payload.sub === undefined || typeof cpoId !== 'string' || !Array.isArray(roles)) {
    return undefined;
  }
  if (!cpoIdPattern.test(cpoId)) return undefined;
  return {
    subject: payload.sub,
    cpoId,
    roles: roles.filter((role): role is Role => roleNames.includes(role as string)),
  };
};

/** Lets a request pass when its token is good and has one of the route's roles. */
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verify: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(publicKey, targets) === true) return true;
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      caller?: CallerIdentity;
    }>();
    const token = /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    if (token === undefined) throw notAuthenticated('no bearer token in the Authorization header');
    let caller: CallerIdentity | undefined;
    try {
      caller = callerOf(await this.verify(token));
    } catch (error) {
      if (isOfIssuer(error)) throw new RetriableError('no keys of the issuer', { cause: error });
      throw notAuthenticated((error as Error).message);
    }
    if (caller === undefined)
      throw notAuthenticated(
        'the token lacks sub, roles or a cpo of lower-case letters, digits and dashes',
      );
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(rolesKey, targets) ?? [];
    if (!roles.some((role) => caller.roles.includes(role))) {
      throw new Problem({
        status: 403,
        type: 'not-permitted',
        title: 'The token does not permit this',
        detail: `needs one of the roles ${roles.join(', ') || '(none is allowed)'}`,
      });
    }
    request.caller = caller;
    return true;
  }
}

/** The issuer's keys could not be read: nothing is known about the token. */
const isOfIssuer = (error: unknown): boolean =>
  !(error instanceof errors.JOSEError) ||
  error instanceof errors.JWKSTimeout ||
  error.code === 'ERR_JOSE_GENERIC';

const notAuthenticated = (detail: string): Problem =>
  new Problem({
    status: 401,
    type: 'not-authenticated',
    title: 'A valid bearer token is needed',
    detail,
  });
