import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, registration, start, stop, values } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

describe('a charge point', () => {
  it('is registered with the groups of its site and connectors, which its sessions name', async () => {
    const grouped = {
      ...registration('CP-GROUPED'),
      siteGroups: ['depots', 'city', 'depots'],
      connectors: [
        { id: 1, powerKwMax: 11, evseGroups: ['ac'] },
        { id: 2, powerKwMax: 150, evseGroups: ['hpc', 'dc'] },
        { id: 3, powerKwMax: 150 },
      ],
    };
    const seen = {
      siteGroups: ['city', 'depots'],
      connectors: [
        { id: 1, powerKwMax: '11', evseGroups: ['ac'] },
        { id: 2, powerKwMax: '150', evseGroups: ['dc', 'hpc'] },
        { id: 3, powerKwMax: '150', evseGroups: [] },
      ],
    };
    expect(await stage.api('/v1/charge-points', grouped)).toMatchObject({
      status: 201,
      body: seen,
    });
    // The same groups in another order are the same registration.
    const again = { ...grouped, siteGroups: ['city', 'depots'] };
    await stage.api('/v1/charge-points', again);
    expect(await stage.api('/v1/charge-points/CP-GROUPED')).toMatchObject({ body: seen });
    const { call } = await stage.dial('CP-GROUPED');
    await call('Authorize', { idTag: 'GROUPED' });
    await call('StartTransaction', start('GROUPED', { connectorId: 2 }));
    const place = {
      locationId: 'LOC-1',
      timeZone: 'Europe/Berlin',
      siteGroups: ['city', 'depots'],
    };
    expect(stage.authorization.asked.filter(({ idTag }) => idTag === 'GROUPED')).toMatchObject([
      // Nobody has said yet which connector it will be.
      { purpose: 'authorize', ...place, evseGroups: [] },
      { purpose: 'start', ...place, evseGroups: ['dc', 'hpc'] },
    ]);
    const registered = await eventually(async () => {
      const found = await stage.inKafka(
        'charging.registry.v1',
        (event) => 'chargePointId' in event && event.chargePointId === 'CP-GROUPED',
      );
      expect(found).not.toHaveLength(0);
      return found;
    });
    expect(registered.map(({ event }) => event)).toMatchObject([
      {
        location: { siteGroups: ['city', 'depots'] },
        connectors: [{ evseGroups: ['ac'] }, { evseGroups: ['dc', 'hpc'] }, { connectorId: 3 }],
      },
    ]);
    const [session] = await stage.sessionsOf('CP-GROUPED');
    await eventually(async () => {
      const [started] = await stage.inKafka(
        'charging.sessions.v1',
        (event) => event.type === 'SessionStarted' && event.sessionId === session?.id,
      );
      expect(started?.event).toMatchObject({ location: { siteGroups: ['city', 'depots'] } });
    });
    const other = { ...grouped, siteGroups: [] };
    expect(await stage.api('/v1/charge-points', other)).toMatchObject({
      status: 200,
      body: { siteGroups: [] },
    });
  });
});

describe('a session', () => {
  it('goes from frames to events in Kafka, in order', async () => {
    const { call } = await stage.newCharger('CP-HAPPY');
    const boot = { chargePointVendor: 'V\u0000', chargePointModel: 'M' };
    expect(await call('BootNotification', boot)).toMatchObject({ status: 'Accepted' });
    expect(await call('Heartbeat', {})).toHaveProperty('currentTime');
    expect(await call('Authorize', { idTag: 'GOOD' })).toEqual({
      idTagInfo: { status: 'Accepted' },
    });
    const started = await call('StartTransaction', start());
    expect(started).toEqual({
      transactionId: expect.any(Number),
      idTagInfo: { status: 'Accepted' },
    });
    const { transactionId } = started;
    await call('StatusNotification', {
      connectorId: 1,
      status: 'Charging',
      errorCode: 'NoError',
      timestamp: at(1),
    });
    await call('MeterValues', values(transactionId, '2.5', 10));
    expect(await call('StopTransaction', stop(transactionId))).toEqual({});

    const [session] = await stage.sessionsOf('CP-HAPPY');
    expect(session).toMatchObject({ status: 'closed', energyWh: '5000', isQuarantined: false });
    const sessionId = session?.id ?? '';
    const recorded = await eventually(async () => {
      const found = await stage.inKafka(
        'charging.sessions.v1',
        (event) => 'sessionId' in event && event.sessionId === sessionId,
      );
      expect(found.map(({ event }) => event.type)).toEqual([
        'SessionStarted',
        'ChargingStateChanged',
        'MeterValuesRecorded',
        'SessionStopped',
        'SessionClosed',
      ]);
      return found;
    });
    expect(recorded.map(({ metadata }) => metadata.sequence)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(recorded[0]?.event).toMatchObject({
      meterStartMilliWh: 1_000_000n,
      powerWMax: 11_000n,
      location: { taxRatePercent: { unscaled: 19n, scale: 0 } },
      decision: { tokenRef: 'ref-of-4', hold: { amountMinor: 5_000n, currency: 'EUR' } },
    });
    await eventually(async () => {
      const { body } = await stage.api(`/v1/sessions/${sessionId}`);
      expect(body['events'][0].position).toEqual({
        topic: 'charging.sessions.v1',
        partition: recorded[0]?.position.partition,
        offset: String(recorded[0]?.position.offset),
      });
      expect(body['readings']).toMatchObject([{ registerMilliWh: '2500000' }]);
    });
  });

  it('is recognised however often its messages come', async () => {
    const { call } = await stage.newCharger('CP-RESEND');
    const first = await call('StartTransaction', start());
    const asked = stage.authorization.asked.length;
    expect(await call('StartTransaction', start())).toEqual(first);
    expect(stage.authorization.asked).toHaveLength(asked);
    const report = values(first.transactionId, '2', 10);
    for (let n = 0; n < 3; n += 1) await call('MeterValues', report);
    for (let n = 0; n < 3; n += 1) await call('StopTransaction', stop(first.transactionId));
    await call('StopTransaction', stop(first.transactionId, { meterStop: 7_000 }));
    await call('StopTransaction', stop(first.transactionId, { meterStop: 7_000 }));
    expect(await call('StartTransaction', start())).toEqual(first);
    const sessions = await stage.sessionsOf('CP-RESEND');
    expect(sessions).toMatchObject([{ energyWh: '5000', duplicatesSeen: 7 }]);
    expect(await stage.typesOf(sessions[0]?.id ?? '')).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed',
      'StopConflicted',
    ]);
  });

  it('stays open where idle time is billed, until its connector is free', async () => {
    const { call } = await stage.newCharger('CP-IDLE');
    const { transactionId } = await call('StartTransaction', start('IDLE'));
    await call('StopTransaction', stop(transactionId));
    expect(await stage.sessionsOf('CP-IDLE')).toMatchObject([{ status: 'stopped' }]);
    const status = { connectorId: 1, errorCode: 'NoError' };
    await call('StatusNotification', { ...status, status: 'Finishing', timestamp: at(31) });
    await call('StatusNotification', { ...status, status: 'Available', timestamp: at(50) });
    expect(await stage.sessionsOf('CP-IDLE')).toMatchObject([
      { status: 'closed', closedBy: 'available', closedAt: at(50) },
    ]);
  });

  it('closes when the next one starts on its connector, or when its time is out', async () => {
    const { call } = await stage.newCharger('CP-NEXT');
    const first = await call('StartTransaction', start('IDLE'));
    await call('StopTransaction', stop(first.transactionId));
    const second = await call('StartTransaction', start('IDLE', { timestamp: at(40) }));
    await call('StopTransaction', stop(second.transactionId, { timestamp: at(59) }));
    expect(await stage.sessionsOf('CP-NEXT')).toMatchObject([
      { status: 'stopped' },
      { status: 'closed', closedBy: 'next-start', closedAt: at(40) },
    ]);
    await stage.pool.query(`UPDATE sessions SET close_due_at = now() WHERE status = 'stopped'`);
    await eventually(async () =>
      expect(await stage.sessionsOf('CP-NEXT')).toMatchObject([
        { closedBy: 'time-out', closedAt: at(59) },
        { closedBy: 'next-start' },
      ]),
    );
  });

  it('is kept and quarantined without a tariff, or with a token that is not accepted', async () => {
    const { call } = await stage.newCharger('CP-DOUBT');
    expect(await call('StartTransaction', start('BLOCKED'))).toMatchObject({
      idTagInfo: { status: 'Blocked' },
    });
    await call('StartTransaction', start('UNPRICED', { timestamp: at(5) }));
    const sessions = await stage.sessionsOf('CP-DOUBT');
    const reasons = await Promise.all(
      sessions.map(
        async ({ id }) => (await stage.api(`/v1/sessions/${id}`)).body['quarantine'][0].reason,
      ),
    );
    expect(reasons).toEqual(['tariff-unknown', 'token-not-accepted']);
  });

  it('does not begin while nobody can decide, and loses nothing', async () => {
    const { call } = await stage.newCharger('CP-DOWN');
    stage.authorization.mode.isDown = true;
    await expect(call('StartTransaction', start())).rejects.toMatchObject({
      rpcErrorCode: 'InternalError',
    });
    stage.authorization.mode.isDown = false;
    expect(await call('StartTransaction', start())).toHaveProperty('transactionId');
    expect(await stage.sessionsOf('CP-DOWN')).toHaveLength(1);
  });

  it('keeps no tag in clear, anywhere', async () => {
    const { call } = await stage.newCharger('CP-SECRET');
    const idTag = 'SECRETTAG4711';
    const { transactionId } = await call('StartTransaction', start(idTag));
    await call('StopTransaction', stop(transactionId, { idTag }));
    await expect(call('Authorize', { idTag: [idTag] })).rejects.toThrow();
    const { rows } = await stage.pool.query<{ text: string }>(`
      SELECT value AS text FROM event_log.outbox UNION ALL SELECT s::text FROM sessions s
      UNION ALL SELECT f::text FROM refused_frames f`);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter(({ text }) => text.includes(idTag))).toEqual([]);
  });
});

describe('facts without a session', () => {
  it('are confirmed and kept', async () => {
    const other = await stage.newCharger('CP-VICTIM');
    const { transactionId } = await other.call('StartTransaction', start());
    const { call } = await stage.newCharger('CP-ORPHAN');
    for (const id of [-1, 0, 2_000_000_000, transactionId, 1e20]) {
      expect(await call('StopTransaction', stop(id))).toEqual({});
      expect(await call('StopTransaction', stop(id))).toEqual({});
    }
    expect(await call('MeterValues', values(4711, '1', 1))).toEqual({});
    expect(await call('MeterValues', values(undefined, '1', 1))).toEqual({});
    const orphans = await eventually(async () => {
      const found = await stage.inKafka(
        'charging.orphans.v1',
        (event) => 'chargePointId' in event && event.chargePointId === 'CP-ORPHAN',
      );
      expect(found).toHaveLength(7);
      return found;
    });
    expect(orphans.map(({ event }) => event.type)).toEqual([
      ...Array<string>(5).fill('StopOrphaned'),
      ...Array<string>(2).fill('MeterValuesOrphaned'),
    ]);
    expect(await stage.sessionsOf('CP-VICTIM')).toMatchObject([{ status: 'active' }]);
    expect(await stage.sessionsOf('CP-ORPHAN')).toEqual([]);
  });

  it('find the only session that runs on their connector', async () => {
    const { call } = await stage.newCharger('CP-LINK');
    await call('StartTransaction', start());
    const live = values(undefined, '2', 10);
    const timestamp = new Date().toISOString();
    await call('MeterValues', {
      ...live,
      meterValue: live.meterValue.map((value) => ({ ...value, timestamp })),
    });
    const [session] = await stage.sessionsOf('CP-LINK');
    expect(await stage.typesOf(session?.id ?? '')).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
    ]);
  });
});

describe('a gateway that restarts in the middle of a session', () => {
  it('goes on with it, and says which connections it had lost', async () => {
    const { call } = await stage.newCharger('CP-RESTART');
    const first = await call('StartTransaction', start());
    await stage.stopGateway();
    const connectionId = '00000000-0000-4000-8000-000000000001';
    await stage.pool.query(
      `INSERT INTO connections (cpo_id, connection_id, charge_point_id, connected_at)
       VALUES ('default', $1, 'CP-RESTART', $2)`,
      [connectionId, at(0)],
    );
    await stage.startGateway();
    const again = await stage.dial('CP-RESTART');
    expect(await again.call('StartTransaction', start())).toEqual(first);
    await again.call('StopTransaction', stop(first.transactionId));
    expect(await stage.sessionsOf('CP-RESTART')).toMatchObject([
      { status: 'closed', energyWh: '5000' },
    ]);
    await eventually(async () => {
      const ends = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationDisconnected' && event.chargePointId === 'CP-RESTART',
      );
      expect(ends.map(({ event }) => 'cause' in event && event.cause)).toEqual([
        'shutdown',
        'gateway-crashed',
      ]);
    });
  });
});

describe('the clock of a charger', () => {
  it('is measured by what it says while it is connected, and written down when it has moved', async () => {
    const { call } = await stage.newCharger('CP-CLOCK');
    const say = (status: string, aheadMs: number) =>
      call('StatusNotification', {
        connectorId: 1,
        status,
        errorCode: 'NoError',
        timestamp: new Date(Date.now() + aheadMs).toISOString(),
      });
    await say('Available', 90_000);
    await say('Preparing', 91_000);
    await say('Available', -7_200_000);
    const measured = await eventually(async () => {
      const found = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationClockMeasured' && event.chargePointId === 'CP-CLOCK',
      );
      expect(found).toHaveLength(1);
      return found;
    });
    const [event] = measured.map((recorded) => recorded.event);
    const skewMs = event?.type === 'StationClockMeasured' ? event.clockSkewMs : 0n;
    expect(skewMs).toBeLessThan(-30_000n);
    expect(skewMs).toBeGreaterThanOrEqual(-90_000n);
  });
});
