import { connect } from 'node:net';
import { eventually } from '@tallywatt/testing';
import { GatewayStage, password, registration, start, stop } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

describe('bad input', () => {
  const raw = (request: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(stage.ocppPort, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      socket.write(request);
    });
  const upgrade = (
    path: string,
    headers = 'Sec-WebSocket-Protocol: ocpp1.6\r\n',
  ): Promise<string> =>
    raw(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers}\r\n`,
    );
  const basic = (user: string, secretText: string): string =>
    `Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic ${Buffer.from(`${user}:${secretText}`).toString('base64')}\r\n`;

  afterEach(async () => {
    // Whatever it was, the process lives on and serves others.
    expect(await stage.isAlive()).toBe(true);
  });

  it.each([
    ['/ocpp/%E0%A4%A', 400, 'the path must be'],
    ['/ocpp/', 400, 'the path must be'],
    ['/ocpp//CP', 400, 'the path must be'],
    ['/ocpp/a%2Fb', 400, 'the path must be'],
    ['/elsewhere/CP', 400, 'the path must be'],
    ['/ocpp/default/a/b', 400, 'the path must be'],
    ['/ocpp/CP-NOBODY', 404, 'charge point CP-NOBODY is not registered'],
    ['/ocpp/other-cpo/CP-BAD', 404, 'charge point CP-BAD is not registered'],
  ])('%s is answered %i', async (path, code, reason) => {
    const answer = await upgrade(path);
    expect(answer).toContain(`HTTP/1.1 ${code} `);
    expect(answer).toContain(reason);
  });

  it('needs a known subprotocol and the right password of that charge point', async () => {
    await stage.newCharger('CP-BAD');
    expect(await upgrade('/ocpp/CP-BAD', '')).toContain('400 Bad Request');
    expect(await upgrade('/ocpp/CP-BAD', 'Sec-WebSocket-Protocol: soap\r\n')).toContain('ocpp1.6');
    expect(await upgrade('/ocpp/CP-BAD')).toContain('401 Unauthorized');
    expect(await upgrade('/ocpp/CP-BAD', basic('CP-OTHER', password))).toContain('401');
    for (let n = 0; n < 5; n += 1) {
      expect(await upgrade('/ocpp/CP-BAD', basic('CP-BAD', `wrong-${n}`))).toContain('401');
    }
    expect(await upgrade('/ocpp/CP-BAD', basic('CP-BAD', 'wrong'))).toContain('429');
    expect(await raw('NONSENSE\r\n\r\n')).toContain('400 Bad Request');
  });

  it('answers a bad frame by its error, keeps it masked, and takes the next', async () => {
    await stage.newCharger('CP-FRAMES');
    const { client, call } = await stage.dial('CP-FRAMES', { isStrict: false });
    const answers: string[] = [];
    client.on('message', ({ message, outbound }: { message: unknown; outbound: boolean }) => {
      if (!outbound) answers.push(String(message));
    });
    await expect(call('StartTransaction', { idTag: 'HIDDENTAG' })).rejects.toMatchObject({
      rpcErrorCode: expect.stringMatching(/Violation$/),
    });
    await expect(call('Nonsense', {})).rejects.toMatchObject({ rpcErrorCode: 'NotImplemented' });
    await expect(
      call('StatusNotification', { connectorId: 1e12, status: 'Charging', errorCode: 'NoError' }),
    ).rejects.toMatchObject({ rpcErrorCode: 'PropertyConstraintViolation' });
    client.sendRaw('[2,"x","StopTransaction",{"idTag":"HIDDENTAG"');
    await eventually(() => expect(answers.at(-1)).toContain('FormationViolation'));
    expect(await call('DataTransfer', { vendorId: 'v' })).toEqual({ status: 'UnknownVendorId' });
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ frame: string }>(
        `SELECT frame FROM refused_frames WHERE charge_point_id = 'CP-FRAMES'`,
      );
      expect(rows).toHaveLength(3);
      expect(rows.some(({ frame }) => frame.includes('HIDDENTAG'))).toBe(false);
    });
  });

  it('confirms every stop and every reading, and bills from what can be read', async () => {
    await stage.newCharger('CP-FAULTY');
    const { call } = await stage.dial('CP-FAULTY', { isStrict: false });
    const { transactionId } = await call('StartTransaction', start());
    // Read just now: what was queued waits for its session, as it may be of another one.
    const sampledValue = [{ value: '2.5', unit: 'kWh' }];
    const faultyValues = {
      connectorId: 1,
      transactionId: null,
      meterValue: [{ timestamp: new Date().toISOString(), sampledValue }],
    };
    expect(await call('MeterValues', faultyValues)).toEqual({});
    const unreadable = { ...stop(transactionId, { meterStop: 'much' }), idTag: 12345678 };
    for (let n = 0; n < 2; n += 1) expect(await call('StopTransaction', unreadable)).toEqual({});
    const faulty = stop(transactionId, { meterStop: '6000', reason: 'Tired' });
    for (let n = 0; n < 2; n += 1) expect(await call('StopTransaction', faulty)).toEqual({});
    expect(await call('StopTransaction', { timestamp: 'noon' })).toEqual({});
    const [session] = await stage.sessionsOf('CP-FAULTY');
    expect(session).toMatchObject({ energyWh: '5000', isQuarantined: true, duplicatesSeen: 2 });
    expect(await stage.typesOf(session?.id ?? '')).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
      'SessionQuarantined',
      'SessionStopped',
      'SessionClosed',
    ]);
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ frame: string; times_seen: number }>(
        `SELECT frame, times_seen FROM refused_frames WHERE charge_point_id = 'CP-FAULTY'
         ORDER BY first_seen_at`,
      );
      expect(rows.map((row) => row.times_seen)).toEqual([1, 2, 2, 1]);
      expect(rows[1]?.frame).toContain('"idTag":"***"');
    });
  });

  it('closes a connection that only talks nonsense', async () => {
    await stage.newCharger('CP-NONSENSE');
    const { client } = await stage.dial('CP-NONSENSE');
    const closed = new Promise((resolve) => client.once('close', resolve));
    for (let n = 0; n < 12; n += 1) client.sendRaw(`nonsense ${n}`);
    await expect(closed).resolves.toMatchObject({ code: 1002 });
  });

  it('lets the newer of two connections live', async () => {
    const older = await stage.newCharger('CP-TWICE');
    const closed = new Promise((resolve) => older.client.once('close', resolve));
    const newer = await stage.dial('CP-TWICE');
    await closed;
    expect(await newer.call('Heartbeat', {})).toHaveProperty('currentTime');
    await eventually(async () => {
      const ends = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationDisconnected' && event.chargePointId === 'CP-TWICE',
      );
      expect(ends.map(({ event }) => 'cause' in event && event.cause)).toEqual(['replaced']);
    });
  });

  it.each([
    '/v1/charge-points/%00',
    '/v1/sessions?chargePointId=%00',
    `/v1/charge-points?cursor=${Buffer.from('["\\u0000"]').toString('base64url')}`,
  ])('%s is the fault of who asks', async (path) =>
    expect(await stage.api(path)).toMatchObject({ status: 422 }),
  );

  it('lists every fault of a registration, and takes a good one again', async () => {
    const bad = await stage.api('/v1/charge-points', {
      ...registration('CP X'),
      timeZone: 'Mars/Base',
      taxRatePercent: '-1',
      connectors: [{ id: 1, powerKwMax: 0 }],
      password: 'short',
    });
    expect(bad.status).toBe(422);
    expect(bad.body['faults'].map(({ path }: { path: string }) => path).sort()).toEqual([
      '$.connectors[0].powerKwMax',
      '$.id',
      '$.password',
      '$.taxRatePercent',
      '$.timeZone',
    ]);
    const good = registration('CP-AGAIN');
    const codes = [good, good, { ...good, taxRatePercent: '19.00' }, { ...good, tariffId: 'T-2' }];
    const answers = [];
    for (const body of codes) answers.push((await stage.api('/v1/charge-points', body)).status);
    expect(answers).toEqual([201, 200, 200, 200]);
    await eventually(async () => {
      const found = await stage.inKafka(
        'charging.registry.v1',
        (event) => 'chargePointId' in event && event.chargePointId === 'CP-AGAIN',
      );
      expect(found.map(({ event }) => 'tariffId' in event && event.tariffId)).toEqual([
        'T-1',
        'T-2',
      ]);
    });
    expect(JSON.stringify((await stage.api('/v1/charge-points/CP-AGAIN')).body)).not.toContain(
      'assword',
    );
  });
});
