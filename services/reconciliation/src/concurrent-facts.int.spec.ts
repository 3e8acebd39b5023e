import { randomBytes } from 'node:crypto';
import { recorded } from '@tallywatt/testing';
import { defaultPatience } from './domain/overdue';
import type { SubjectFact } from './domain/subject';
import { takeFacts } from './inbound/facts.consumer';
import { closeDayOnce, daysToClose } from './outbound/day-tables';
import { sweepOverdue } from './outbound/overdue-sweep';
import { exampleFacts } from './testing/example-facts';
import { settledSession } from './testing/example-sessions';
import { openFactsStage, type FactsStage } from './testing/facts-stage';

const run = randomBytes(6).toString('hex');
const tenants = ['a', 'b'].map((name) => `cpo-${run}-${name}`);
const numbers = Array.from({ length: 8 }, (_, index) => index);
const far = '2027-06-01T00:00:00.000Z';

let stage: FactsStage;
let attempts = 0;

beforeAll(async () => {
  stage = await openFactsStage();
});
afterAll(() => stage?.end());

const take = (facts: readonly SubjectFact[]): Promise<void> =>
  stage.eventLog.transaction(async (tx) => {
    attempts += 1;
    await takeFacts(
      stage.eventLog,
      tx,
      facts.map((fact) => recorded(fact)),
      defaultPatience,
    );
  });

/** One partition: its batches one after the other. Says how many there were. */
const takeInBatches = async (facts: readonly SubjectFact[], size: number): Promise<number> => {
  let batches = 0;
  for (let from = 0; from < facts.length; from += size) {
    await take(facts.slice(from, from + size));
    batches += 1;
  }
  return batches;
};

/** Two CPOs whose processors happen to give out the same payout ids. */
const factsOf = (cpoId: string): readonly SubjectFact[] => {
  const sessions = numbers.map((number) =>
    exampleFacts({ cpoId, sessionId: `s-${number}`, currency: 'EUR' }),
  );
  const payout = (name: string, members: typeof sessions): readonly SubjectFact[] => {
    const [first] = members;
    const minor = 1147n * BigInt(members.length);
    const paid = first!.payoutPaid(name, minor);
    return [
      first!.payoutCreated(
        name,
        minor,
        members.map((member) => member.payoutMember(1147n)),
      ),
      ...(name === 'po-2' && cpoId === tenants[1] ? [] : [paid]),
      first!.payoutBooked(name, 'payout.created'),
      first!.payoutBooked(name, 'payout.paid'),
    ];
  };
  return [
    ...sessions.flatMap((of) => settledSession(of).filter(({ type }) => type !== 'PayoutCreated')),
    ...payout('po-1', sessions.slice(0, 4)),
    ...payout('po-2', sessions.slice(4)),
  ];
};

const statuses = async (cpoId: string): Promise<Record<string, string>> => {
  const { rows } = await stage.pool.query<{ session_id: string; status: string }>(
    'SELECT session_id, status FROM subjects WHERE cpo_id = $1 ORDER BY session_id',
    [cpoId],
  );
  return Object.fromEntries(rows.map((row) => [row.session_id, row.status]));
};

describe('partitions that speak of the same sessions and payouts at the same time', () => {
  it('lose nothing and never lock each other out', async () => {
    const facts = tenants.flatMap(factsOf);
    const isOf = (...prefixes: string[]) =>
      facts.filter(({ type }) => prefixes.some((prefix) => type.startsWith(prefix)));
    const counts = await Promise.all([
      takeInBatches(isOf('Session'), 5),
      takeInBatches(isOf('Cdr').reverse(), 4),
      takeInBatches(isOf('Payment'), 3),
      takeInBatches(isOf('Balance', 'Payout'), 6),
      // Another order than that of the settlements: of sessions and of payouts.
      takeInBatches([...isOf('Journal')].reverse(), 7),
    ]);
    expect(attempts).toBe(counts.reduce((total, count) => total + count, 0));
    const all = (status: (number: number) => string) =>
      Object.fromEntries(numbers.map((number) => [`s-${number}`, status(number)]));
    expect(await statuses(tenants[0]!)).toEqual(all(() => 'reconciled'));
    // The second payout of the other CPO has not been paid, though one of the same name has.
    expect(await statuses(tenants[1]!)).toEqual(
      all((number) => (number < 4 ? 'reconciled' : 'open')),
    );
  });

  it('leave the sweep only what is overdue, once', async () => {
    expect(await sweepOverdue(stage.eventLog, '2026-11-20T16:00:01.000Z', defaultPatience)).toBe(0);
    expect(await sweepOverdue(stage.eventLog, far, defaultPatience)).toBe(4);
    expect(await sweepOverdue(stage.eventLog, far, defaultPatience)).toBe(0);
    const { rows } = await stage.pool.query(
      `SELECT DISTINCT cpo_id, kind, currency, expected_minor FROM findings`,
    );
    expect(rows).toEqual([
      { cpo_id: tenants[1], kind: 'payout-missing', currency: null, expected_minor: null },
    ]);
  });

  it('leave days to close, each CPO its own, each once', async () => {
    expect(await daysToClose(stage.pool, '2026-11-20')).toEqual([]);
    const due = tenants.map((cpoId) => ({ cpoId, day: '2026-11-20' }));
    expect(await daysToClose(stage.pool, '2026-11-21')).toEqual(due);
    const closed = await closeDayOnce(stage.eventLog, tenants[1]!, '2026-11-20', far);
    expect(closed).toMatchObject({ sessions: 8n, reconciled: 4n, openFindings: 4n });
    expect(await daysToClose(stage.pool, '2026-11-21')).toEqual(due.slice(0, 1));
  });

  it("make no subject of money that is nobody's", async () => {
    const { sessionId: _, ...unowned } = exampleFacts({
      cpoId: tenants[0]!,
      sessionId: 's-0',
      currency: 'EUR',
    }).chargeMoved(5n, 1n, 'nobody');
    const before = await statuses(tenants[0]!);
    const nobody = exampleFacts({ cpoId: tenants[0]!, sessionId: 's-none', currency: 'EUR' });
    await take([]);
    await take([unowned, nobody.payoutCreated('po-none', 0n, [])]);
    expect(await statuses(tenants[0]!)).toEqual(before);
  });
});
