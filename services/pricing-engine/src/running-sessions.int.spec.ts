import type { MeterValuesRecorded, SessionCostEstimated, SessionEvent } from '@tallywatt/contracts';
import { replayTopics } from '@tallywatt/event-log';
import { eventually } from '@tallywatt/testing';
import {
  contentHashOf,
  idOf,
  openPricingStage,
  type PricingStage,
  sessionOf,
  tariffJson,
  tokenOf,
} from './testing/pricing-stage';

const patience = { timeoutMs: 90_000, intervalMs: 100 };
let stage: PricingStage;
const tariff = { tariffId: 'ac', version: 1n, contentHash: contentHashOf('ac', 0.5) };

beforeAll(async () => {
  stage = await openPricingStage();
  expect((await stage.call('PUT', '/v1/tariffs/ac', tariffJson(0.5))).status).toBe(201);
});
afterAll(() => stage?.stop());

const estimatesOf = async (sessionId: string): Promise<SessionCostEstimated[]> => {
  const found: SessionCostEstimated[] = [];
  await replayTopics({
    brokers: stage.brokers,
    topics: ['pricing.estimates.v1'],
    handle: async (records) => {
      for (const { event } of records) {
        if (event.type === 'SessionCostEstimated' && event.sessionId === sessionId) {
          found.push(event);
        }
      }
    },
  });
  return found;
};

const shown = (sessionId: string, token?: string) =>
  stage.call('GET', `/v1/sessions/${sessionId}/estimate`, undefined, token);

/** Records facts one after the other, each once the estimate of the one before is shown. */
const tellSlowly = async (sessionId: string, ...facts: readonly SessionEvent[]): Promise<void> => {
  for (const fact of facts) {
    const before = await shown(sessionId);
    await stage.record([fact]);
    await eventually(async () => {
      const now = await shown(sessionId);
      expect(now.status).toBe(200);
      expect(now.body).not.toEqual(before.body);
    }, patience);
  }
};

/** How many session events a database has taken in all, or of one session. */
const eventsTaken = async (url: string, sessionId = ''): Promise<number> => {
  const { rows } = await stage.poolOf(url).query<{ taken: number }>(
    `SELECT coalesce(sum(last_sequence), 0)::int AS taken FROM event_log.seen
     WHERE consumer = 'pricing-engine' AND topic = 'charging.sessions.v1' AND stream_key LIKE $1`,
    [`default/%${sessionId}`],
  );
  return rows[0]?.taken ?? 0;
};

const taken = (sessionId: string, count: number): Promise<void> =>
  eventually(
    async () => expect(await eventsTaken(stage.databaseUrl, sessionId)).toBe(count),
    patience,
  );

describe('a running session', () => {
  it('is estimated with each fact, the last time as its CDR will say', async () => {
    const session = sessionOf('running', tariff);
    const [started, read, stopped] = session as [SessionEvent, SessionEvent, SessionEvent];
    const sessionId = idOf(session);
    await stage.record([started]);
    await eventually(async () => {
      const none = await shown(sessionId);
      expect(none).toMatchObject({
        status: 404,
        contentType: expect.stringContaining('application/problem+json'),
        body: {
          type: 'urn:tallywatt:problem:estimate-none',
          detail: expect.stringContaining('no-fact-since-start'),
        },
      });
    }, patience);
    await tellSlowly(sessionId, read, stopped);
    await stage.record([
      { ...(session[3] as SessionEvent), closedAt: '2026-06-01T09:00:00.000Z' } as SessionEvent,
    ]);
    const cdr = await stage.issuedCdrOf(sessionId);
    const estimates = await estimatesOf(sessionId);
    // 10 kWh x 0.50 = 5.00, and 19 % of it 0.95
    expect(estimates).toMatchObject([
      {
        asOf: '2026-06-01T08:30:00.000Z',
        sessionSequence: 2n,
        energyMilliWh: 10_000_000n,
        chargingSeconds: 1800n,
        totalInclTaxMinor: 595n,
        tariff,
      },
      { asOf: '2026-06-01T09:00:00.000Z', sessionSequence: 3n },
    ]);
    const last = estimates[1] as SessionCostEstimated;
    expect(cdr).toMatchObject({
      energyMilliWh: last.energyMilliWh.toString(),
      chargingSeconds: last.chargingSeconds.toString(),
      parkingSeconds: last.parkingSeconds.toString(),
      totalExclTaxMinor: last.totalExclTaxMinor.toString(),
      totalTaxMinor: last.totalTaxMinor.toString(),
      totalInclTaxMinor: last.totalInclTaxMinor.toString(),
    });
    const over = await shown(sessionId);
    expect(over).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('session-closed') },
    });
  });

  it('is shown to its operator, and to nobody else', async () => {
    const session = sessionOf('shown', tariff);
    const sessionId = idOf(session);
    await stage.record(session.slice(0, 2));
    await eventually(async () => {
      expect(await shown(sessionId)).toMatchObject({
        status: 200,
        body: {
          sessionId,
          totalInclTaxMinor: '595',
          estimatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          log: { topic: 'pricing.estimates.v1', sequence: '1', offset: expect.any(String) },
        },
      });
    }, patience);
    expect((await shown(sessionId, tokenOf('another', 'operator'))).status).toBe(404);
    expect((await shown(sessionId, tokenOf('default', 'driver'))).status).toBe(403);
    expect((await shown('no-id')).status).toBe(404);
  });

  it('has one estimate for facts that come together, none for one that changes nothing', async () => {
    const session = sessionOf('together', tariff);
    const [, read] = session;
    const sessionId = idOf(session);
    await stage.record(session.slice(0, 3));
    await eventually(async () => expect((await shown(sessionId)).status).toBe(200), patience);
    // What has been thought of it so far, and a reading that cannot be right.
    await stage.record([
      {
        type: 'ChargingStateChanged',
        cpoId: 'default',
        sessionId,
        changedAt: '2026-06-01T08:10:00.000Z',
        chargingState: 'Charging',
      },
    ]);
    const odd = { readAt: '2026-06-01T08:40:00.000Z', context: 'Sample.Periodic' } as const;
    await stage.record([
      {
        ...(read as MeterValuesRecorded),
        readings: [{ ...odd, registerMilliWh: 1n, implausibleReason: 'meter-jumped' }],
      },
    ]);
    await taken(sessionId, 5);
    expect((await shown(sessionId)).body).toMatchObject({ sessionSequence: '3' });
    await stage.record([
      {
        type: 'SessionQuarantined',
        cpoId: 'default',
        sessionId,
        reason: 'meter-jumped',
        detail: 'by 9 MWh',
      },
    ]);
    await taken(sessionId, 6);
    expect(await shown(sessionId)).toMatchObject({
      status: 404,
      body: { detail: 'meter-jumped: by 9 MWh' },
    });
    expect(await estimatesOf(sessionId)).toMatchObject([{ sessionSequence: 3n }]);
  });

  it('is not estimated by facts from before its database took over the streams', async () => {
    const session = sessionOf('long-ago', tariff);
    const marker = sessionOf('since', tariff);
    const old = new Date(Date.now() - 60 * 60 * 1000).toISOString();
    await stage.record(session.slice(0, 2), old);
    await stage.record(marker.slice(0, 2));
    await eventually(async () => expect((await shown(idOf(marker))).status).toBe(200), patience);
    await taken(idOf(session), 2);
    expect(await shown(idOf(session))).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('no-fact-since-start') },
    });
    expect(await estimatesOf(idOf(session))).toEqual([]);
  });
});

describe('what was estimated', () => {
  const everything = async (): Promise<number> => {
    let count = 0;
    await replayTopics({
      brokers: stage.brokers,
      topics: ['pricing.estimates.v1'],
      handle: async (records) => void (count += records.length),
    });
    return count;
  };

  it('is not said again after a restart, nor by a new database', async () => {
    const sessionId = idOf(sessionOf('shown', tariff));
    const before = await everything();
    const answer = await shown(sessionId);
    await stage.moveTo(stage.databaseUrl);
    expect(await shown(sessionId)).toEqual(answer);

    const known = await eventsTaken(stage.databaseUrl);
    const url = await stage.emptyDatabase();
    await stage.moveTo(url);
    await eventually(async () => expect(await eventsTaken(url)).toBe(known), patience);
    expect(await shown(sessionId)).toEqual(answer);
    // A fact that is new is estimated all the same, and numbered on.
    const [, , stopped] = sessionOf('shown', tariff) as [SessionEvent, SessionEvent, SessionEvent];
    await tellSlowly(sessionId, stopped);
    expect((await shown(sessionId)).body).toMatchObject({ log: { sequence: '2' } });
    expect(await everything()).toBe(before + 1);
  });
});
