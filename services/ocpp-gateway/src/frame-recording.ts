import type { ServiceContext } from '@tallywatt/service-kit';
import type { GatewayEnvironment } from './config';
import type { OcppMetrics } from './inbound/ocpp-metrics';
import { FrameErasures } from './outbound/frame-erasures';
import { FrameKeys, masterKeys } from './outbound/frame-keys';
import { FrameLog } from './outbound/frame-log';
import { RememberedMarks } from './outbound/frame-sealing';
import type { GroupAppend } from './outbound/group-append';
import type { TokenMark } from './outbound/token-mark';

type Context = ServiceContext<GatewayEnvironment>;

/** What writes frames down, and what makes them unreadable; they share keys and remembered tokens. */
export const framesOf = async (
  { pool, env, eventLog }: Context,
  appends: GroupAppend,
  tokenMark: TokenMark,
  metrics: OcppMetrics,
): Promise<Readonly<{ frameLog: FrameLog; frameErasures: FrameErasures }>> => {
  const nowMs = (): number => Date.now();
  const keys = new FrameKeys(await masterKeys(pool, env.FRAME_KEY), nowMs);
  const marks = new RememberedMarks(tokenMark);
  const frameLog = new FrameLog({
    appends,
    sealing: { keys, tokenMark: marks.of },
    choice: env.FRAME_RECORDING,
    nowMs,
    lost: metrics.frameLost,
    memory: metrics.framesWaiting,
  });
  return { frameLog, frameErasures: new FrameErasures({ sql: pool, eventLog, keys, marks }) };
};
