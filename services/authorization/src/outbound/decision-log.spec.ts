import type { DecisionEvent } from '@tallywatt/contracts';
import type { EventLog, OutgoingEvent } from '@tallywatt/event-log';
import { DecisionLog } from './decision-log';

const decision = (decisionId: string): DecisionEvent => ({
  type: 'ChargingAuthorized',
  cpoId: 'north',
  chargePointId: 'CP-1',
  connectorId: 1,
  purpose: 'start',
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

/** Commits that a test lets through, one by one, or fails. */
const heldCommits = () => {
  const batches: (readonly OutgoingEvent[])[] = [];
  const gates: { open: () => void; fail: (error: Error) => void }[] = [];
  const log: Pick<EventLog, 'append' | 'transaction'> = {
    append: async (_, events) => {
      batches.push(events);
      return [];
    },
    transaction: async (work) => {
      const result = await work({ query: async () => ({ rows: [], rowCount: 0 }) });
      await new Promise<void>((open, fail) => gates.push({ open, fail }));
      return result;
    },
  };
  return { log, batches, gates };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the decision log', () => {
  it('answers nobody before the commit, and shares the next one', async () => {
    const { log, batches, gates } = heldCommits();
    const decisions = new DecisionLog(log);
    const answered: string[] = [];
    const record = (id: string) => decisions.record(decision(id)).then(() => answered.push(id));
    void record('first');
    await turn();
    void record('second');
    void record('third');
    await turn();
    expect(answered).toEqual([]);
    expect(batches.map((batch) => batch.length)).toEqual([1]);
    gates[0]?.open();
    await turn();
    expect(answered).toEqual(['first']);
    expect(batches.map((batch) => batch.length)).toEqual([1, 2]);
    gates[1]?.open();
    await decisions.drain();
    await turn();
    expect(answered).toEqual(['first', 'second', 'third']);
  });

  it('tells everybody of a commit that failed, and goes on', async () => {
    const { log, gates } = heldCommits();
    const decisions = new DecisionLog(log);
    const failed = expect(decisions.record(decision('first'))).rejects.toThrow('database is away');
    await turn();
    gates[0]?.fail(new Error('database is away'));
    await failed;
    const second = decisions.record(decision('second'));
    await turn();
    gates[1]?.open();
    await expect(second).resolves.toBeUndefined();
  });
});
