import type { RecordedEvent, SessionEvent, TariffEvent } from '@tallywatt/contracts';
import { cdrIdOf, creditCdrIdOf } from '@tallywatt/derivations';
import { createEventLog, eventLogMigrations, replayTopics } from '@tallywatt/event-log';
import { encodeCursor, migrate, readMigrations } from '@tallywatt/service-kit';
import { eventually } from '@tallywatt/testing';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import { takeSessionEvents } from './inbound/session-events.consumer';
import { CdrLog } from './outbound/cdr-log';
import { EstimateLog } from './outbound/estimate-log';
import { pricingMetrics } from './outbound/pricing-metrics';
import { TariffShelf } from './outbound/tariff-shelf';
import { keepTariffs } from './outbound/tariff-tables';
import { pricingEngineService } from './pricing-engine-service';
import {
  contentHashOf,
  idOf,
  logger,
  openPricingStage,
  type PricingStage,
  sessionOf,
  tariffJson,
  tokenOf,
} from './testing/pricing-stage';

let stage: PricingStage;
const call = (...words: Parameters<PricingStage['call']>) => stage.call(...words);

beforeAll(async () => {
  stage = await openPricingStage();
  // The second version is in force when the sessions below are priced by the first.
  for (const price of [0.5, 0.55]) {
    expect((await call('PUT', '/v1/tariffs/ac', tariffJson(price))).status).toBe(201);
  }
});
afterAll(() => stage?.stop());

describe('a closed session', () => {
  const v1 = {
    tariffId: 'ac',
    version: 1n,
    contentHash: contentHashOf('ac', 0.5),
  };

  it('gets one CDR by the tariff version its decision names', async () => {
    const session = sessionOf('priced', v1);
    await stage.record(session);
    const cdr = await stage.issuedCdrOf(idOf(session));
    // 20 kWh x 0.50 = 10.00; 25.5 min in steps of a minute x 6.00/h = 2.60; 19 % of it 2.39
    expect(cdr).toMatchObject({
      cdrId: cdrIdOf('default', idOf(session)),
      totalExclTaxMinor: '1260',
      totalTaxMinor: '239',
      totalInclTaxMinor: '1499',
      lines: [
        { dimension: 'ENERGY', amountMinor: '1000' },
        { dimension: 'PARKING_TIME', amountMinor: '260' },
      ],
      log: { topic: 'pricing.cdrs.v1', sequence: '1', offset: expect.any(String) },
    });
    const shown = await call('GET', `/v1/cdrs/${cdr.cdrId}`);
    expect(shown.body).toEqual(cdr);
    const stranger = tokenOf('another', 'operator');
    const hidden = await call('GET', `/v1/cdrs/${cdr.cdrId}`, undefined, stranger);
    expect(hidden.status).toBe(404);
  });

  it('says what its energy cost where its tariff does, and what is left of the price', async () => {
    const costed = {
      ...tariffJson(0.5),
      tallywatt: { energy_cost: { elements: [{ price_per_kwh: 0.2 }] } },
    };
    const { contentHash } = (await call('PUT', '/v1/tariffs/costed', costed)).body;
    const session = sessionOf('costed', { tariffId: 'costed', version: 1n, contentHash });
    await stage.record(session);
    // 20 kWh x 0.20 = 4.00; 12.60 - 4.00 = 8.60
    expect(await stage.issuedCdrOf(idOf(session))).toMatchObject({
      totalExclTaxMinor: '1260',
      energyCost: {
        currency: 'EUR',
        costMinor: '400',
        marginMinor: '860',
        unknownEnergyKwh: '0',
        periods: [{ energyKwh: '20', elementIndex: 0, costExact: '4' }],
      },
    });
  });

  it('keeps its one CDR when it is closed again', async () => {
    const session = sessionOf('closed-twice', v1);
    await stage.record(session);
    const before = await stage.issuedCdrOf(idOf(session));
    const [close] = session.slice(-1);
    await stage.record([{ ...close, closedAt: '2026-06-01T12:00:00.000Z' } as SessionEvent]);
    await eventually(async () => {
      const metrics = await stage.metrics();
      expect(metrics).toMatch(/tallywatt_late_session_facts_total [1-9]/);
    });
    expect(await stage.cdrsOf(idOf(session))).toEqual([before]);
  });

  it('is credited and billed anew when its stop is corrected', async () => {
    const session = sessionOf('corrected', v1);
    await stage.record(session);
    const first = await stage.issuedCdrOf(idOf(session));
    await stage.record([
      {
        type: 'StopCorrected',
        cpoId: 'default',
        sessionId: idOf(session),
        stoppedAt: '2026-06-01T09:00:00.000Z',
        meterStopMilliWh: 18_500_000n,
        correctedBy: 'operator@example.org',
        reason: 'Photograph of the meter.',
      },
    ]);
    const cdrs = await eventually(async () => {
      const listed = await stage.cdrsOf(idOf(session));
      expect(listed).toHaveLength(3);
      return listed;
    });
    // 18 kWh x 0.50 + 2.60 = 11.60 in place of 12.60
    const second = cdrs.find((cdr) => cdr.cdrId === cdrIdOf('default', idOf(session), 2));
    const credit = cdrs.find((cdr) => cdr.cdrId === creditCdrIdOf('default', idOf(session), 1));
    expect(cdrs).toContainEqual(first);
    expect(second).toMatchObject({ totalExclTaxMinor: '1160', replacesCdrId: first.cdrId });
    expect(credit).toMatchObject({
      creditedCdrId: first.cdrId,
      totalInclTaxMinor: '-1499',
      reason: 'The stop was corrected: Photograph of the meter.',
    });
    expect(await stage.metrics()).toContain('tallywatt_cdrs_credited_total 1');
  });

  it('waits for a tariff that the log has not brought yet', async () => {
    const contentHash = contentHashOf('late', 0.7);
    const session = sessionOf('early', { tariffId: 'late', version: 1n, contentHash });
    await stage.record(session);
    await eventually(async () => {
      const metrics = await stage.metrics();
      expect(metrics).toMatch(/consumer_waits_total\{[^\n]*\} [1-9]/);
    });
    expect(await stage.cdrsOf(idOf(session))).toEqual([]);
    expect((await call('PUT', '/v1/tariffs/late', tariffJson(0.7))).status).toBe(201);
    // 20 kWh x 0.70 + 2.60
    expect(await stage.issuedCdrOf(idOf(session))).toMatchObject({ totalExclTaxMinor: '1660' });
  });

  it('is listed page by page in the order of issue', async () => {
    const all = (await call('GET', '/v1/cdrs')).body.items;
    const first = (await call('GET', '/v1/cdrs?limit=4')).body;
    const rest = (await call('GET', `/v1/cdrs?limit=4&cursor=${first.next}`)).body;
    expect([...first.items, ...rest.items]).toEqual(all);
    expect(rest.next).toBeNull();
    const forged = encodeCursor(['yesterday', 'x']);
    expect((await call('GET', `/v1/cdrs?cursor=${forged}`)).status).toBe(422);
    expect((await call('GET', '/v1/cdrs?sessionId=%00')).status).toBe(422);
    expect((await call('GET', '/v1/cdrs/%00')).status).toBe(404);
  });

  it.each(['UPDATE cdrs SET content_hash = NULL', 'DELETE FROM cdrs'])(
    'keeps its CDR in the database: %s',
    (sql) =>
      expect(stage.poolOf(stage.databaseUrl).query(sql)).rejects.toThrow(
        'keeps what was published',
      ),
  );
});

describe('an empty database', () => {
  const cdrsIn = async (pool: Pool) =>
    (
      await pool.query(
        'SELECT cdr_id, session_id, event_id, content_hash FROM cdrs ORDER BY cpo_id, cdr_id',
      )
    ).rows;
  const outboxOf = async (pool: Pool) =>
    (
      await pool.query(
        `SELECT event_id, topic, stream_key, sequence, value, partition, log_offset
         FROM event_log.outbox ORDER BY topic, stream_key, sequence`,
      )
    ).rows;

  it('gets the same CDRs, by id and content hash, from the topics alone', async () => {
    const url = await stage.emptyDatabase();
    await migrate(
      url,
      [{ name: '0001_event-log', sql: eventLogMigrations }],
      readMigrations(pricingEngineService.migrations),
    );
    const pool = stage.poolOf(url);
    // Without a relay nothing leaves this database.
    const eventLog = createEventLog({
      service: 'pricing-engine',
      pool,
      brokers: stage.brokers,
      logger,
      streamsAreNew: true,
    });
    const metrics = pricingMetrics(new Registry());
    const tariffs = new TariffShelf();
    const takeSessions = takeSessionEvents({
      tariffs,
      estimates: new EstimateLog(eventLog, tariffs),
      cdrs: new CdrLog(eventLog, metrics, logger),
      metrics,
      logger,
    });
    const replay = <E extends SessionEvent | TariffEvent>(
      topic: 'charging.sessions.v1' | 'pricing.tariffs.v1',
      take: (
        records: readonly RecordedEvent<E>[],
        tx: Parameters<typeof keepTariffs>[0],
      ) => Promise<void>,
    ) =>
      replayTopics({
        brokers: stage.brokers,
        topics: [topic],
        handle: (records) =>
          eventLog.transaction((tx) => take(records as readonly RecordedEvent<E>[], tx)),
      });
    await replay<TariffEvent>('pricing.tariffs.v1', (records, tx) =>
      keepTariffs(
        tx,
        records.map(({ event }) => event),
      ),
    );
    await replay('charging.sessions.v1', takeSessions);
    await eventLog.stop();

    const rebuilt = await cdrsIn(pool);
    expect(rebuilt).toHaveLength(7);
    expect(rebuilt).toEqual(await cdrsIn(stage.poolOf(stage.databaseUrl)));
  });

  it('is taken on by the service without a word more in the log', async () => {
    const before = stage.poolOf(stage.databaseUrl);
    const [cdrs, outbox] = [await cdrsIn(before), await outboxOf(before)];
    const [shown] = (await call('GET', '/v1/cdrs')).body.items;

    const url = await stage.emptyDatabase();
    await stage.moveTo(url);
    const after = stage.poolOf(url);
    await eventually(
      async () => {
        const sql = "SELECT count(*)::int AS rated FROM rated_sessions WHERE status = 'rated'";
        expect((await after.query(sql)).rows).toEqual([{ rated: 5 }]);
      },
      { timeoutMs: 90_000, intervalMs: 100 },
    );
    expect(await cdrsIn(after)).toEqual(cdrs);
    expect(await outboxOf(after)).toEqual(outbox);
    expect((await call('GET', `/v1/cdrs/${shown?.cdrId}`)).body).toEqual(shown);
    // Versions go on where the log left them.
    const next = await call('PUT', '/v1/tariffs/ac', tariffJson(0.6));
    expect(next).toMatchObject({ status: 201, body: { version: '3' } });
  });
});
