import type { OperatorApi } from './api';

type Position = Readonly<{ topic: string; partition: number; offset: string }> | null;

export type SessionView = Readonly<{
  id: string;
  ocppTransactionId: string;
  status: string;
  startedAt: string;
  energyWh: string | null;
  duplicatesSeen: number;
  events: readonly Readonly<{
    type: string;
    occurredAt: string;
    contentHash: string;
    position: Position;
  }>[];
}>;

export type CdrView = Readonly<{
  cdrId: string;
  tier: string;
  currency: string;
  totalExclTaxMinor: string;
  totalTaxMinor: string;
  totalInclTaxMinor: string;
  lines: readonly Readonly<{
    dimension: string;
    quantity: string;
    unit: string;
    amountMinor: string;
    explanation: string;
  }>[];
}>;

export type JournalEntryView = Readonly<{
  entryId: string;
  postingRule: string;
  currency: string;
  lines: readonly Readonly<{ account: string; side: string; amountMinor: string }>[];
}>;

export type SubjectView = Readonly<{
  status: string;
  outcome: string | null;
  awaited: readonly string[];
  openFindings: number;
  currency: string;
  billedMinor: string;
  capturedMinor: string;
  refundedMinor: string;
  receivableMinor: string;
  feesMinor: string;
  paidOutMinor: string;
}>;

/** All that the services say of one session. */
export type SessionEvidence = Readonly<{
  session: SessionView;
  cdr: CdrView;
  payments: readonly Readonly<Record<string, unknown>>[];
  journal: readonly JournalEntryView[];
  subject: SubjectView;
}>;

/** The session that a charger ran under a transaction id, or undefined when there is none. */
export const findSessionId = async (
  api: OperatorApi,
  chargePointId: string,
  transactionId: number | string,
): Promise<string | undefined> => {
  const sessions = await api.list<SessionView>(
    'ocppGateway',
    `/v1/sessions?chargePointId=${chargePointId}`,
  );
  return sessions.find((session) => session.ocppTransactionId === String(transactionId))?.id;
};

export const findSubject = (api: OperatorApi, sessionId: string): Promise<SubjectView> =>
  api.get<SubjectView>('reconciliation', `/v1/subjects/${sessionId}`);

/** Collects what every service says of a session. @throws when one does not know it. */
export const collectEvidence = async (
  api: OperatorApi,
  sessionId: string,
): Promise<SessionEvidence> => {
  const [session, cdrs, payments, journal, subject] = await Promise.all([
    api.get<SessionView>('ocppGateway', `/v1/sessions/${sessionId}`),
    api.list<CdrView>('pricingEngine', `/v1/cdrs?sessionId=${sessionId}`),
    api.list<Record<string, unknown>>('paymentCapture', `/v1/payments?sessionId=${sessionId}`),
    api.list<JournalEntryView>('ledger', `/v1/journal-entries?sessionId=${sessionId}`),
    findSubject(api, sessionId),
  ]);
  const [cdr, ...more] = cdrs;
  if (cdr === undefined || more.length > 0) {
    throw new Error(`session ${sessionId} has ${cdrs.length} CDRs`);
  }
  return { session, cdr, payments, journal, subject };
};
