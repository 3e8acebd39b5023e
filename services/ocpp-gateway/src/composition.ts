import type { ServiceContext } from '@tallywatt/service-kit';
import { hostname } from 'node:os';
import { type GatewayEnvironment, tlsPathsOf } from './config';
import type { ApiParts } from './inbound/api-parts';
import { ConnectionClocks } from './inbound/connection-clocks';
import { FailureThrottle } from './inbound/failure-throttle';
import { ocppMetrics } from './inbound/ocpp-metrics';
import type { OcppServerParts } from './inbound/websocket';
import { framesOf } from './frame-recording';
import { certificateSigning, pendingOf, serverSettings } from './ocpp-port';
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
import { CommitQueue } from './outbound/commit-queue';
import { DatabaseClock } from './outbound/database-clock';
import { PasswordCheck } from './outbound/password-hash';
import { ProvenPasswords } from './outbound/proven-passwords';
import { GroupAppend } from './outbound/group-append';
import { OrphanStore } from './outbound/orphan-store';
import { RegistrationCopies } from './outbound/registration-copies';
import { RemoteStopExecutor } from './outbound/remote-stop-executor';
import { RemoteStops } from './outbound/remote-stops';
import { newReplicaId, type ReplicaParts, Replicas } from './outbound/replicas';
import { sealWith } from './outbound/sealed-parameters';
import { SessionStore } from './outbound/session-store';
import { SignedValues } from './outbound/signed-values';
import { SessionWatch } from './outbound/session-watch';
import { StationNotices } from './outbound/station-notices';
import { StationStore } from './outbound/station-store';
import { Steadiness } from './outbound/steadiness';
import { TransactionStore } from './outbound/transaction-store';
import { TlsSetting } from './outbound/tls-files';
import { fingerprintKey, tokenMarkWith } from './outbound/token-mark';
import type { Gateway } from './inbound/frame';

type Context = ServiceContext<GatewayEnvironment>;

/** While the database answers one group, the next are worked on. */
const commitsAtOnce = 3;

/** So old may a registration be that a swipe is asked with and nothing is read behind it. */
const registrationFreshMs = 10_000;

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

export const leaseMsOf = (env: GatewayEnvironment): number =>
  env.OCPP_REPLICA_LEASE_SECONDS * 1_000;

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

/** What the others are made of. */
const partsOf = async (context: Context) => {
  const { pool, eventLog, env, logger, metrics, cpoId } = context;
  const appends = new GroupAppend(eventLog);
  const commits = new CommitQueue(appends.transaction, commitsAtOnce);
  const connections = new ChargerConnections();
  const installationKey = await fingerprintKey(pool, env.FINGERPRINT_KEY);
  const tokenMark = tokenMarkWith(installationKey);
  const replicaId = newReplicaId();
  const commands = new ChargerCommands(appends, sealWith(installationKey), replicaId);
  const steadiness = new Steadiness(leaseMsOf(env));
  const clock = new DatabaseClock();
  const ocpp = ocppMetrics(metrics);
  return {
    appends,
    commits,
    connections,
    tokenMark,
    replicaId,
    commands,
    certificates: new ChargerCertificates(appends, commands),
    ...pendingOf(context, appends),
    rotations: new CredentialRotations(appends, sealWith(installationKey), replicaId),
    remoteStops: new RemoteStops(eventLog),
    passwords: new PasswordCheck(env.OCPP_PASSWORD_CHECKS_WAITING_MAX),
    tls: await TlsSetting.read(tlsPathsOf(env), cpoId),
    sessions: new SessionStore(appends, {
      closeTimeoutMinutes: env.SESSION_CLOSE_TIMEOUT_MINUTES,
      orphanSettleSeconds: env.ORPHAN_SETTLE_SECONDS,
      silenceMinutes: env.SESSION_SILENCE_MINUTES,
    }),
    costs: new CostDisplays({
      sql: pool,
      connections,
      gapMs: env.OCPP_COST_DISPLAY_SECONDS * 1_000,
      logger,
    }),
    steadiness,
    clock,
    stations: new StationStore(appends, {
      replicaId,
      steadiness,
      clock,
      takeover: env.OCPP_TAKEOVER,
    }),
    ocpp,
    ...(await framesOf(context, appends, tokenMark, ocpp)),
  };
};

type Parts = Awaited<ReturnType<typeof partsOf>>;

const gatewayOf = (context: Context, parts: Parts): Gateway => {
  const { pool, env, logger } = context;
  const { appends, commits, sessions, stations, tokenMark } = parts;
  return {
    sql: pool,
    commits,
    sessions,
    transactions: new TransactionStore(sessions),
    orphans: new OrphanStore(appends, sessions),
    stations,
    notices: new StationNotices(appends),
    signing: certificateSigning(context, parts.certificates, parts.tls),
    authorization: connectAuthorization(env.AUTHORIZATION_GRPC_URL, {
      patienceMs: env.AUTHORIZATION_PATIENCE_MS,
    }),
    registrations: new RegistrationCopies((asked) => findChargePoints(pool, asked), {
      freshMs: registrationFreshMs,
      lifetimeMs: env.REGISTRATION_COPY_HOURS * 3_600_000,
    }),
    costs: parts.costs,
    tokenMark,
    signedValues: new SignedValues(parts.frameLog.keys, tokenMark),
    clocks: new ConnectionClocks(),
    heartbeatIntervalSeconds: env.HEARTBEAT_INTERVAL_SECONDS,
    logger,
  };
};

const handshakeOf = (
  context: Context,
  { passwords, pending, tls }: Parts,
): OcppServerParts['handshake'] => {
  const { pool } = context;
  return {
    defaultCpoId: context.cpoId,
    findCredential: (station) => findCredential(pool, station.cpoId, station.chargePointId),
    standingOf: (station) => pending.standingOf(pool, station),
    rotatingPasswords: (station) => rotatingPasswords(pool, station),
    ownCertificates: (station) => ownCertificates(pool, station),
    passwords,
    proven: provenPasswordsOf(context),
    throttle: new FailureThrottle(),
    clientCas: (id) => tls?.clientCas(id) ?? [],
    nowMs: () => Date.now(),
  };
};

const serverOf = (context: Context, parts: Parts, gateway: Gateway): OcppServerParts => {
  const { env, logger } = context;
  const { commits, stations, tls } = parts;
  return {
    ...serverSettings(env, tls),
    gateway,
    handshake: handshakeOf(context, parts),
    connections: parts.connections,
    ends: new ConnectionEnds({
      commits,
      logger,
      disconnected: (...end) => stations.disconnected(...end),
    }),
    remoteStops: parts.remoteStops,
    frameLog: parts.frameLog,
    metrics: parts.ocpp,
    rotations: parts.rotations,
    certificates: parts.certificates,
    pendingChargers: parts.pendingChargers,
    contests: new Contests(),
    takeover: env.OCPP_TAKEOVER,
  };
};

/** The composition root: everything is made and given its parts here. */
export const compose = async (context: Context): Promise<Composition> => {
  const { pool, eventLog, env, logger } = context;
  const parts = await partsOf(context);
  const { commits, commands, connections, remoteStops, rotations, sessions } = parts;
  const gateway = gatewayOf(context, parts);
  const sending = { sql: pool, commits, connections, logger };
  const { certificates, replicaId } = parts;
  const commandExecutor = new CommandExecutor({ ...sending, commands, certificates });
  return {
    gateway,
    costs: parts.costs,
    api: {
      sql: pool,
      eventLog,
      commits,
      passwords: parts.passwords,
      remoteStops,
      rotations,
      pending: parts.pending,
      commands,
      commandExecutor,
      connections,
      sessions,
      authorization: gateway.authorization,
      tokenMark: gateway.tokenMark,
      frameKeys: parts.frameLog.keys,
      frameErasures: parts.frameErasures,
    },
    tls: parts.tls,
    server: serverOf(context, parts, gateway),
    watch: new SessionWatch(sessions, commands, env.SESSION_ESTIMATE_MINUTES),
    commandExecutor,
    rotationExecutor: new RotationExecutor({ ...sending, rotations }),
    executor: new RemoteStopExecutor({ ...sending, remoteStops, replicaId }),
    replicas: replicaOf(context, parts),
  };
};
