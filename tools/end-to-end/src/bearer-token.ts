import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { System } from '@tallywatt/demonstration';

export type Claims = Readonly<{ cpoId: string; roles: readonly string[] }>;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An HS256 token for anybody, made without the code that checks it. */
export const bearerToken = (
  secret: string,
  { cpoId, roles }: Claims,
  expiresInSeconds = 600,
): string => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'HS256' })}.${part({
    sub: 'someone',
    cpo: cpoId,
    roles,
    iat: nowSeconds,
    exp: nowSeconds + expiresInSeconds,
  })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

/** Secrets of a local system that a test has to know to play a wrongdoer. */
export type KnownSecrets = Readonly<{ authSecret: string; webhookSecret: string }>;

export const secretsOf = (system: System): KnownSecrets =>
  JSON.parse(readFileSync(join(system.directory, 'secrets.json'), 'utf8')) as KnownSecrets;
