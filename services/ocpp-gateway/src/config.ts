import { portSchema } from '@tallywatt/service-kit';
import { z } from 'zod';

/** The gateway's own variables; the README lists them. */
export const environment = z.object({
  OCPP_HOST: z.string().default('127.0.0.1'),
  OCPP_PORT: portSchema.default(9310),
  AUTHORIZATION_GRPC_URL: z.string().default('127.0.0.1:9322'),
  AUTHORIZATION_PATIENCE_MS: z.coerce.number().int().min(0).default(20_000),
  HEARTBEAT_INTERVAL_SECONDS: z.coerce.number().int().min(1).default(300),
  /** The same for this process after a restart, and no other's; else host and port. */
  OCPP_REPLICA_NAME: z.string().optional(),
  OCPP_REPLICA_LEASE_SECONDS: z.coerce.number().min(1).max(600).default(15),
  SESSION_CLOSE_TIMEOUT_MINUTES: z.coerce.number().min(0).default(720),
  ORPHAN_SETTLE_SECONDS: z.coerce.number().min(0).default(30),
  FINGERPRINT_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
});

export type GatewayEnvironment = z.infer<typeof environment>;
