import { topics, type RecordedEvent, type TallywattEvent } from '@tallywatt/contracts';
import { createEventLog } from '@tallywatt/event-log';
import { Pool } from 'pg';
import type { System } from './system';

export type LiveView = Readonly<{ stop: () => Promise<void> }>;

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Prints every event as it reaches the log: what happened, to whom, and where it stands. */
export const openLiveView = async (
  system: System,
  print: (line: string) => void,
): Promise<LiveView> => {
  // A view stores nothing; the pool is there because an event log has one.
  const pool = new Pool({ connectionString: system.runtime.databaseUrl('reconciliation'), max: 1 });
  const eventLog = createEventLog({
    service: 'demonstration',
    pool,
    brokers: system.runtime.kafkaBrokers.split(','),
    logger: quiet,
  });
  let live = false;
  const view = eventLog.view({
    name: 'demonstration',
    topics: topics.map(({ name }) => name),
    apply: (recorded) => {
      if (live) print(lineOf(recorded));
    },
  });
  await view.ready;
  live = true;
  return {
    stop: async () => {
      await eventLog.stop();
      await pool.end();
    },
  };
};

const lineOf = ({ event, position, metadata }: RecordedEvent): string => {
  const place = `${position.topic}[${position.partition}]@${position.offset}`;
  return `${metadata.recordedAt.slice(11, 23)}  ${place.padEnd(38)} ${event.type.padEnd(32)} ${factsOf(event)}`;
};

const short = (id: string): string => id.slice(0, 8);

const money = (amount: { amountMinor: bigint; currency: string }): string =>
  `${amount.amountMinor} ${amount.currency} minor`;

const factsOf = (event: TallywattEvent): string => {
  const session =
    'sessionId' in event && event.sessionId !== undefined
      ? `session ${short(event.sessionId)} `
      : '';
  switch (event.type) {
    case 'SessionStarted':
      return `${session}${event.chargePointId} tier ${event.decision.tier}`;
    case 'SessionStopped':
      return `${session}at ${event.meterStopMilliWh / 1_000n} Wh, ${event.stopReason}`;
    case 'SessionClosed':
      return `${session}by ${event.closedBy}`;
    case 'SessionCostEstimated':
      return `${session}${event.totalInclTaxMinor} ${event.currency} minor so far`;
    case 'CdrIssued':
      return `${session}${event.totalInclTaxMinor} ${event.currency} minor, ${event.lines.length} lines`;
    case 'PaymentPreauthorized':
    case 'PaymentCaptured':
    case 'PaymentRefunded':
    case 'ReceivableOpened':
      return `${session}${money(event.amount)}`;
    case 'PaymentPreauthorizationDeclined':
      return `${session}${event.declineCode}`;
    case 'PayoutCreated':
    case 'PayoutPaid':
      return `${event.payoutId} ${money(event.amount)}`;
    case 'JournalEntryPosted':
      return `${session}${event.postingRule}: ${event.lines
        .map((line) => `${line.side === 'debit' ? '' : '-'}${line.amountMinor} ${line.account}`)
        .join(', ')}`;
    case 'SubjectReconciled':
      return `session ${short(event.subjectId)} ${event.outcome}, billed ${money(event.billed)}`;
    case 'DiscrepancyFound':
      return `session ${short(event.subjectId)} ${event.kind}: ${event.detail}`;
    default:
      return session;
  }
};
