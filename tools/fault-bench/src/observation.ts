import { serviceNames, type ServiceName } from '@tallywatt/demonstration';
import { Client } from 'pg';
import type { BenchSystem } from './bench-system';
import {
  processorIntents,
  processorSummary,
  type ProcessorIntent,
  type ProcessorSummary,
} from './sandbox-control';

type Amount = Readonly<{ amountMinor: string; currency: string }>;

export type SeenSession = Readonly<{
  id: string;
  chargePointId: string;
  ocppTransactionId: string;
  status: string;
  startedAt: string;
  stoppedAt: string | null;
  closedAt: string | null;
  energyWh: string | null;
  isQuarantined: boolean;
  duplicatesSeen: number;
}>;

export type SeenCdr = Readonly<{
  cdrId: string;
  sessionId: string;
  energyMilliWh: string;
  totalInclTaxMinor: string;
}>;

export type SeenPayment = Readonly<{
  paymentId: string;
  sessionId: string;
  state: string;
  captured: Amount | null;
  refunded: Amount | null;
  receivable: Amount | null;
  refunds: readonly Readonly<{ status: string }>[];
}>;

export type SeenEntry = Readonly<{
  entryId: string;
  postingRule: string;
  sessionId?: string;
  lines: readonly Readonly<{ account: string; side: string; amountMinor: string }>[];
}>;

export type SeenSubject = Readonly<{
  sessionId: string;
  status: string;
  outcome: string | null;
  awaited: readonly string[];
  openFindings: number;
}>;

export type SeenFinding = Readonly<{
  sessionId: string;
  kind: string;
  status: string;
  detail: string;
}>;

/** What the databases say that no API does. */
export type SeenRecords = Readonly<{
  parked: readonly string[];
  unpublished: readonly string[];
  refusedFrames: readonly string[];
  orphans: readonly string[];
}>;

/** All that services, databases and processor say, taken at rest. */
export type Observation = SeenRecords &
  Readonly<{
    sessions: readonly SeenSession[];
    cdrs: readonly SeenCdr[];
    payments: readonly SeenPayment[];
    entries: readonly SeenEntry[];
    balances: readonly Readonly<{ account: string; currency: string; balanceMinor: string }>[];
    subjects: readonly SeenSubject[];
    findings: readonly SeenFinding[];
    processor: ProcessorSummary;
    intents: readonly ProcessorIntent[];
  }>;

const rowsOf = async (
  { system }: Pick<BenchSystem, 'system'>,
  services: readonly ServiceName[],
  sql: string,
): Promise<string[]> => {
  const found: string[] = [];
  for (const name of services) {
    const client = new Client({
      connectionString: system.runtime.databaseUrl(name.replaceAll('-', '_')),
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<{ what: string }>(sql);
      found.push(...rows.map(({ what }) => `${name}: ${what}`));
    } finally {
      await client.end();
    }
  }
  return found;
};

/** What is parked, unpublished, refused or nobody's, as text. */
export const seenRecords = async (bench: Pick<BenchSystem, 'system'>): Promise<SeenRecords> => ({
  parked: await rowsOf(
    bench,
    serviceNames,
    `SELECT format('%s %s of %s: %s', kind, topic, stream_key, reason) AS what
     FROM event_log.parked ORDER BY topic, stream_key, log_offset`,
  ),
  unpublished: await rowsOf(
    bench,
    serviceNames,
    `SELECT format('%s of %s, sequence %s', topic, stream_key, sequence) AS what
     FROM event_log.outbox WHERE published_at IS NULL ORDER BY id`,
  ),
  refusedFrames: await rowsOf(
    bench,
    ['ocpp-gateway'],
    `SELECT format('%s %s', charge_point_id, row_to_json(f)) AS what FROM refused_frames f`,
  ),
  orphans: await rowsOf(
    bench,
    ['ocpp-gateway'],
    `SELECT format('%s: %s', stream_key, value) AS what FROM event_log.outbox
     WHERE topic = 'charging.orphans.v1' ORDER BY id`,
  ),
});

/** Calls to the processor whose outcome is not known yet. */
export const openCalls = (bench: Pick<BenchSystem, 'system'>): Promise<string[]> =>
  rowsOf(
    bench,
    ['payment-capture'],
    `SELECT format('%s of payment %s', call->>'kind', payment_id) AS what
     FROM processor_calls WHERE done_at IS NULL ORDER BY number`,
  );

export const seenSubjects = ({ api }: Pick<BenchSystem, 'api'>): Promise<SeenSubject[]> =>
  api.list<SeenSubject>('reconciliation', '/v1/subjects?limit=500');

export const observe = async (bench: BenchSystem): Promise<Observation> => {
  const { api, system } = bench;
  const sessions = await api.list<SeenSession>('ocppGateway', '/v1/sessions?limit=500');
  const cdrs = await api.list<SeenCdr>('pricingEngine', '/v1/cdrs?limit=500');
  const payments = await api.list<SeenPayment>('paymentCapture', '/v1/payments?limit=100');
  const entries = await api.list<SeenEntry>('ledger', '/v1/journal-entries?limit=500');
  const { accounts } = await api.get<{ accounts: Observation['balances'] }>(
    'ledger',
    '/v1/trial-balance',
  );
  return {
    sessions,
    cdrs,
    payments,
    entries,
    balances: accounts,
    subjects: await seenSubjects(bench),
    findings: await api.list<SeenFinding>('reconciliation', '/v1/findings?limit=500'),
    processor: await processorSummary(system),
    intents: await processorIntents(system),
    ...(await seenRecords(bench)),
  };
};
