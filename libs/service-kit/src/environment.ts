import {
  type KafkaConnection,
  KafkaSettingsInvalid,
  readKafkaConnection,
} from '@tallywatt/event-log';
import { z } from 'zod';

/** A port number given as text. */
export const portSchema = z.coerce.number().int().min(0).max(65_535);

/** A CPO's id is the first part of every key, so it may hold nothing that ends a part. */
export const cpoIdPattern = /^[a-z0-9-]{1,40}$/;

const baseSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).default(12),
  AUTH_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  OIDC_ISSUER: z.url().optional(),
  OIDC_AUDIENCE: z.string().optional(),
  /** A consumer that is silent for so long, because it was killed or stands still, is replaced. */
  KAFKA_SESSION_TIMEOUT_MS: z.coerce.number().int().min(1_000).max(300_000).default(10_000),
  DEFAULT_CPO_ID: z
    .string()
    .regex(cpoIdPattern, 'must be lower-case letters, digits and dashes')
    .default('default'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  HTTP_HOST: z.string().default('127.0.0.1'),
});

export type BaseEnvironment = z.infer<typeof baseSchema> &
  Readonly<{
    /** What the variables of `kafkaVariables` say. */
    kafka: KafkaConnection;
  }>;

/** The environment is not what the service needs; the message names every variable. */
export class EnvironmentInvalid extends Error {
  constructor(faults: readonly string[]) {
    super(`The environment is not complete:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'EnvironmentInvalid';
  }
}

/**
 * Reads the variables every service has and the service's own.
 *
 * @throws EnvironmentInvalid naming every variable that is missing or wrong, never its value.
 */
export const readEnvironment = <Own extends z.ZodRawShape>(
  source: Record<string, string | undefined>,
  own: z.ZodObject<Own>,
): BaseEnvironment & z.infer<z.ZodObject<Own>> => {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const baseResult = baseSchema.safeParse(given);
  const ownResult = own.safeParse(given);
  const faults = [...(baseResult.error?.issues ?? []), ...(ownResult.error?.issues ?? [])].map(
    (issue) => `${issue.path.join('.')}: ${issue.message}`,
  );
  let kafka: KafkaConnection | undefined;
  try {
    kafka = readKafkaConnection(given);
  } catch (error) {
    if (!(error instanceof KafkaSettingsInvalid)) throw error;
    faults.unshift(...error.faults);
  }
  if (
    baseResult.success &&
    baseResult.data.AUTH_SECRET === undefined &&
    baseResult.data.OIDC_ISSUER === undefined
  ) {
    faults.push('AUTH_SECRET or OIDC_ISSUER: one of them has to say whose tokens are trusted');
  }
  if (faults.length > 0 || !baseResult.success || !ownResult.success || kafka === undefined) {
    throw new EnvironmentInvalid(faults);
  }
  return { ...baseResult.data, ...ownResult.data, kafka };
};
