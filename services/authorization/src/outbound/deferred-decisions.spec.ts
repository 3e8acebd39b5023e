import type { DecisionEvent } from '@tallywatt/contracts';
import type { EventLog, OutgoingEvent } from '@tallywatt/event-log';
import { DeferredDecisions } from './deferred-decisions';

const decision = (decisionId: string): DecisionEvent => ({
  type: 'ChargingAuthorized',
  cpoId: 'north',
  chargePointId: 'CP-1',
  connectorId: 0,
  purpose: 'authorize',
  decision: {
    decisionId,
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'none',
    rule: 'retail',
    decidedAt: '2026-06-01T12:00:00.000Z',
  },
});
const idOf = ({ event }: OutgoingEvent): string => (event as DecisionEvent).decision.decisionId;
const away = (): Error => Object.assign(new Error('away'), { code: 'ECONNREFUSED' });

/** A database that takes, refuses or is away, as a test says for each transaction. */
const databaseThat = (takes: (ids: readonly string[]) => Error | undefined) => {
  const written: string[] = [];
  let transactions = 0;
  const log: Pick<EventLog, 'append' | 'transaction'> = {
    append: async (_, events) => {
      transactions += 1;
      const ids = events.map(idOf);
      const error = takes(ids);
      if (error !== undefined) throw error;
      written.push(...ids);
      return [];
    },
    transaction: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }),
  };
  return { log, written, transactions: () => transactions };
};

const deferredTo = (log: Pick<EventLog, 'append' | 'transaction'>, waitingMax = 10) => {
  const lost: string[] = [];
  const delayed: number[] = [];
  const deferred = new DeferredDecisions(
    log,
    {
      lost: ({ decision: { decisionId } }) => lost.push(decisionId),
      delayed: (waiting) => delayed.push(waiting),
    },
    { waitingMax, endPatienceMs: 0 },
  );
  const take = (...ids: string[]) => ids.map((id) => deferred.take(decision(id), undefined));
  return { deferred, lost, delayed, take };
};

describe('decisions that are written down after their answer', () => {
  it('share a transaction, in their order', async () => {
    const { log, written, transactions } = databaseThat(() => undefined);
    const { deferred, take } = deferredTo(log);
    take('one', 'two', 'three');
    expect(deferred.count).toBe(3);
    await deferred.end();
    expect(written).toEqual(['one', 'two', 'three']);
    expect([transactions(), deferred.count]).toEqual([1, 0]);
  });

  it('wait while the database is away, and then are written', async () => {
    let attempts = 0;
    const { log, written } = databaseThat(() => ((attempts += 1) < 3 ? away() : undefined));
    const { deferred, lost, delayed, take } = deferredTo(log);
    take('one', 'two');
    while (deferred.count > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written).toEqual(['one', 'two']);
    expect([lost, delayed]).toEqual([[], [2, 2]]);
  });

  it('are not taken where there is no room, and again where there is', async () => {
    let isAway = true;
    const { log, written } = databaseThat(() => (isAway ? away() : undefined));
    const { deferred, take } = deferredTo(log, 2);
    expect(take('one', 'two', 'three')).toEqual([true, true, false]);
    isAway = false;
    while (deferred.count > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(take('four')).toEqual([true]);
    await deferred.end();
    expect(written).toEqual(['one', 'two', 'four']);
  });

  it('do not wait for one that cannot be written, which is told', async () => {
    const { log, written } = databaseThat((ids) =>
      ids.includes('bad') ? new Error('refused') : undefined,
    );
    const { deferred, lost, take } = deferredTo(log);
    take('one', 'bad', 'two');
    await deferred.end();
    expect([written, lost]).toEqual([['one', 'two'], ['bad']]);
  });

  it('are told one by one when the process has to end without a database', async () => {
    const { log } = databaseThat(away);
    const { deferred, lost, take } = deferredTo(log);
    take('one', 'two');
    await new Promise((resolve) => setTimeout(resolve, 40));
    await deferred.end();
    expect(lost).toEqual(['one', 'two']);
    expect(take('three')).toEqual([false]);
  });
});
