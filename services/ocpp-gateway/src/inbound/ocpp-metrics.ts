import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Contest } from './contests';

/** What the OCPP side counts. */
export type OcppMetrics = Readonly<{
  connected: (count: number) => void;
  frameAnswered: (action: string, outcome: 'result' | 'error') => void;
  /** From a frame's arrival until what it says is durable and its confirmation leaves. */
  frameSeconds: (action: string, seconds: number) => void;
  sessionsQuarantined: (count: number) => void;
  transactionsIncomplete: (count: number) => void;
  orphanStopsWaiting: (count: number) => void;
  transactionStuck: () => void;
  handshakeRefused: (status: number) => void;
  identityContested: (contest: Contest) => void;
  limitReached: (limit: Limit) => void;
  /** Until when the certificate of the TLS port is valid, in epoch seconds. */
  tlsCertificateValidUntil: (epochSeconds: number) => void;
  tlsFilesUsable: (are: boolean) => void;
  /** A frame that could not be recorded. */
  frameLost: () => void;
  /** Memory that frames take up until they are written down. */
  framesWaiting: (bytes: number) => void;
}>;

/** What keeps a peer from taking more than its share. */
export type Limit = 'connections' | 'address' | 'handshake-time' | 'frame-rate' | 'frame-size';

export const ocppMetrics = (registry: Registry): OcppMetrics => {
  const connections = new Gauge({
    name: 'tallywatt_chargers_connected',
    help: 'Chargers with an open connection to this process',
    registers: [registry],
  });
  const frames = new Counter({
    name: 'tallywatt_ocpp_frames_total',
    help: 'OCPP calls answered',
    labelNames: ['action', 'outcome'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'tallywatt_ocpp_frame_seconds',
    help: 'From the arrival of a frame to its confirmation, which leaves after its commit',
    labelNames: ['action'],
    buckets: [0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 1, 3, 10, 30],
    registers: [registry],
  });
  const quarantined = new Gauge({
    name: 'tallywatt_sessions_quarantined',
    help: 'Sessions that are not billed until a person has looked at them',
    registers: [registry],
  });
  const incomplete = new Gauge({
    name: 'tallywatt_transactions_incomplete',
    help: 'Transactions of which the station has not said what comes before what it did say',
    registers: [registry],
  });
  const orphanStops = new Gauge({
    name: 'tallywatt_orphan_stops_waiting',
    help: 'Stops that have waited for longer than a day for the session that they are of',
    registers: [registry],
  });
  const stuck = new Counter({
    name: 'tallywatt_transactions_stuck_total',
    help: 'Times that a transaction could not go on without what is missing of it',
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'tallywatt_ocpp_handshakes_refused_total',
    help: 'Connections refused before there was a WebSocket',
    labelNames: ['status'],
    registers: [registry],
  });
  const framesLost = new Counter({
    name: 'tallywatt_ocpp_frames_lost_total',
    help: 'Frames that are missing in the log of frames, which says so: there was no room for them',
    registers: [registry],
  });
  const framesWaiting = new Gauge({
    name: 'tallywatt_ocpp_frames_waiting_bytes',
    help: 'Memory of frames that are not written down yet; at most 32 MB',
    registers: [registry],
  });
  const limits = new Counter({
    name: 'tallywatt_ocpp_limits_reached_total',
    help: 'Connections refused or closed because a peer wanted more than its share',
    labelNames: ['limit'],
    registers: [registry],
  });
  const validUntil = new Gauge({
    name: 'tallywatt_ocpp_tls_certificate_valid_until_seconds',
    help: 'When the certificate of the OCPP TLS port expires, in epoch seconds',
    registers: [registry],
  });
  const usable = new Gauge({
    name: 'tallywatt_ocpp_tls_files_usable',
    help: 'Whether the files of the OCPP TLS port could be used when they were read last',
    registers: [registry],
  });
  const contests = new Counter({
    name: 'tallywatt_ocpp_identities_contested_total',
    help: 'Second connections under a live identity; repeated: five and more within ten minutes',
    labelNames: ['contest'],
    registers: [registry],
  });
  return {
    frameLost: () => framesLost.inc(),
    framesWaiting: (bytes) => framesWaiting.set(bytes),
    connected: (count) => connections.set(count),
    frameAnswered: (action, outcome) => frames.inc({ action, outcome }),
    frameSeconds: (action, seconds) => durations.observe({ action }, seconds),
    sessionsQuarantined: (count) => quarantined.set(count),
    transactionsIncomplete: (count) => incomplete.set(count),
    orphanStopsWaiting: (count) => orphanStops.set(count),
    transactionStuck: () => stuck.inc(),
    handshakeRefused: (status) => refusals.inc({ status: String(status) }),
    identityContested: (contest) => contests.inc({ contest }),
    limitReached: (limit) => limits.inc({ limit }),
    tlsCertificateValidUntil: (epochSeconds) => validUntil.set(epochSeconds),
    tlsFilesUsable: (are) => usable.set(are ? 1 : 0),
  };
};
