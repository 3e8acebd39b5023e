import type { CdrEvent } from '@tallywatt/contracts';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What the pricing engine counts besides what every service counts. */
export type PricingMetrics = Readonly<{
  decided(cdr: CdrEvent): void;
  lateFact(): void;
  recomputedDifferently(): void;
  drawWaits(waits: Readonly<{ sessions: number; oldestSeconds: number }>): void;
}>;

export const pricingMetrics = (registry: Registry): PricingMetrics => {
  const registers = [registry];
  const issued = new Counter({
    name: 'tallywatt_cdrs_issued_total',
    help: 'CDRs issued',
    registers,
  });
  const credited = new Counter({
    name: 'tallywatt_cdrs_credited_total',
    help: 'CDRs credited and issued again because a later fact changed the bill',
    registers,
  });
  const withheld = new Counter({
    name: 'tallywatt_cdrs_withheld_total',
    help: 'Closed sessions without a CDR, by reason',
    labelNames: ['reason'],
    registers,
  });
  const atRisk = new Counter({
    name: 'tallywatt_money_at_risk_minor_total',
    help: 'Money of withheld CDRs in minor units, as far as it is known',
    labelNames: ['currency', 'reason'],
    registers,
  });
  const late = new Counter({
    name: 'tallywatt_late_session_facts_total',
    help: 'Facts of sessions that came after their CDR',
    registers,
  });
  const differing = new Counter({
    name: 'tallywatt_cdrs_recomputed_differently_total',
    help: 'CDRs of a rebuild that say something else than the log',
    registers,
  });
  const waiting = new Gauge({
    name: 'tallywatt_sessions_awaiting_draw',
    help: 'Sessions whose CDR waits for what was drawn of their included energy',
    registers,
  });
  const waitingSeconds = new Gauge({
    name: 'tallywatt_draw_wait_oldest_seconds',
    help: 'How long the first of them has waited',
    registers,
  });
  return {
    decided: (cdr) => {
      if (cdr.type === 'CdrIssued') return issued.inc();
      if (cdr.type === 'CreditCdrIssued') return credited.inc();
      const { reason, moneyAtRisk } = cdr;
      withheld.inc({ reason });
      if (moneyAtRisk !== undefined) {
        const { currency, amountMinor } = moneyAtRisk;
        atRisk.inc({ currency, reason }, Number(amountMinor));
      }
    },
    lateFact: () => late.inc(),
    recomputedDifferently: () => differing.inc(),
    drawWaits: ({ sessions, oldestSeconds }) => {
      waiting.set(sessions);
      waitingSeconds.set(oldestSeconds);
    },
  };
};
