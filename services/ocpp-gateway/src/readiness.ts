import type { ServiceContext } from '@tallywatt/service-kit';
import type { AuthorizationClient } from './outbound/authorization-client';
import type { FrameLog } from './outbound/frame-log';

type Parts = Readonly<{
  gateway: Readonly<{ authorization: AuthorizationClient }>;
  server: Readonly<{ frameLog: FrameLog }>;
}>;

/**
 * What the gateway serves chargers without: told, and no reason to send them elsewhere, for it is away
 * from all processes alike (promise P1).
 */
export const tellReadiness = async (
  { pool, readiness }: Pick<ServiceContext, 'pool' | 'readiness'>,
  { gateway, server: { frameLog } }: Parts,
): Promise<void> => {
  const onlyTold = { onlyTold: true } as const;
  const frameKeys = await frameLog.keys.state(pool);
  readiness('authorization', () => gateway.authorization.state(), onlyTold);
  readiness('frames', () => frameLog.state(), onlyTold);
  readiness('frame-keys', () => frameKeys, onlyTold);
};
