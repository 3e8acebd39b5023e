import type { ServiceContext } from '@tallywatt/service-kit';
import { setTimeout } from 'node:timers/promises';
import { instantFromEpochMs } from '@tallywatt/time';
import { watchSessions } from './inbound/silent-sessions';
import { attachOrphans } from './inbound/waiting-orphans';
import { costFollower } from './inbound/cost-events';
import { giveUpWaiting } from './inbound/overdue-transactions';
import { consumePaymentEvents } from './inbound/payment-events.consumer';
import { type OcppServer, startOcppServer } from './inbound/websocket';
import { renewTls } from './ocpp-port';
import { tellReadiness } from './readiness';
import { strengthenPasswords } from './outbound/password-strengthening';
import { countOrphanStops } from './outbound/orphan-views';
import type { Replicas } from './outbound/replicas';
import { countQuarantined } from './outbound/session-rows';
import { countIncomplete } from './outbound/transaction-rows';
import { type Composition, leaseMsOf } from './composition';
import type { GatewayEnvironment } from './config';

type Context = ServiceContext<GatewayEnvironment>;

/** Says that this process lives, and acts on what others say of theirs. */
const keepReplica = async (context: Context, replicas: Replicas): Promise<void> => {
  const leaseMs = leaseMsOf(context.env);
  await replicas.join();
  context.every('replica-alive', leaseMs / 5, () => replicas.sayAlive());
  context.every('replaced-connections', 500, () => replicas.closeReplaced());
  context.every('dead-replicas', leaseMs / 3, () => replicas.endDead());
};

/**
 * Starts what is not HTTP. The ports are taken first: who had them is dead then, and only then may its
 * connections be ended in the log, which they are before new ones are let in.
 */
export const startGateway = async (context: Context, parts: Composition): Promise<OcppServer> => {
  const { gateway, api, server, executor, commandExecutor, replicas } = parts;
  const now = (): string => instantFromEpochMs(Date.now());
  const ocpp = await startOcppServer(server);
  context.onDrain(async () => {
    await setTimeout(context.env.OCPP_DRAIN_WAIT_SECONDS * 1_000);
    await ocpp.drain(context.env.OCPP_DRAIN_SECONDS * 1_000);
  });
  context.onShutdown(async () => {
    await ocpp.close();
    await commandExecutor.drained();
    await parts.rotationExecutor.drained();
    await parts.costs.drained();
    // Others end what is left open when the lease is over.
    await replicas
      .leave()
      .catch((err: unknown) => context.logger.warn({ err }, 'this process is still on the list'));
    gateway.authorization.close();
  });
  await keepReplica(context, replicas);
  await tellReadiness(context, parts);
  context.every('unrecorded-ends', 1_000, () => server.ends.record());
  consumePaymentEvents(context.eventLog, api.remoteStops);
  context.every('pending-chargers', 1_000, () => server.pendingChargers.closeDecided());
  context.every('slow-hashes', 500, () => strengthenPasswords(context.pool, api.passwords));
  context.every('credential-rotations', 500, () => parts.rotationExecutor.run());
  context.every('cost-displays', 250, () => parts.costs.run(Date.now()));
  context.every('cost-events', 2_000, costFollower(context.eventLog, context.pool, parts.costs));
  context.every('remote-stops', 250, () => executor.run());
  context.every('charger-commands', 250, () => commandExecutor.run());
  context.every('overdue-commands', 1_000, () => commandExecutor.endOverdue());
  context.every('close-overdue-sessions', 5_000, async () => {
    const closed = await gateway.commits.submit((tx) => gateway.sessions.closeOverdue(tx, now()));
    if (closed > 0) context.logger.info({ closed }, 'sessions closed by time-out');
  });
  context.every('silent-sessions', 5_000, () => watchSessions(gateway, parts.watch));
  context.every('orphans', 1_000, () => attachOrphans(gateway));
  context.every('overdue-transactions', 1_000, () => giveUpWaiting(gateway, server.metrics));
  context.every('waiting-sessions', 5_000, async () => {
    server.metrics.sessionsQuarantined(await countQuarantined(context.pool));
    server.metrics.transactionsIncomplete(await countIncomplete(context.pool));
    server.metrics.orphanStopsWaiting(await countOrphanStops(context.pool));
  });
  context.every('frames', 250, () => server.frameLog.flush());
  context.every('frame-erasures', 5_000, () => api.frameErasures.follow());
  if (parts.tls !== undefined) renewTls(context, parts.tls, ocpp, server.metrics);
  ocpp.letIn();
  context.logger.info({ port: ocpp.port, tlsPort: ocpp.tlsPort }, 'OCPP listening');
  return ocpp;
};
