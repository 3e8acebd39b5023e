import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, registration } from './testing/gateway-stage';
import { idToken, metered, ocpp201, pluggedIn, unplugged, updated } from './testing/ocpp201-words';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const good = { idToken: idToken('GOOD') };
const accepted = { idTokenInfo: { status: 'Accepted' } };

/** What is waited for has been waited for. */
const giveUpWaiting = () =>
  stage.pool.query(`UPDATE station_transactions SET attention_at = now()
    WHERE attention_at IS NOT NULL`);

const sessionEvents = async (sessionId: string, count: number) =>
  eventually(async () => {
    const found = await stage.inKafka(
      'charging.sessions.v1',
      (event) => 'sessionId' in event && event.sessionId === sessionId,
    );
    expect(found).toHaveLength(count);
    return found.map(({ event }) => event);
  });

const reasonsOf = async (sessionId: string): Promise<string[]> => {
  const { body } = await stage.api(`/v1/sessions/${sessionId}`);
  return (body['quarantine'] as { reason: string }[]).map(({ reason }) => reason);
};

describe('a station of OCPP 2.0.1', () => {
  it('goes from frames to events in Kafka, in order', async () => {
    const { call } = await stage.newCharger('ST-HAPPY', ocpp201);
    const boot = {
      reason: 'PowerUp',
      chargingStation: { vendorName: 'V', model: 'M', firmwareVersion: '1' },
    };
    expect(await call('BootNotification', boot)).toMatchObject({ status: 'Accepted' });
    expect(await call('Heartbeat', {})).toHaveProperty('currentTime');
    expect(await call('Authorize', good)).toEqual(accepted);
    const status = { timestamp: at(0), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 };
    expect(await call('StatusNotification', status)).toEqual({});

    const plugged = pluggedIn('TX-1', { transactionInfo: { chargingState: 'EVConnected' } });
    expect(await call('TransactionEvent', plugged)).toEqual({});
    expect(await stage.sessionsOf('ST-HAPPY')).toEqual([]);
    expect(await call('TransactionEvent', updated('TX-1', 1, good))).toEqual(accepted);
    expect(await stage.sessionsOf('ST-HAPPY')).toMatchObject([
      { status: 'active', ocppVersion: '2.0.1', ocppTransactionId: 'TX-1' },
    ]);
    const charging = { transactionInfo: { chargingState: 'Charging' }, ...metered(1_800, 20) };
    expect(await call('TransactionEvent', updated('TX-1', 2, charging))).toEqual({});
    const clock = { evseId: 1, ...metered(2_000, 25, 'Sample.Clock') };
    expect(await call('MeterValues', clock)).toEqual({});
    const customData = { vendorId: 'V', anything: [1, { odd: true }] };
    expect(await call('TransactionEvent', unplugged('TX-1', 3, { customData }))).toEqual({});

    const [session] = await stage.sessionsOf('ST-HAPPY');
    expect(session).toMatchObject({
      status: 'closed',
      startedAt: at(10),
      energyWh: '1500',
      isQuarantined: false,
    });
    const events = await sessionEvents(session?.id ?? '', 9);
    expect(events.map(({ type }) => type)).toEqual([
      'SessionStarted',
      'ChargingStateChanged',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'ChargingStateChanged',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed',
    ]);
  });
  it('gets the same answer for what it says again, and adds nothing', async () => {
    let { call } = await stage.newCharger('ST-RESEND', ocpp201);
    const asked = stage.authorization.asked.length;
    const events = [
      pluggedIn('TX-1', good),
      updated('TX-1', 1, metered(1_800, 10)),
      unplugged('TX-1', 2, good),
    ];
    for (const said of events) {
      const answer = await call('TransactionEvent', said);
      // Another connection and another message id; some say `offline` only now.
      ({ call } = await stage.dial('ST-RESEND', ocpp201));
      expect(await call('TransactionEvent', { ...said, offline: true })).toEqual(answer);
      expect(await call('TransactionEvent', said)).toEqual(answer);
    }
    expect(stage.authorization.asked).toHaveLength(asked + 1);
    const [session, ...others] = await stage.sessionsOf('ST-RESEND');
    expect(others).toEqual([]);
    expect(session).toMatchObject({ energyWh: '1500', duplicatesSeen: 6 });
    const types = (await sessionEvents(session?.id ?? '', 6)).map(({ type }) => type);
    expect(types).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed',
    ]);
  });

  it('may say all of it hours later and in any order', async () => {
    const { call } = await stage.newCharger('ST-OFFLINE', ocpp201);
    const events = [
      unplugged('TX-1', 3),
      updated('TX-1', 2, metered(1_800, 20)),
      updated('TX-1', 1, { ...good, transactionInfo: { chargingState: 'Charging' } }),
      pluggedIn('TX-1'),
    ].map((said) => ({ ...said, offline: true }));
    for (const said of events) await call('TransactionEvent', said);
    const [session, ...others] = await stage.sessionsOf('ST-OFFLINE');
    expect(others).toEqual([]);
    expect(session).toMatchObject({
      status: 'closed',
      energyWh: '1500',
      startedAt: at(10),
      isQuarantined: false,
    });
    const types = (await sessionEvents(session?.id ?? '', 7)).map(({ type }) => type);
    expect(types).toEqual([
      'SessionStarted',
      'ChargingStateChanged',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed',
    ]);
  });

  it('does not lose a session to an event that never comes', async () => {
    const { call } = await stage.newCharger('ST-GAP', ocpp201);
    await call('TransactionEvent', pluggedIn('TX-1', good));
    await call('TransactionEvent', unplugged('TX-1', 4));
    expect(await stage.sessionsOf('ST-GAP')).toMatchObject([{ status: 'active' }]);
    await eventually(async () =>
      expect(await stage.metrics()).toContain('\ntallywatt_transactions_incomplete 1\n'),
    );
    await giveUpWaiting();
    await eventually(async () =>
      expect(await stage.sessionsOf('ST-GAP')).toMatchObject([
        { status: 'closed', energyWh: '1500', isQuarantined: false },
      ]),
    );
    // Late words are still evidence.
    await call('TransactionEvent', updated('TX-1', 2, metered(1_800, 20)));
    const [session] = await stage.sessionsOf('ST-GAP');
    expect((await stage.typesOf(session?.id ?? '')).at(-1)).toBe('MeterValuesRecorded');
    await call('TransactionEvent', updated('TX-1', 1));
    await call('TransactionEvent', updated('TX-1', 3));
    // What was missing, since when, given up with the end known, and healed by late events.
    const { body } = await stage.api(`/v1/sessions/${session?.id}`);
    expect(body).toMatchObject({
      sequenceGaps: [
        { firstMissingSeqNo: 1, lastMissingSeqNo: 3, outcome: 'healed', missingCount: 3 },
      ],
    });
    const types = await stage.typesOf(session?.id ?? '');
    expect(types.filter((type) => type.startsWith('TransactionGap'))).toEqual([
      'TransactionGapNoticed',
      'TransactionGapGivenUp',
      'TransactionGapHealed',
    ]);
  });

  it('whose transaction cannot go on does not hold up those of others', async () => {
    for (const id of ['ST-STUCK', 'ST-NEIGHBOUR']) {
      const { call } = await stage.newCharger(id, ocpp201);
      await call('TransactionEvent', pluggedIn('TX-1', good));
      await call('TransactionEvent', unplugged('TX-1', 4));
    }
    await stage.pool.query(`UPDATE transaction_events SET held_event = 'no event'
      WHERE charge_point_id = 'ST-STUCK' AND held_event IS NOT NULL`);
    await stage.pool.query(`UPDATE station_transactions SET attention_at = now() - interval '1 hour'
      WHERE charge_point_id = 'ST-STUCK'`);
    await stage.pool.query(`UPDATE station_transactions SET attention_at = now()
      WHERE charge_point_id = 'ST-NEIGHBOUR'`);
    await eventually(async () =>
      expect(await stage.sessionsOf('ST-NEIGHBOUR')).toMatchObject([{ status: 'closed' }]),
    );
    // It is tried again, and counted until it has gone on.
    const { rows } = await stage.pool.query(`SELECT attention_at > now() AS is_postponed
      FROM station_transactions WHERE charge_point_id = 'ST-STUCK'`);
    expect(rows).toEqual([{ is_postponed: true }]);
    expect(await stage.metrics()).toMatch(/\ntallywatt_transactions_stuck_total [1-9]/);
    await stage.pool.query(`UPDATE station_transactions SET attention_at = NULL
      WHERE charge_point_id = 'ST-STUCK'`);
  });

  it('that uses an id again begins another session', async () => {
    const { call } = await stage.newCharger('ST-REUSE', ocpp201);
    const later = (minute: number, said: object) => ({ ...said, timestamp: at(minute) });
    await call('TransactionEvent', pluggedIn('1', good));
    await call('TransactionEvent', unplugged('1', 1));
    const begin = metered(2_500, 30, 'Transaction.Begin');
    await call('TransactionEvent', later(30, pluggedIn('1', { ...good, ...begin })));
    const end = metered(4_500, 50, 'Transaction.End');
    await call('TransactionEvent', later(50, unplugged('1', 1, end)));
    expect(await call('TransactionEvent', pluggedIn('1', good))).toEqual(accepted);
    expect(await stage.sessionsOf('ST-REUSE')).toMatchObject([
      { status: 'closed', energyWh: '2000', startedAt: at(30) },
      { status: 'closed', energyWh: '1500', startedAt: at(0), duplicatesSeen: 1 },
    ]);
  });

  it('that uses an id again, and of its first use said the end only, does not mix the two', async () => {
    const { call } = await stage.newCharger('ST-REMNANT', ocpp201);
    await call('TransactionEvent', unplugged('1', 1));
    await giveUpWaiting();
    await call('TransactionEvent', { ...pluggedIn('1', good), timestamp: at(30) });
    expect(await stage.sessionsOf('ST-REMNANT')).toMatchObject([
      { status: 'active', startedAt: at(30) },
    ]);
  });

  it('that does not say its EVSE charges at the only one it has', async () => {
    const { call } = await stage.newCharger('ST-PLACE', ocpp201);
    const { evse: _, ...said } = pluggedIn('TX-1', good) as Record<string, unknown>;
    expect(await call('TransactionEvent', said)).toEqual(accepted);
    expect(await stage.sessionsOf('ST-PLACE')).toMatchObject([
      { status: 'active', connectorId: 1, isQuarantined: false },
    ]);
  });

  it('is not billed by a tariff that may be of another of its connectors', async () => {
    const connectors = (...groups: string[]) =>
      groups.map((group, index) => ({ id: index + 1, powerKwMax: 11, evseGroups: [group] }));
    const reasons = async (id: string, groups: string[]): Promise<string[]> => {
      const point = { ...registration(id), connectors: connectors(...groups) };
      expect((await stage.api('/v1/charge-points', point)).status).toBe(201);
      const { call } = await stage.dial(id, ocpp201);
      // The card is shown before anybody knows at which of the two the cable will be.
      const { evse, ...shown } = pluggedIn('TX-1', good) as Record<string, unknown>;
      expect(await call('TransactionEvent', shown)).toEqual(accepted);
      expect(await stage.sessionsOf(id)).toEqual([]);
      await call('TransactionEvent', updated('TX-1', 1, { evse }));
      const [session] = await stage.sessionsOf(id);
      expect(session).toMatchObject({ status: 'active', connectorId: 1, startedAt: at(10) });
      return reasonsOf(session?.id ?? '');
    };
    expect(await reasons('ST-PRICED-ALIKE', ['dc', 'dc'])).toEqual([]);
    expect(await reasons('ST-PRICED-APART', ['dc', 'ac'])).toEqual(['tariff-unknown']);
  });

  it('keeps a second end that says something else as evidence', async () => {
    const { call } = await stage.newCharger('ST-CONFLICT', ocpp201);
    await call('TransactionEvent', pluggedIn('TX-1', good));
    await call('TransactionEvent', unplugged('TX-1', 1));
    await call('TransactionEvent', unplugged('TX-1', 1, metered(2_600, 10, 'Transaction.End')));
    const [session] = await stage.sessionsOf('ST-CONFLICT');
    expect(session).toMatchObject({ energyWh: '1500' });
    expect((await stage.typesOf(session?.id ?? '')).at(-1)).toBe('StopConflicted');
  });
});

describe('a transaction whose driver is not known', () => {
  it('waits for its token, and is kept for a person when it took energy without one', async () => {
    const { call } = await stage.newCharger('ST-NOBODY', ocpp201);
    await call('TransactionEvent', pluggedIn('TX-1'));
    await call('TransactionEvent', updated('TX-1', 1, metered(1_800, 10)));
    expect(await stage.sessionsOf('ST-NOBODY')).toEqual([]);
    expect(await call('TransactionEvent', unplugged('TX-1', 2))).toEqual({});
    const [session] = await eventually(async () => {
      const found = await stage.sessionsOf('ST-NOBODY');
      expect(found).toMatchObject([{ status: 'closed', energyWh: '1500', isQuarantined: true }]);
      return found;
    });
    expect(await reasonsOf(session?.id ?? '')).toEqual(['token-not-accepted']);
  });

  it('is kept with its station when nothing was charged, or nothing else is known of it', async () => {
    const { call } = await stage.newCharger('ST-ORPHAN', ocpp201);
    const end = metered(1_000, 10, 'Transaction.End');
    await call('TransactionEvent', pluggedIn('TX-EMPTY'));
    await call('TransactionEvent', unplugged('TX-EMPTY', 1, end));
    await call('TransactionEvent', updated('TX-TAIL', 3, metered(1_800, 20)));
    await call('TransactionEvent', unplugged('TX-TAIL', 4));
    const orphans = async (count: number) =>
      eventually(async () => {
        const found = await stage.inKafka(
          'charging.orphans.v1',
          (event) => 'chargePointId' in event && event.chargePointId === 'ST-ORPHAN',
        );
        expect(found).toHaveLength(count);
        return found.map(({ event }) => event);
      });
    await orphans(2);
    await giveUpWaiting();
    expect((await orphans(4)).slice(2)).toMatchObject([
      { type: 'MeterValuesOrphaned', ocppTransactionId: 'TX-TAIL' },
      { type: 'StopOrphaned', meterStopMilliWh: 2_500_000n },
    ]);
    expect(await stage.sessionsOf('ST-ORPHAN')).toEqual([]);
    // The first event comes at last: it is a session after all.
    await call('TransactionEvent', { ...pluggedIn('TX-TAIL', good), seqNo: 2 });
    expect(await stage.sessionsOf('ST-ORPHAN')).toMatchObject([
      { ocppTransactionId: 'TX-TAIL', status: 'closed', energyWh: '1500' },
    ]);
  });

  it('is told to come again while nobody can decide, and loses nothing meanwhile', async () => {
    const { call } = await stage.newCharger('ST-DOWN', ocpp201);
    stage.authorization.mode.isDown = true;
    await expect(call('TransactionEvent', pluggedIn('TX-1', good))).rejects.toMatchObject({
      rpcErrorCode: 'InternalError',
    });
    stage.authorization.mode.isDown = false;
    await call('TransactionEvent', unplugged('TX-1', 1));
    expect(await stage.sessionsOf('ST-DOWN')).toEqual([]);
    expect(await call('TransactionEvent', pluggedIn('TX-1', good))).toEqual(accepted);
    expect(await stage.sessionsOf('ST-DOWN')).toMatchObject([
      { status: 'closed', energyWh: '1500', isQuarantined: false },
    ]);
  });

  it('keeps no token in clear, anywhere', async () => {
    const { call } = await stage.newCharger('ST-SECRET', { ...ocpp201, isStrict: false });
    const tag = 'SECRETTOKEN4711';
    const token = { idToken: idToken(tag) };
    await call('TransactionEvent', pluggedIn('TX-1', token));
    await call('TransactionEvent', unplugged('TX-1', 1, { ...token, seqNo: 'no number' }));
    // A word that no version has for the kind of a token.
    const unknown = { idToken: { ...token.idToken, type: 'NoSuchKind' } };
    await expect(call('Authorize', unknown)).rejects.toThrow();
    const { rows } = await stage.pool.query<{ text: string }>(`
      SELECT value AS text FROM event_log.outbox UNION ALL SELECT s::text FROM sessions s
      UNION ALL SELECT f::text FROM refused_frames f
      UNION ALL SELECT t::text FROM station_transactions t
      UNION ALL SELECT e::text FROM transaction_events e`);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter(({ text }) => text.includes(tag))).toEqual([]);
  });
});

describe('a remote stop', () => {
  it('asks for the transaction by the name the station gave it', async () => {
    const asked: unknown[] = [];
    const handlers = {
      RequestStopTransaction: async ({ params }: { params?: unknown }) => {
        asked.push(params);
        return { status: 'Accepted' };
      },
    };
    const { call } = await stage.newCharger('ST-REMOTE', { ...ocpp201, handlers });
    await call('TransactionEvent', pluggedIn('TX-1', good));
    const [session] = await stage.sessionsOf('ST-REMOTE');
    const body = { sessionId: session?.id };
    expect((await stage.api('/v1/charge-points/ST-REMOTE/remote-stop', body)).status).toBe(202);
    await eventually(async () => {
      const found = await stage.inKafka(
        'charging.commands.v1',
        (event) => 'chargePointId' in event && event.chargePointId === 'ST-REMOTE',
      );
      expect(found.map(({ event }) => event.type)).toEqual([
        'RemoteStopRequested',
        'RemoteStopAccepted',
      ]);
    });
    expect(asked).toEqual([{ transactionId: 'TX-1' }]);
  });
});
