import { randomBytes, randomUUID } from 'node:crypto';
import { eventually, testRuntime } from '@tallywatt/testing';
import { exampleFacts } from './testing/example-facts';
import { refundedAfter, settledSession } from './testing/example-sessions';
import { bearer, openStage, type Reply, type Stage } from './testing/reconciliation-stage';

const run = randomBytes(6).toString('hex');
/** One for all of it: midnight may pass meanwhile. */
const startedMs = Date.now();
const cpoId = `cpo-${run}`;
const patient = { timeoutMs: 90_000, intervalMs: 100 };
const named = (name: string): string => `${name}-${run}`;
const sessionOf = (cpo = cpoId) => {
  const sessionId = randomUUID();
  return { sessionId, facts: exampleFacts({ cpoId: cpo, sessionId, currency: 'EUR' }) };
};

let stage: Stage;
beforeAll(async () => {
  // One test waits for the end of this patience; in all others the payments come before it, also
  // where the machine is slow.
  stage = await openStage(await testRuntime(), { PATIENCE_SECONDS: '{"payment":20}' });
});
afterAll(() => stage?.stop());

const subject = async (sessionId: string, cpo = cpoId): Promise<Reply> =>
  (await stage.call(`/v1/subjects/${sessionId}`, { cpoId: cpo })).body;
const findings = async (sessionId: string): Promise<Reply[]> =>
  (await stage.call(`/v1/findings?sessionId=${sessionId}`, { cpoId })).body['items'];
const untilSubject = (sessionId: string, expected: object, cpo = cpoId): Promise<void> =>
  eventually(async () => expect(await subject(sessionId, cpo)).toMatchObject(expected), patient);
const bookedAndPaid = (of: ReturnType<typeof exampleFacts>, payoutId: string, minor: bigint) => [
  of.payoutBooked(payoutId, 'payout.created'),
  of.payoutPaid(payoutId, minor),
  of.payoutBooked(payoutId, 'payout.paid'),
];

describe('a session on the log', () => {
  it('is reconciled when every service has spoken, and said to be so on the log', async () => {
    const { sessionId, facts } = sessionOf();
    await stage.publish(...settledSession(facts, named('po-a')));
    await untilSubject(sessionId, { status: 'open', awaited: ['journal', 'payout'] });
    await stage.publish(...bookedAndPaid(facts, named('po-a'), 1147n));
    await untilSubject(sessionId, {
      status: 'reconciled',
      outcome: 'settled',
      awaited: [],
      openFindings: 0,
      currency: 'EUR',
      billedMinor: '1190',
      capturedMinor: '1190',
      refundedMinor: '0',
      feesMinor: '43',
      paidOutMinor: '1147',
      receivableMinor: '0',
    });
    expect(await findings(sessionId)).toEqual([]);
    const said = await eventually(async () => {
      const { rows } = await stage.pool.query<Reply>(
        `SELECT headers, value, log_offset FROM event_log.outbox WHERE stream_key = $1`,
        [`${cpoId}/${sessionId}`],
      );
      expect(rows).toHaveLength(1);
      expect(rows[0]?.['log_offset']).not.toBeNull();
      return rows[0] as Reply;
    }, patient);
    expect(said['headers']).toMatchObject({
      ce_type: 'tallywatt.reconciliation.v1.SubjectReconciled',
      ce_causationid: expect.any(String),
    });
    expect(JSON.parse(said['value'])).toMatchObject({
      outcome: 'settled',
      paidOut: { amountMinor: '1147', currency: 'EUR' },
    });

    await stage.publish(
      ...refundedAfter(facts, 500n).map((fact) =>
        fact.type === 'PayoutCreated' ? { ...fact, payoutId: named('po-b') } : fact,
      ),
      ...bookedAndPaid(facts, named('po-b'), -500n),
    );
    await untilSubject(sessionId, {
      status: 'reconciled',
      refundedMinor: '500',
      paidOutMinor: '647',
    });
  });

  it('shares its payout, and its fate, with others', async () => {
    const sessions = [sessionOf(), sessionOf(), sessionOf()];
    const payoutId = named('po-shared');
    const [first] = sessions;
    for (const { facts } of sessions) {
      await stage.publish(...settledSession(facts).filter(({ type }) => type !== 'PayoutCreated'));
    }
    const members = sessions.map(({ facts }) => facts.payoutMember(1147n));
    const created = first!.facts.payoutCreated(payoutId, 3441n, members);
    await stage.publish(created, ...bookedAndPaid(first!.facts, payoutId, 3441n));
    for (const { sessionId } of sessions) await untilSubject(sessionId, { status: 'reconciled' });
    await stage.publish(first!.facts.payoutFailed(payoutId, 3441n));
    for (const { sessionId } of sessions) {
      await untilSubject(sessionId, { status: 'discrepant', paidOutMinor: '0', openFindings: 1 });
      expect(await findings(sessionId)).toMatchObject([
        { kind: 'payout-failed', expectedMinor: '3441', actualMinor: '0', resolvedAt: null },
      ]);
    }
  });

  it('whose capture is late becomes a finding, which goes when it comes', async () => {
    const { sessionId, facts } = sessionOf();
    const all = settledSession(facts, named('po-late'));
    await stage.publish(...all.slice(0, 4), facts.cdrBooked(1190n));
    await untilSubject(sessionId, { status: 'open', awaited: ['payment'] });
    await untilSubject(sessionId, { openFindings: 1 });
    const [found, ...more] = await findings(sessionId);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ kind: 'payment-missing', currency: null, resolvedAt: null });
    // Another's word does not end the silence.
    await stage.publish(facts.chargeMoved(1190n, 43n));
    await untilSubject(sessionId, { awaited: ['journal', 'payment', 'payout', 'settlement'] });
    expect(await findings(sessionId)).toEqual([found]);
    await stage.publish(facts.captured(1190n));
    await untilSubject(sessionId, { openFindings: 0 });
    expect(await findings(sessionId)).toMatchObject([
      {
        findingId: found?.['findingId'],
        resolvedAt: expect.any(String),
        resolution: expect.stringMatching(/^no longer so: payment-missing/),
      },
    ]);
  });
});

describe('the API', () => {
  const other = `cpo-${run}-other`;
  const lists = ['/v1/subjects', '/v1/findings', '/v1/days'];

  it('pages through a list without gap or repetition, sessions without a start last', async () => {
    const cpo = `cpo-${run}-pages`;
    const sessions = Array.from({ length: 5 }, () => sessionOf(cpo));
    const [unstarted, ...started] = sessions;
    await stage.publish(unstarted!.facts.cdr(1n));
    for (const [index, { facts }] of started.entries()) {
      const startedAt = `2026-11-20T1${index >> 1}:00:00.000Z`;
      await stage.publish({ ...facts.started(), startedAt }, facts.closed(), facts.cdr(0n));
    }
    for (const { sessionId } of started) {
      await untilSubject(sessionId, { status: 'reconciled' }, cpo);
    }
    await untilSubject(unstarted!.sessionId, { status: 'open' }, cpo);
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path: string = `/v1/subjects?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { status, body } = await stage.call(path, { cpoId: cpo });
      expect(status).toBe(200);
      ids.push(...body['items'].map(({ sessionId }: Reply) => sessionId as string));
      cursor = body['next'];
    }
    expect(ids).toHaveLength(5);
    expect(new Set(ids)).toEqual(new Set(sessions.map(({ sessionId }) => sessionId)));
    expect(ids.at(-1)).toBe(unstarted?.sessionId);
    const { body } = await stage.call('/v1/subjects?status=reconciled', { cpoId: cpo });
    expect(body['items']).toHaveLength(4);
  });

  it('pages through findings', async () => {
    const first = await stage.call('/v1/findings?limit=1&status=open', { cpoId });
    expect(first.body['next']).toEqual(expect.any(String));
    const second = await stage.call(
      `/v1/findings?limit=1&status=open&cursor=${first.body['next']}`,
      { cpoId },
    );
    expect(second.status).toBe(200);
    expect(second.body['items'][0].findingId).not.toBe(first.body['items'][0].findingId);
  });

  const forged = (...parts: string[]): string =>
    Buffer.from(JSON.stringify(parts)).toString('base64url');
  it.each([
    ['/v1/subjects?limit=0', '$.limit'],
    ['/v1/subjects?limit=many', '$.limit'],
    ['/v1/subjects?status=fine', '$.status'],
    ['/v1/subjects?sessionId=%00', '$.sessionId'],
    ['/v1/subjects?cursor=nonsense', '$.cursor'],
    [`/v1/subjects?cursor=${forged('yesterday', 's')}`, '$.cursor'],
    [`/v1/findings?cursor=${forged('2026-11-20T10:00:00.000Z', 'no-uuid')}`, '$.cursor'],
    [`/v1/findings?cursor=${forged('2026-11-20T10:00:00.000Z')}`, '$.cursor'],
    ['/v1/findings?status=forgotten', '$.status'],
    [`/v1/days?cursor=${forged('2026-02-30')}`, '$.cursor'],
    ['/v1/subjects/%00', '$'],
  ])('refuses %s', async (path, at) => {
    const { status, body } = await stage.call(path, { cpoId });
    expect({ status, type: body['type'] }).toMatchObject({ status: 422 });
    expect(body['faults']).toMatchObject([{ path: at }]);
  });

  it('knows no session that no hop has spoken of', async () =>
    expect(await stage.call(`/v1/subjects/${randomUUID()}`, { cpoId })).toMatchObject({
      status: 404,
    }));
  it.each(lists)('answers %s to nobody without a token, nor to a driver', async (path) => {
    expect((await stage.call(path, { cpoId, authorization: '' })).status).toBe(401);
    const authorization = bearer(cpoId, ['driver']);
    expect((await stage.call(path, { cpoId, authorization })).status).toBe(403);
  });
  it.each(lists)('shows another CPO nothing of ours in %s', async (path) =>
    expect(await stage.call(path, { cpoId: other })).toEqual({
      status: 200,
      body: { items: [], next: null },
    }),
  );
  it('shows another CPO none of our sessions by its id', async () => {
    const { body } = await stage.call('/v1/subjects?limit=1', { cpoId });
    const { sessionId } = body['items'][0];
    expect((await stage.call(`/v1/subjects/${sessionId}`, { cpoId: other })).status).toBe(404);
    const listed = await stage.call(`/v1/subjects?sessionId=${sessionId}`, { cpoId: other });
    expect(listed.body['items']).toEqual([]);
  });
});

describe('the close of a day', () => {
  const cpo = `cpo-${run}-days`;
  const dayAgo = (days: number, nowMs = startedMs): string =>
    new Date(nowMs - days * 86_400_000).toISOString().slice(0, 10);
  const close = (day: string, of = cpo) =>
    stage.call(`/v1/days/${day}/close`, { cpoId: of, method: 'POST' });

  it('counts the sessions that ended on it, once and for all', async () => {
    const day = dayAgo(2);
    const free = sessionOf(cpo);
    const waiting = sessionOf(cpo);
    const dayAfter = sessionOf(cpo);
    await stage.publish(
      free.facts.started(),
      free.facts.closed(`${day}T00:00:00.000Z`),
      free.facts.cdr(0n),
    );
    await stage.publish(waiting.facts.started(), waiting.facts.closed(`${day}T23:59:59.999Z`));
    await stage.publish(
      dayAfter.facts.started(),
      dayAfter.facts.closed(`${dayAgo(1)}T00:00:00.000Z`),
    );
    await untilSubject(free.sessionId, { status: 'reconciled' }, cpo);
    await untilSubject(waiting.sessionId, { awaited: ['cdr'] }, cpo);
    await untilSubject(dayAfter.sessionId, { awaited: ['cdr'] }, cpo);
    const [first, ...rest] = await Promise.all([close(day), close(day), close(day)]);
    expect(first).toMatchObject({
      status: 200,
      body: {
        day,
        sessions: '2',
        reconciled: '1',
        totals: [{ currency: 'EUR', billedMinor: '0' }],
      },
    });
    for (const again of [...rest, await close(day)]) expect(again).toEqual(first);
    const { rows } = await stage.pool.query(
      `SELECT 1 FROM event_log.outbox WHERE headers->>'ce_type' LIKE '%DayClosed'
        AND stream_key LIKE $1`,
      [`${cpo}/%`],
    );
    expect(rows).toHaveLength(1);
    await close(dayAgo(1));
    const page = await stage.call('/v1/days?limit=1', { cpoId: cpo });
    expect(page.body['items']).toMatchObject([{ day: dayAgo(1), sessions: '1' }]);
    const next = await stage.call(`/v1/days?limit=1&cursor=${page.body['next']}`, { cpoId: cpo });
    expect(next.body).toEqual({ items: [first?.body], next: null });
  });

  it('is refused while the day runs', async () => {
    expect(await close(dayAgo(0, Date.now()))).toMatchObject({ status: 409 });
    expect(await close(dayAgo(-1, Date.now()))).toMatchObject({ status: 409 });
  });
  it.each(['2026-02-30', 'today', '0000-01-01'])('is refused for the day %s', async (day) =>
    expect((await close(day)).status).toBe(422),
  );
});

describe('an empty database', () => {
  it('comes to the same of every session, finding and day, and says nothing twice', async () => {
    const lists = async (): Promise<Reply[]> => {
      const paths = [
        ['/v1/subjects?limit=500', cpoId],
        ['/v1/findings?limit=500', cpoId],
        ['/v1/days', `cpo-${run}-days`],
      ] as const;
      return Promise.all(
        paths.map(async ([path, cpo]) => (await stage.call(path, { cpoId: cpo })).body['items']),
      );
    };
    const ownStreams = async (pool: Stage['pool']): Promise<Reply[]> => {
      const { rows } = await pool.query<Reply>(
        `SELECT stream_key, last_sequence FROM event_log.streams
         WHERE topic = 'reconciliation.findings.v1' AND stream_key LIKE $1 ORDER BY 1`,
        [`cpo-${run}%`],
      );
      return rows;
    };
    const before = await lists();
    const saidBefore = await ownStreams(stage.pool);
    expect(before.map((list) => list.length > 0)).toEqual([true, true, true]);
    const pool = await stage.loseDatabase();
    await eventually(async () => expect(await lists()).toEqual(before), patient);
    expect(await ownStreams(pool)).toEqual(saidBefore);
  });
});
