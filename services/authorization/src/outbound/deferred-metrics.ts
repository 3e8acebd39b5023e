import type { ServiceContext } from '@tallywatt/service-kit';
import { Counter, Gauge } from 'prom-client';
import { DeferredDecisions } from './deferred-decisions';

// A pod is given half a minute to end; the rest of it needs some of that.
const endPatienceMs = 10_000;
const complaintIntervalMs = 10_000;

/** Decisions that are written down after their answer, with what is counted and logged of them. */
export const deferredDecisions = (
  { eventLog, logger, metrics }: Pick<ServiceContext, 'eventLog' | 'logger' | 'metrics'>,
  waitingMax: number,
): DeferredDecisions => {
  const lost = new Counter({
    name: 'tallywatt_decisions_lost_total',
    help: 'Decisions that were answered and could not be written down',
    registers: [metrics],
  });
  let complainedAtMs = 0;
  const deferred = new DeferredDecisions(
    eventLog,
    {
      lost: ({ type, cpoId, chargePointId, decision }, error) => {
        lost.inc();
        const { decisionId, tokenRef, rule, decidedAt } = decision;
        const facts = { type, cpoId, chargePointId, decisionId, tokenRef, rule, decidedAt };
        logger.error({ ...facts, err: error }, 'a decision that was answered is not in the log');
      },
      delayed: (waiting, error) => {
        if (Date.now() < complainedAtMs + complaintIntervalMs) return;
        complainedAtMs = Date.now();
        logger.warn({ waiting, err: error }, 'decisions wait for the database');
      },
    },
    { waitingMax, endPatienceMs },
  );
  const waiting: Gauge = new Gauge({
    name: 'tallywatt_decisions_waiting',
    help: 'Decisions that were answered and are not yet durable',
    registers: [metrics],
    collect: () => waiting.set(deferred.count),
  });
  return deferred;
};
