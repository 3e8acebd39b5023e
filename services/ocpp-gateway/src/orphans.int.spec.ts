import { eventually } from '@tallywatt/testing';
import { orphanPageSchema } from './inbound/orphans.controller';
import { at, GatewayStage, registration, start, stop, values } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const orphansOf = (chargePointId: string) =>
  stage.inKafka(
    'charging.orphans.v1',
    (event) => 'chargePointId' in event && event.chargePointId === chargePointId,
  );

const listed = async (query: string) =>
  orphanPageSchema.parse((await stage.api(`/v1/orphans?${query}`)).body).items;

describe('what finds no session', () => {
  it('is listed, and counted when a stop has waited for a day', async () => {
    const { call } = await stage.newCharger('CP-NEVER');
    await call('StopTransaction', stop(-1, { idTag: 'GOOD', reason: 'PowerLoss' }));
    await call('MeterValues', values(0, '2', 10));
    const query = 'chargePointId=CP-NEVER&status=waiting';
    const [readings, stopped, ...others] = await listed(query);
    expect(others).toEqual([]);
    expect(readings).toMatchObject({ kind: 'readings', readings: 1, firstReadAt: at(10) });
    expect(stopped).toMatchObject({
      kind: 'stop',
      ocppTransactionId: '-1',
      stoppedAt: at(30),
      registerWh: '6000',
      stopReason: 'PowerLoss',
      sessionId: null,
    });
    expect(await listed(`${query}&kind=stop`)).toEqual([stopped]);
    expect(await listed(`${query}&keptBefore=${stopped?.keptAt}`)).toEqual([]);
    await stage.pool.query(
      `UPDATE orphans SET kept_at = kept_at - interval '25 hours'
       WHERE charge_point_id = 'CP-NEVER'`,
    );
    await eventually(async () =>
      expect(await stage.metrics()).toContain('\ntallywatt_orphan_stops_waiting 1\n'),
    );
    expect(await stage.api('/v1/orphans?status=lost')).toMatchObject({ status: 422 });
  });

  it('is said once, however often its signed values are encrypted', async () => {
    const { call } = await stage.newCharger('CP-SIGNS');
    const sampledValue = [{ value: 'OCMF|{}', format: 'SignedData', context: 'Transaction.End' }];
    const transactionData = [{ timestamp: at(30), sampledValue }];
    const signed = stop(-1, { idTag: 'GOOD', transactionData });
    for (let n = 0; n < 2; n += 1) await call('StopTransaction', signed);
    await call('StopTransaction', stop(-1, { idTag: 'GOOD', meterStop: 7_000 }));
    await eventually(async () =>
      expect(
        (await orphansOf('CP-SIGNS')).map(
          ({ event }) => 'meterStopMilliWh' in event && event.meterStopMilliWh,
        ),
      ).toEqual([6_000_000n, 7_000_000n]),
    );
  });

  it('keeps no stop from finding its own, however much it is', async () => {
    const { call } = await stage.newCharger('CP-IDLE');
    await call('StopTransaction', stop(-1, { idTag: 'GOOD' }));
    await call('MeterValues', values(0, '2', 50));
    await stage.pool.query(
      `INSERT INTO orphans (cpo_id, orphan_id, charge_point_id, fact, event_ids)
       SELECT cpo_id, gen_random_uuid(), charge_point_id, fact, event_ids
       FROM orphans, generate_series(1, 600)
       WHERE charge_point_id = 'CP-IDLE' AND kind = 'readings'`,
    );
    await call('StartTransaction', start());
    await eventually(async () =>
      expect(await stage.sessionsOf('CP-IDLE')).toMatchObject([
        { status: 'closed', energyWh: '5000' },
      ]),
    );
    expect(await listed('chargePointId=CP-IDLE&kind=stop')).toMatchObject([
      { status: 'attached', stoppedAt: at(30) },
    ]);
  });
});

describe('what a charger kept while it was away', () => {
  it('finds its sessions whatever comes first, and says how', async () => {
    const id = 'CP-AWAY';
    await stage.api('/v1/charge-points', {
      ...registration(id),
      connectors: [
        { id: 1, powerKwMax: 11 },
        { id: 2, powerKwMax: 11 },
      ],
    });
    const { call } = await stage.dial(id);
    // The stop and a reading come before the start that they are of, and again after it.
    const ended = stop(-1, { idTag: 'GOOD' });
    for (let n = 0; n < 2; n += 1) {
      expect(await call('StopTransaction', ended)).toEqual({});
      expect(await call('MeterValues', values(0, '2', 10))).toEqual({});
      await call('StartTransaction', start());
      await call('StartTransaction', start('OTHER', { connectorId: 2, meterStart: 90_000 }));
    }
    await eventually(async () =>
      expect(await stage.sessionsOf(id)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ connectorId: 1, status: 'closed', energyWh: '5000' }),
          expect.objectContaining({ connectorId: 2, status: 'active' }),
        ]),
      ),
    );
    const session = (await stage.sessionsOf(id)).find(({ status }) => status === 'closed');
    expect(await stage.typesOf(session?.id ?? '')).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed',
    ]);
    const orphans = await eventually(async () => {
      const found = await orphansOf(id);
      expect(found).toHaveLength(4);
      return found;
    });
    const idOf = (type: string) =>
      orphans.find(({ event }) => event.type === type)?.metadata.id ?? '';
    expect(orphans.map(({ event }) => event)).toMatchObject([
      { type: 'StopOrphaned', ocppTransactionId: '-1' },
      { type: 'MeterValuesOrphaned' },
      {
        type: 'OrphanAttached',
        sessionId: session?.id,
        method: 'connector-register-time',
        orphanEventIds: [idOf('MeterValuesOrphaned')],
      },
      {
        type: 'OrphanAttached',
        sessionId: session?.id,
        connectorId: 1,
        method: 'token-register-time',
        orphanEventIds: [idOf('StopOrphaned')],
      },
    ]);
    // The charger learns its transaction id and says the same stop with it, and then another one.
    const { transactionId } = await call('StartTransaction', start());
    await call('StopTransaction', stop(transactionId, { idTag: 'GOOD' }));
    expect(await stage.typesOf(session?.id ?? '')).not.toContain('StopConflicted');
    await call('StopTransaction', stop(transactionId, { meterStop: 6_100 }));
    expect(await stage.typesOf(session?.id ?? '')).toContain('StopConflicted');
  });

  it('is with a running session before the stop that names it, so that it is billed whole', async () => {
    const id = 'CP-SHORTLY-AWAY';
    const { call } = await stage.newCharger(id);
    const { transactionId } = await call('StartTransaction', start());
    // Made before this connection, and told right before the stop.
    await call('MeterValues', values(undefined, '3', 20));
    await call('MeterValues', values(undefined, '7', 45));
    await call('StopTransaction', stop(transactionId));
    const [session] = await stage.sessionsOf(id);
    const before = ['SessionStarted', 'MeterValuesRecorded', 'SessionStopped', 'SessionClosed'];
    expect(await stage.typesOf(session?.id ?? '')).toEqual(before);
    // The other is of after its stop.
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ waits: boolean }>(
        `SELECT due_at IS NULL AS waits FROM orphan_matchings WHERE charge_point_id = $1`,
        [id],
      );
      expect(rows).toEqual([{ waits: true }]);
    });
    expect(await stage.typesOf(session?.id ?? '')).toEqual(before);
    expect((await orphansOf(id)).map(({ event }) => event.type)).toEqual([
      'MeterValuesOrphaned',
      'MeterValuesOrphaned',
      'OrphanAttached',
    ]);
  });

  it('stays with the charge point where two sessions could be meant, until one is left', async () => {
    const id = 'CP-TWO';
    await stage.api('/v1/charge-points', {
      ...registration(id),
      connectors: [
        { id: 1, powerKwMax: 11 },
        { id: 2, powerKwMax: 11 },
      ],
    });
    const { call } = await stage.dial(id);
    const first = await call('StartTransaction', start());
    await call('StartTransaction', start('GOOD', { connectorId: 2, meterStart: 1_200 }));
    await call('StopTransaction', stop(-1, { idTag: 'GOOD', timestamp: at(29) }));
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ waits: boolean }>(
        `SELECT due_at IS NULL AS waits FROM orphan_matchings WHERE charge_point_id = $1`,
        [id],
      );
      expect(rows).toEqual([{ waits: true }]);
    });
    expect(await stage.sessionsOf(id)).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    await call('StopTransaction', stop(first.transactionId, { meterStop: 5_000 }));
    await eventually(async () =>
      expect(await stage.sessionsOf(id)).toMatchObject([
        { connectorId: 2, status: 'closed', stoppedAt: at(29), energyWh: '4800' },
        { connectorId: 1, status: 'closed', stoppedAt: at(30), energyWh: '4000' },
      ]),
    );
  });
});
