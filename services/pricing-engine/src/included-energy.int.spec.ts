import type { AllowanceDrawn, SessionEvent } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations, type EventLog } from '@tallywatt/event-log';
import { eventually } from '@tallywatt/testing';
import {
  contentHashOf,
  idOf,
  logger,
  openPricingStage,
  type PricingStage,
  sessionOf,
  tariffJson,
} from './testing/pricing-stage';

// Sessions of 20 kWh whose driver has 30 kWh a month; what they draw is told when a test says so.

const kWh = 1_000_000n;
const subjectRef = 'driver-1';
const monthlyMilliWh = 30n * kWh;
const patience = { timeoutMs: 90_000, intervalMs: 100 };
const tariff = { tariffId: 'ac', version: 1n, contentHash: contentHashOf('ac', 0.5) };

let stage: PricingStage;
let authorization: EventLog;

const drawingSession = (name: string): SessionEvent[] =>
  sessionOf(name, tariff).map((event) =>
    event.type === 'SessionStarted'
      ? {
          ...event,
          decision: { ...event.decision, includedEnergy: { subjectRef, monthlyMilliWh } },
        }
      : event,
  );
const correctionOf = (session: readonly SessionEvent[], energyKWh: bigint): SessionEvent => ({
  type: 'StopCorrected',
  cpoId: 'default',
  sessionId: idOf(session),
  stoppedAt: '2026-06-01T09:00:00.000Z',
  meterStopMilliWh: 500_000n + energyKWh * kWh,
  correctedBy: 'operator@example.org',
  reason: 'Photograph of the meter.',
});
const drawOf = (
  session: readonly SessionEvent[],
  energyKWh: bigint,
  drawnKWh: bigint,
  energyRevision = 1,
): AllowanceDrawn => ({
  type: 'AllowanceDrawn',
  cpoId: 'default',
  subjectRef,
  period: '2026-06',
  sessionId: idOf(session),
  energyRevision,
  sessionEnergyMilliWh: energyKWh * kWh,
  drawnMilliWh: drawnKWh * kWh,
  sessionDrawnMilliWh: drawnKWh * kWh,
  monthlyMilliWh,
  leftMilliWh: monthlyMilliWh - drawnKWh * kWh,
});
const tell = (...draws: readonly AllowanceDrawn[]) =>
  authorization.transaction((tx) =>
    authorization.append(
      tx,
      draws.map((event) => ({ event, occurredAt: '2026-06-01T09:25:30.000Z' })),
    ),
  );
const cdrsOf = async (session: readonly SessionEvent[], count: number) =>
  eventually(async () => {
    const cdrs = await stage.cdrsOf(idOf(session));
    expect(cdrs).toHaveLength(count);
    return cdrs;
  }, patience);
const waitingSince = async (session: readonly SessionEvent[]): Promise<Date | null> => {
  const { rows } = await stage
    .poolOf(stage.databaseUrl)
    .query<{ waiting_since: Date | null }>(
      'SELECT waiting_since FROM drawing_sessions WHERE session_id = $1',
      [idOf(session)],
    );
  return rows[0]?.waiting_since ?? null;
};
const waiting = async (count: number) =>
  eventually(
    async () =>
      expect(await stage.metrics()).toContain(`tallywatt_sessions_awaiting_draw ${count}\n`),
    patience,
  );

beforeAll(async () => {
  stage = await openPricingStage();
  expect((await stage.call('PUT', '/v1/tariffs/ac', tariffJson(0.5))).status).toBe(201);
  const pool = stage.poolOf(await stage.emptyDatabase());
  await pool.query(eventLogMigrations);
  authorization = createEventLog({
    service: 'authorization',
    pool,
    brokers: stage.brokers,
    logger,
    streamsAreNew: true,
  });
  authorization.startRelay();
});
afterAll(async () => {
  await authorization?.stop();
  await stage?.stop();
});

it('waits for its draw by itself, over a restart, with all that comes behind it', async () => {
  const session = drawingSession('waits');
  await stage.record([...session, correctionOf(session, 18n)]);
  await waiting(1);
  // Another session is priced meanwhile, whatever partition it is in.
  const other = sessionOf('passes-by', tariff);
  await stage.record(other);
  await cdrsOf(other, 1);
  expect(await stage.cdrsOf(idOf(session))).toEqual([]);

  const since = await waitingSince(session);
  await stage.moveTo(stage.databaseUrl);
  await waiting(1);
  expect(since).toEqual(expect.any(Date));
  expect(await waitingSince(session)).toEqual(since);
  await tell(drawOf(session, 20n, 15n));
  // 20 kWh x 0.50 = 10.00, of it 15 included; 25.5 min of idle time 2.60
  expect(await cdrsOf(session, 1)).toMatchObject([
    {
      totalExclTaxMinor: '510',
      lines: [
        { dimension: 'ENERGY', amountMinor: '1000' },
        { dimension: 'PARKING_TIME', amountMinor: '260' },
        {
          dimension: 'DISCOUNT',
          amountMinor: '-750',
          explanation: expect.stringMatching(/15 kWh/),
        },
      ],
    },
  ]);
  // The correction waits for its own draw, and not for as long as the close had.
  const sinceAnew = await waitingSince(session);
  expect(sinceAnew && since && sinceAnew > since).toBe(true);
  await waiting(1);
  await tell(drawOf(session, 18n, 18n, 2));
  const cdrs = await cdrsOf(session, 3);
  // The 18 kWh are included, the idle time is not.
  expect(cdrs).toContainEqual(expect.objectContaining({ totalExclTaxMinor: '260' }));
  await waiting(0);
});

it('is priced at once when its draws have come first', async () => {
  const session = drawingSession('told-before');
  await tell(drawOf(session, 20n, 12n), drawOf(session, 19n, 12n, 2));
  await stage.record([...session, correctionOf(session, 19n)]);
  const cdrs = await cdrsOf(session, 3);
  // 20 and 19 kWh x 0.50 - 12 x 0.50 + 2.60
  for (const totalExclTaxMinor of ['660', '-660', '610']) {
    expect(cdrs).toContainEqual(expect.objectContaining({ totalExclTaxMinor }));
  }
});

it('comes out the same in an empty database', async () => {
  const sql = 'SELECT cdr_id, content_hash FROM cdrs ORDER BY cdr_id';
  const before = (await stage.poolOf(stage.databaseUrl).query(sql)).rows;
  const url = await stage.emptyDatabase();
  await stage.moveTo(url);
  const pool = stage.poolOf(url);
  await eventually(async () => {
    const { rows } = await pool.query(
      "SELECT count(*)::int AS rated FROM rated_sessions WHERE status = 'rated'",
    );
    expect(rows).toEqual([{ rated: 3 }]);
  }, patience);
  expect((await pool.query(sql)).rows).toEqual(before);
  const metrics = await stage.metrics();
  expect(metrics).toContain('tallywatt_cdrs_recomputed_differently_total 0\n');
  expect(metrics).toContain('tallywatt_cdrs_issued_total 0\n');
});
