import { serviceNames, type OperatorApi, type System } from '@tallywatt/demonstration';
import { Pool } from 'pg';
import { processorSummary, type ProcessorSummary } from './processor';

type Amount = Readonly<{ amountMinor: string; currency: string }>;

export type SeenSession = Readonly<{
  id: string;
  chargePointId: string;
  ocppTransactionId: string;
  status: string;
  energyWh: string | null;
  isQuarantined: boolean;
}>;

export type SeenCdr = Readonly<{
  cdrId: string;
  sessionId: string;
  currency: string;
  energyMilliWh: string;
  totalInclTaxMinor: string;
}>;

export type SeenPayment = Readonly<{
  paymentId: string;
  sessionId: string;
  state: string;
  captured: Amount | null;
}>;

export type SeenEntry = Readonly<{
  entryId: string;
  postingRule: string;
  sessionId?: string;
  currency: string;
  lines: readonly Readonly<{ account: string; side: string; amountMinor: string }>[];
}>;

export type SeenSubject = Readonly<{
  sessionId: string;
  status: string;
  outcome: string | null;
  awaited: readonly string[];
  openFindings: number;
}>;

/** All that the services and the processor say, taken at rest. Minor units are text. */
export type Observation = Readonly<{
  sessions: readonly SeenSession[];
  cdrs: readonly SeenCdr[];
  payments: readonly SeenPayment[];
  entries: readonly SeenEntry[];
  balances: readonly Readonly<{ account: string; currency: string; balanceMinor: string }>[];
  subjects: readonly SeenSubject[];
  openFindings: readonly Readonly<{ sessionId: string; kind: string; detail: string }>[];
  processor: ProcessorSummary;
  /** Records that a consumer could not take, as text. */
  parked: readonly string[];
  /** Events that were committed and have not reached Kafka, as text. */
  unpublished: readonly string[];
}>;

type TrialBalance = Readonly<{ accounts: Observation['balances'] }>;

/** Asks the database of every service in turn. */
const ofEveryDatabase = async (system: System, sql: string): Promise<string[]> => {
  const found: string[] = [];
  for (const name of serviceNames) {
    const pool = new Pool({
      connectionString: system.runtime.databaseUrl(name.replaceAll('-', '_')),
      max: 1,
    });
    try {
      const { rows } = await pool.query<{ what: string }>(sql);
      found.push(...rows.map(({ what }) => `${name}: ${what}`));
    } finally {
      await pool.end();
    }
  }
  return found;
};

export const parkedRecords = (system: System): Promise<string[]> =>
  ofEveryDatabase(
    system,
    `SELECT format('%s of %s: %s', kind, stream_key, reason) AS what FROM event_log.parked
     ORDER BY topic, stream_key, log_offset LIMIT 20`,
  );

const unpublishedEvents = (system: System): Promise<string[]> =>
  ofEveryDatabase(
    system,
    `SELECT format('%s of %s', topic, stream_key) AS what FROM event_log.outbox
     WHERE published_at IS NULL ORDER BY id LIMIT 20`,
  );

export const observe = async (system: System, api: OperatorApi): Promise<Observation> => {
  const [sessions, cdrs, payments, entries, trialBalance, subjects, openFindings] =
    await Promise.all([
      api.list<SeenSession>('ocppGateway', '/v1/sessions?limit=500'),
      api.list<SeenCdr>('pricingEngine', '/v1/cdrs?limit=500'),
      api.list<SeenPayment>('paymentCapture', '/v1/payments?limit=100'),
      api.list<SeenEntry>('ledger', '/v1/journal-entries?limit=500'),
      api.get<TrialBalance>('ledger', '/v1/trial-balance'),
      api.list<SeenSubject>('reconciliation', '/v1/subjects?limit=500'),
      api.list<Observation['openFindings'][number]>(
        'reconciliation',
        '/v1/findings?status=open&limit=500',
      ),
    ]);
  return {
    sessions,
    cdrs,
    payments,
    entries,
    balances: trialBalance.accounts,
    subjects,
    openFindings,
    processor: await processorSummary(system),
    parked: await parkedRecords(system),
    unpublished: await unpublishedEvents(system),
  };
};
