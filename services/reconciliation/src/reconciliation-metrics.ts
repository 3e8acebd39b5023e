import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Exposure } from './outbound/exposure-tables';

/** What reconciliation, which hears every hop, can say about all of them. */
export type ReconciliationMetrics = Readonly<{
  billed(seconds: number): void;
  exposed(exposures: readonly Exposure[]): void;
  findingsOpen(findings: readonly Readonly<{ kind: string; count: number }>[]): void;
}>;

export const reconciliationMetrics = (registry: Registry): ReconciliationMetrics => {
  const registers = [registry];
  const billed = new Histogram({
    name: 'tallywatt_session_billed_seconds',
    help: 'From the recording of the end of a session to that of the journal entry of its CDR',
    buckets: [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 3, 10, 60, 600, 3600],
    registers,
  });
  const minor = new Gauge({
    name: 'tallywatt_exposure_minor',
    help: 'Money at risk now, in minor units: held, unpaid or quarantined',
    labelNames: ['kind', 'currency'] as const,
    registers,
  });
  const sessions = new Gauge({
    name: 'tallywatt_exposure_sessions',
    help: 'Sessions whose money is at risk now',
    labelNames: ['kind', 'currency'] as const,
    registers,
  });
  const findings = new Gauge({
    name: 'tallywatt_findings_open',
    help: 'Discrepancies between the hops that nobody has resolved',
    labelNames: ['kind'] as const,
    registers,
  });
  return {
    billed: (seconds) => billed.observe(seconds),
    exposed: (exposures) => {
      minor.reset();
      sessions.reset();
      for (const { kind, currency, sessions: count, amountMinor } of exposures) {
        minor.set({ kind, currency }, amountMinor);
        sessions.set({ kind, currency }, count);
      }
    },
    findingsOpen: (open) => {
      findings.reset();
      for (const { kind, count } of open) findings.set({ kind }, count);
    },
  };
};
