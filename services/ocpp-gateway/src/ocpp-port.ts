import type { ServiceContext } from '@tallywatt/service-kit';
import type { GatewayEnvironment } from './config';
import { CertificateSigning } from './inbound/certificate-signing';
import type { OcppMetrics } from './inbound/ocpp-metrics';
import { PendingChargers } from './inbound/pending-chargers';
import type { OcppServer, OcppServerParts } from './inbound/websocket';
import { authoritiesFrom } from './outbound/certificate-authority';
import type { ChargerCertificates } from './outbound/charger-certificates';
import { CommitQueue } from './outbound/commit-queue';
import type { GroupAppend } from './outbound/group-append';
import { PendingChargePoints } from './outbound/pending-charge-points';
import type { TlsSetting } from './outbound/tls-files';

type Context = ServiceContext<GatewayEnvironment>;

/** Ports and limits, as the environment says them. */
export const serverSettings = (
  env: Context['env'],
  tls: TlsSetting | undefined,
): Pick<OcppServerParts, 'listeners' | 'frames'> => ({
  listeners: {
    host: env.OCPP_HOST,
    port: env.OCPP_PORT,
    tls: tls?.listener(env.OCPP_TLS_PORT),
    trustedProxies: env.OCPP_TRUSTED_PROXIES,
    handshakeSeconds: env.OCPP_HANDSHAKE_SECONDS,
    connections: {
      total: env.OCPP_CONNECTIONS_MAX,
      perAddress: env.OCPP_CONNECTIONS_PER_ADDRESS_MAX,
    },
  },
  frames: {
    bytesMax: env.OCPP_FRAME_BYTES_MAX,
    perSecond: env.OCPP_FRAMES_PER_SECOND,
    burst: env.OCPP_FRAMES_BURST,
  },
});

/** Who signs what chargers ask for: nobody where no directory of authorities is named. */
export const certificateSigning = (
  { env, pool, logger }: Context,
  certificates: ChargerCertificates,
  tls: TlsSetting | undefined,
): CertificateSigning => {
  const { OCPP_CERTIFICATE_AUTHORITIES: directory, OCPP_CERTIFICATE_DAYS: validityDays } = env;
  return new CertificateSigning({
    sql: pool,
    certificates,
    authorityOf:
      directory === undefined
        ? () => Promise.resolve(undefined)
        : authoritiesFrom({ directory, validityDays, nowMs: () => Date.now() }),
    clientCas: (cpoId) => tls?.clientCas(cpoId) ?? [],
    logger,
  });
};

/** Unknown chargers, which wait for the operator where he lets them. */
export const pendingOf = (
  { env, pool, logger }: Context,
  appends: GroupAppend,
): Readonly<{ pending: PendingChargePoints; pendingChargers: PendingChargers }> => {
  const isOpen = env.OCPP_UNKNOWN_CHARGE_POINTS === 'pending';
  const connectionsMax = isOpen ? env.OCPP_PENDING_MAX : 0;
  const pending = new PendingChargePoints(appends, connectionsMax);
  const pendingChargers = new PendingChargers({
    sql: pool,
    commits: new CommitQueue(appends.transaction),
    pending,
    logger,
    connectionsMax,
  });
  return { pending, pendingChargers };
};

/** Looks at the TLS files again and again; what cannot be used leaves the former in use. */
export const renewTls = (
  { every, logger }: Context,
  tls: TlsSetting,
  ocpp: OcppServer,
  metrics: OcppMetrics,
): void => {
  metrics.tlsCertificateValidUntil(tls.validUntilSeconds);
  every('tls-files', 2_000, async () => {
    try {
      const material = await tls.readAgain();
      metrics.tlsFilesUsable(true);
      if (material === undefined) return;
      ocpp.renewTls(material);
      metrics.tlsCertificateValidUntil(tls.validUntilSeconds);
      logger.info('TLS files read again');
    } catch (error) {
      metrics.tlsFilesUsable(false);
      logger.warn({ err: error }, 'TLS files cannot be used; the former stay in use');
    }
  });
};
