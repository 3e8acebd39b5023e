import type { DecisionEvent } from '@tallywatt/contracts';
import { DeferredDecisions } from './deferred-decisions';

const decision: DecisionEvent = {
  type: 'ChargingAuthorized',
  cpoId: 'north',
  chargePointId: 'CP-1',
  connectorId: 0,
  purpose: 'authorize',
  decision: {
    decisionId: 'D-1',
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'none',
    rule: 'retail',
    decidedAt: '2026-06-01T12:00:00.000Z',
  },
};

const deferredTo = (append: () => Promise<never[]>) => {
  const lost: string[] = [];
  const deferred = new DeferredDecisions(
    {
      append,
      transaction: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }),
    },
    {
      lost: (event) => lost.push(event.decision.decisionId),
      delayed: () => undefined,
    },
    { waitingMax: 10, endPatienceMs: 200 },
  );
  return { deferred, lost };
};

describe('decisions that were answered', () => {
  it('are named at the end, too, when the database neither answers nor fails', async () => {
    const { deferred, lost } = deferredTo(() => new Promise(() => undefined));
    deferred.take(decision, undefined);
    await deferred.end();
    expect(lost).toEqual(['D-1']);
  });

  it('wait while the database takes nothing because it has become a standby', async () => {
    let attempts = 0;
    const { deferred, lost } = deferredTo(() => {
      attempts += 1;
      if (attempts > 2) return Promise.resolve([]);
      const readOnly = new Error('cannot execute INSERT in a read-only transaction');
      return Promise.reject(Object.assign(readOnly, { code: '25006' }));
    });
    deferred.take(decision, undefined);
    while (deferred.count > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lost).toEqual([]);
    expect(attempts).toBe(3);
  });
});
