import { recorded } from '@tallywatt/testing';
import { defaultPatience } from './domain/overdue';
import type { SubjectFact } from './domain/subject';
import { takeFacts } from './inbound/facts.consumer';
import { exposures, openFindings } from './outbound/exposure-tables';
import { exampleFacts } from './testing/example-facts';
import { settledSession } from './testing/example-sessions';
import { openFactsStage, type FactsStage } from './testing/facts-stage';

let stage: FactsStage;
let sessions = 0;

beforeAll(async () => {
  stage = await openFactsStage();
});
afterAll(() => stage?.end());

const session = (currency = 'EUR') => {
  sessions += 1;
  return exampleFacts({ cpoId: 'default', sessionId: `s-${sessions}`, currency });
};

const take = (facts: readonly SubjectFact[], onBilled?: (seconds: number) => void) =>
  stage.eventLog.transaction((tx) =>
    takeFacts(
      stage.eventLog,
      tx,
      facts.map((fact, index) => {
        const told = recorded(fact);
        // One second after the other, so that what lies between two facts can be told.
        const recordedAt = new Date(Date.UTC(2026, 10, 20, 16, 0, index)).toISOString();
        return { ...told, metadata: { ...told.metadata, recordedAt } };
      }),
      defaultPatience,
      onBilled,
    ),
  );

const later = '2026-11-20T17:00:00.000Z';

describe('money at risk', () => {
  it('is what is held, unpaid or waits for a person, and nothing that is settled', async () => {
    expect(await exposures(stage.pool, later)).toEqual([]);
    const running = session();
    await take([running.started(5000n), running.held(5000n)]);
    const other = session('SEK');
    await take([other.started(40_000n), other.held(40_000n)]);
    const unpaid = session();
    await take([unpaid.started(5000n), unpaid.held(5000n), unpaid.closed(), unpaid.cdr(1190n)]);
    const another = session();
    await take([another.started(), another.closed(), another.cdr(310n)]);
    const odd = session();
    await take([odd.started(5000n), odd.held(5000n), odd.quarantined(), odd.closed()]);
    await take(settledSession(session()));

    const byKind = (await exposures(stage.pool, later)).sort((a, b) =>
      `${a.kind}${a.currency}`.localeCompare(`${b.kind}${b.currency}`),
    );
    expect(byKind).toEqual([
      { kind: 'held', currency: 'EUR', sessions: 1, amountMinor: 5000 },
      { kind: 'held', currency: 'SEK', sessions: 1, amountMinor: 40_000 },
      // What it is worth is not known; that there is one is.
      { kind: 'quarantined', currency: 'EUR', sessions: 1, amountMinor: 0 },
      { kind: 'unpaid', currency: 'EUR', sessions: 2, amountMinor: 1500 },
    ]);
    // A minute after the close a capture is under way; what is held is held all the same.
    const soon = await exposures(stage.pool, '2026-11-20T16:01:00.000Z');
    expect(soon.map(({ kind, currency, sessions: count }) => [kind, currency, count])).toEqual(
      expect.arrayContaining([
        ['held', 'EUR', 2],
        ['held', 'SEK', 1],
      ]),
    );
    expect(soon.map(({ kind }) => kind)).not.toContain('unpaid');
  });

  it('is asked of an index of just these sessions', async () => {
    const client = await stage.pool.connect();
    try {
      await client.query('BEGIN; SET LOCAL enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT facts FROM subjects WHERE amounts <> ''
         AND awaited && ARRAY['session-close', 'cdr', 'payment', 'void', 'review']`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('subjects_exposed');
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  });

  it('has its findings counted by kind until they are resolved', async () => {
    const before = await openFindings(stage.pool);
    const twice = session();
    await take([twice.started(5000n), twice.held(5000n), twice.closed(), twice.cdr(1190n)]);
    await take([twice.captured(2000n)]);
    const after = await openFindings(stage.pool);
    const sum = (findings: typeof after) => findings.reduce((all, { count }) => all + count, 0);
    expect(sum(after)).toBeGreaterThan(sum(before));
    expect(after.map(({ kind }) => kind)).toContain('captured-differs');
  });
});

describe('from the end of a session to its journal entry', () => {
  it('the time is told once, on the clock of the log', async () => {
    const seconds: number[] = [];
    await take(settledSession(session()), (told) => seconds.push(told));
    // Closed is the third of these facts, the entry of the CDR the sixth.
    expect(seconds).toEqual([3]);
  });
});
