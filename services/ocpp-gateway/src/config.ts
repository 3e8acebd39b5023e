import { portSchema } from '@tallywatt/service-kit';
import { isIP } from 'node:net';
import { z } from 'zod';

const count = z.coerce.number().int().min(1);

/** An address, or a network such as 10.0.0.0/8. */
const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
};

const networks = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((one) => one.trim()))
  .transform((list) => list.filter((one) => one !== ''))
  .refine((list) => list.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8');

/** The gateway's own variables; the README lists them. */
export const environment = z.object({
  OCPP_HOST: z.string().default('127.0.0.1'),
  OCPP_PORT: portSchema.default(9310),
  OCPP_TLS_PORT: portSchema.default(9317),
  /** Files in PEM; with the first two there is a TLS port. */
  OCPP_TLS_CERT_FILE: z.string().optional(),
  OCPP_TLS_KEY_FILE: z.string().optional(),
  OCPP_TLS_CLIENT_CA: z.string().optional(),
  /** Directory: `<cpoId>.pem`, `<cpoId>.key` and `<cpoId>.organisation` of who signs for chargers. */
  OCPP_CERTIFICATE_AUTHORITIES: z.string().optional(),
  OCPP_CERTIFICATE_DAYS: count.max(3_650).default(365),
  OCPP_TAKEOVER: z.enum(['newer-wins', 'older-wins']).default('newer-wins'),
  OCPP_UNKNOWN_CHARGE_POINTS: z.enum(['refused', 'pending']).default('refused'),
  OCPP_PENDING_MAX: count.max(10_000).default(100),
  OCPP_TRUSTED_PROXIES: networks,
  OCPP_HANDSHAKE_SECONDS: z.coerce.number().positive().max(300).default(15),
  OCPP_CONNECTIONS_MAX: count.default(20_000),
  OCPP_CONNECTIONS_PER_ADDRESS_MAX: count.default(1_000),
  OCPP_FRAME_BYTES_MAX: count.default(256 * 1_024),
  OCPP_FRAMES_PER_SECOND: count.default(100),
  OCPP_FRAMES_BURST: count.default(3_000),
  OCPP_PASSWORD_CHECKS_WAITING_MAX: count.default(200),
  AUTHORIZATION_GRPC_URL: z.string().default('127.0.0.1:9322'),
  AUTHORIZATION_PATIENCE_MS: z.coerce.number().int().min(0).default(20_000),
  REGISTRATION_COPY_HOURS: z.coerce.number().min(0).default(24),
  HEARTBEAT_INTERVAL_SECONDS: z.coerce.number().int().min(1).default(300),
  /** The same for this process after a restart, and no other's; else host and port. */
  OCPP_REPLICA_NAME: z.string().optional(),
  OCPP_REPLICA_LEASE_SECONDS: z.coerce.number().min(1).max(600).default(15),
  /** How long it still lets chargers in after it has said that it is not ready any more. */
  OCPP_DRAIN_WAIT_SECONDS: z.coerce.number().min(0).max(600).default(0),
  /** Over how long it sends its chargers away when it stops. */
  OCPP_DRAIN_SECONDS: z.coerce.number().min(0).max(3_600).default(0),
  SESSION_CLOSE_TIMEOUT_MINUTES: z.coerce.number().min(0).default(720),
  SESSION_SILENCE_MINUTES: z.coerce.number().min(0).default(60),
  SESSION_ESTIMATE_MINUTES: z.coerce.number().min(0).default(1_440),
  /** The least time between two running costs on one charger's display. */
  OCPP_COST_DISPLAY_SECONDS: z.coerce.number().min(0).max(3_600).default(15),
  ORPHAN_SETTLE_SECONDS: z.coerce.number().min(0).default(30),
  FINGERPRINT_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  FRAME_KEY: z
    .string()
    .regex(/^[^,]{32,}(,[^,]{32,})*$/, 'must be one or more keys of at least 32 characters')
    .optional(),
  OCPP_PASSWORD_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  FRAME_RECORDING: z.enum(['all', 'without-heartbeats', 'none']).default('all'),
});

/** The files of the TLS port; undefined when there is to be none. @throws when one is missing. */
export const tlsPathsOf = (
  env: z.infer<typeof environment>,
): { cert: string; key: string; clientCa: string | undefined } | undefined => {
  const { OCPP_TLS_CERT_FILE: cert, OCPP_TLS_KEY_FILE: key, OCPP_TLS_CLIENT_CA: clientCa } = env;
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new Error(
    'OCPP_TLS_CERT_FILE and OCPP_TLS_KEY_FILE are needed together, for a client CA as well',
  );
};

export type GatewayEnvironment = z.infer<typeof environment>;
