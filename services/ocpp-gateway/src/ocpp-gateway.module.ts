import { type DynamicModule, Module } from '@nestjs/common';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { ServiceContext } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { type GatewayEnvironment, tlsPathsOf } from './config';
import { type ApiParts, apiParts } from './inbound/api-parts';
import { watchSessions } from './inbound/silent-sessions';
import { ConnectionClocks } from './inbound/connection-clocks';
import { attachOrphans } from './inbound/waiting-orphans';
import { ChargePointsController } from './inbound/charge-points.controller';
import { CommandsController } from './inbound/commands.controller';
import { costFollower } from './inbound/cost-events';
import { CertificatesController } from './inbound/certificates.controller';
import { FailureThrottle } from './inbound/failure-throttle';
import type { Gateway } from './inbound/frame';
import { FramesController } from './inbound/frames.controller';
import { ocppMetrics } from './inbound/ocpp-metrics';
import { giveUpWaiting } from './inbound/overdue-transactions';
import { OrphansController } from './inbound/orphans.controller';
import { consumePaymentEvents } from './inbound/payment-events.consumer';
import { SessionsController } from './inbound/sessions.controller';
import { SignedValuesController } from './inbound/signed-values.controller';
import { OutageExclusionsController } from './inbound/outage-exclusions.controller';
import { UptimeController } from './inbound/uptime.controller';
import { type OcppServer, type OcppServerParts, startOcppServer } from './inbound/websocket';
import { framesOf } from './frame-recording';
import { certificateSigning, pendingOf, renewTls, serverSettings } from './ocpp-port';
import { tellReadiness } from './readiness';
import { connectAuthorization } from './outbound/authorization-client';
import { ownCertificates } from './outbound/certificate-views';
import { findChargePoints, findCredential } from './outbound/charge-point-registry';
import { ChargerCertificates } from './outbound/charger-certificates';
import { ChargerCommands } from './outbound/charger-commands';
import { ChargerConnections } from './outbound/charger-connections';
import { CostDisplays } from './outbound/cost-displays';
import { ConnectionEnds } from './outbound/connection-ends';
import { CommandExecutor } from './outbound/command-executor';
import { CredentialRotations, rotatingPasswords } from './outbound/credential-rotations';
import { RotationExecutor } from './outbound/rotation-executor';
import { Contests } from './inbound/contests';
import { CredentialsController } from './inbound/credentials.controller';
import { strengthenPasswords } from './outbound/password-strengthening';
import { CommitQueue } from './outbound/commit-queue';
import { DatabaseClock } from './outbound/database-clock';
import { PasswordCheck } from './outbound/password-hash';
import { ProvenPasswords } from './outbound/proven-passwords';
import { GroupAppend } from './outbound/group-append';
import { OrphanStore } from './outbound/orphan-store';
import { countOrphanStops } from './outbound/orphan-views';
import { RegistrationCopies } from './outbound/registration-copies';
import { RemoteStopExecutor } from './outbound/remote-stop-executor';
import { RemoteStops } from './outbound/remote-stops';
import { newReplicaId, type ReplicaParts, Replicas } from './outbound/replicas';
import { countQuarantined } from './outbound/session-rows';
import { sealWith } from './outbound/sealed-parameters';
import { SessionStore } from './outbound/session-store';
import { SignedValues } from './outbound/signed-values';
import { SessionWatch } from './outbound/session-watch';
import { StationNotices } from './outbound/station-notices';
import { StationStore } from './outbound/station-store';
import { Steadiness } from './outbound/steadiness';
import { countIncomplete } from './outbound/transaction-rows';
import { TransactionStore } from './outbound/transaction-store';
import { TlsSetting } from './outbound/tls-files';
import { fingerprintKey, tokenMarkWith } from './outbound/token-mark';

type Context = ServiceContext<GatewayEnvironment>;

/** While the database answers one group, the next are worked on. */
const commitsAtOnce = 3;

/** So old may a registration be that a swipe is asked with and nothing is read behind it. */
const registrationFreshMs = 10_000;

/** Token under which the composed gateway is found again when the service starts it. */
export const composition = Symbol('composition');

export type Composition = Readonly<{
  gateway: Gateway;
  costs: CostDisplays;
  api: ApiParts;
  server: OcppServerParts;
  tls: TlsSetting | undefined;
  executor: RemoteStopExecutor;
  watch: SessionWatch;
  commandExecutor: CommandExecutor;
  rotationExecutor: RotationExecutor;
  replicas: Replicas;
}>;

const leaseMsOf = (env: GatewayEnvironment): number => env.OCPP_REPLICA_LEASE_SECONDS * 1_000;

const replicaOf = (
  { env, pool, logger }: Context,
  parts: Pick<
    ReplicaParts,
    'replicaId' | 'commits' | 'stations' | 'connections' | 'steadiness' | 'clock'
  >,
): Replicas =>
  new Replicas({
    ...parts,
    name: env.OCPP_REPLICA_NAME ?? `${hostname()}:${env.OCPP_PORT}`,
    leaseMs: leaseMsOf(env),
    sql: pool,
    logger,
  });

const provenPasswordsOf = ({ pool, env, logger }: Context): ProvenPasswords | undefined => {
  const { OCPP_PASSWORD_KEY: key } = env;
  if (key === undefined) return undefined;
  const unkept = (err: unknown): void => logger.warn({ err }, 'mark of a password not kept');
  return new ProvenPasswords(pool, key, unkept);
};

/** The composition root: everything is made and given its parts here. */
export const compose = async (context: Context): Promise<Composition> => {
  const { pool, eventLog, env, logger, metrics, cpoId } = context;
  const appends = new GroupAppend(eventLog);
  const commits = new CommitQueue(appends.transaction, commitsAtOnce);
  const remoteStops = new RemoteStops(eventLog);
  const connections = new ChargerConnections();
  const installationKey = await fingerprintKey(pool, env.FINGERPRINT_KEY);
  const replicaId = newReplicaId();
  const commands = new ChargerCommands(appends, sealWith(installationKey), replicaId);
  const certificates = new ChargerCertificates(appends, commands);
  const { pending, pendingChargers } = pendingOf(context, appends, commits);
  const commandExecutor = new CommandExecutor({
    sql: pool,
    commits,
    commands,
    certificates,
    connections,
    logger,
  });
  const rotations = new CredentialRotations(appends, sealWith(installationKey), replicaId);
  const passwords = new PasswordCheck(env.OCPP_PASSWORD_CHECKS_WAITING_MAX);
  const tls = await TlsSetting.read(tlsPathsOf(env), cpoId);
  const sessions = new SessionStore(appends, {
    closeTimeoutMinutes: env.SESSION_CLOSE_TIMEOUT_MINUTES,
    orphanSettleSeconds: env.ORPHAN_SETTLE_SECONDS,
    silenceMinutes: env.SESSION_SILENCE_MINUTES,
  });
  const steadiness = new Steadiness(leaseMsOf(env));
  const clock = new DatabaseClock();
  const stations = new StationStore(appends, {
    replicaId,
    steadiness,
    clock,
    takeover: env.OCPP_TAKEOVER,
  });
  const tokenMark = tokenMarkWith(installationKey);
  const ocpp = ocppMetrics(metrics);
  const { frameLog, frameErasures } = await framesOf(context, appends, tokenMark, ocpp);
  const costs = new CostDisplays({
    sql: pool,
    connections,
    gapMs: env.OCPP_COST_DISPLAY_SECONDS * 1_000,
    logger,
  });
  const gateway: Gateway = {
    sql: pool,
    commits,
    sessions,
    transactions: new TransactionStore(sessions),
    orphans: new OrphanStore(appends, sessions),
    stations,
    notices: new StationNotices(appends),
    signing: certificateSigning(context, certificates, tls),
    authorization: connectAuthorization(env.AUTHORIZATION_GRPC_URL, {
      patienceMs: env.AUTHORIZATION_PATIENCE_MS,
    }),
    registrations: new RegistrationCopies((stations) => findChargePoints(pool, stations), {
      freshMs: registrationFreshMs,
      lifetimeMs: env.REGISTRATION_COPY_HOURS * 3_600_000,
    }),
    costs,
    tokenMark,
    signedValues: new SignedValues(frameLog.keys, tokenMark),
    clocks: new ConnectionClocks(),
    heartbeatIntervalSeconds: env.HEARTBEAT_INTERVAL_SECONDS,
    logger,
  };
  return {
    gateway,
    costs,
    api: {
      sql: pool,
      eventLog,
      commits,
      passwords,
      remoteStops,
      rotations,
      pending,
      commands,
      commandExecutor,
      connections,
      sessions,
      authorization: gateway.authorization,
      tokenMark: gateway.tokenMark,
      frameKeys: frameLog.keys,
      frameErasures,
    },
    tls,
    server: {
      ...serverSettings(env, tls),
      gateway,
      handshake: {
        defaultCpoId: cpoId,
        findCredential: (station) => findCredential(pool, station.cpoId, station.chargePointId),
        standingOf: (station) => pending.standingOf(pool, station),
        rotatingPasswords: (station) => rotatingPasswords(pool, station),
        ownCertificates: (station) => ownCertificates(pool, station),
        passwords,
        proven: provenPasswordsOf(context),
        throttle: new FailureThrottle(),
        clientCas: (id) => tls?.clientCas(id) ?? [],
        nowMs: () => Date.now(),
      },
      connections,
      ends: new ConnectionEnds({
        commits,
        logger,
        disconnected: (...end) => stations.disconnected(...end),
      }),
      remoteStops,
      frameLog,
      metrics: ocpp,
      rotations,
      certificates,
      pendingChargers,
      contests: new Contests(),
      takeover: env.OCPP_TAKEOVER,
    },
    watch: new SessionWatch(sessions, commands, env.SESSION_ESTIMATE_MINUTES),
    commandExecutor,
    rotationExecutor: new RotationExecutor({
      sql: pool,
      commits,
      rotations,
      connections,
      logger,
    }),
    executor: new RemoteStopExecutor({
      sql: pool,
      commits,
      remoteStops,
      connections,
      replicaId,
      logger,
    }),
    replicas: replicaOf(context, { replicaId, commits, stations, connections, steadiness, clock }),
  };
};

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

@Module({})
export class OcppGatewayModule {
  static create(parts: Composition): DynamicModule {
    return {
      module: OcppGatewayModule,
      controllers: [
        ChargePointsController,
        CommandsController,
        FramesController,
        CertificatesController,
        CredentialsController,
        SessionsController,
        SignedValuesController,
        OrphansController,
        UptimeController,
        OutageExclusionsController,
      ],
      providers: [
        { provide: composition, useFactory: () => parts },
        { provide: apiParts, useFactory: () => parts.api },
      ],
    };
  }
}
