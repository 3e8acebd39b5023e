import { randomUUID } from 'node:crypto';
import { eventually } from '@tallywatt/testing';
import { GatewayStage, type Handlers, start } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const path = (id: string): string => `/v1/charge-points/${id}/commands`;
const reset = { command: 'Reset', parameters: { resetType: 'Immediate' } };

/** A charger that answers as told and keeps what it was asked. */
const obedient = (answers: Readonly<Record<string, Record<string, unknown>>>) => {
  const asked: unknown[] = [];
  const handlers: Handlers = Object.fromEntries(
    Object.entries(answers).map(([action, answer]) => [
      action,
      async ({ params }: { params?: unknown }) => {
        asked.push([action, params]);
        return answer;
      },
    ]),
  );
  return { asked, handlers };
};

const concluded = async (id: string, commandId: unknown) =>
  eventually(async () => {
    const { body } = await stage.api(`${path(id)}/${String(commandId)}`);
    expect(body['concludedAt']).not.toBeNull();
    return body;
  });

const eventsOf = (commandId: unknown, count: number) =>
  eventually(async () => {
    const found = await stage.inKafka(
      'charging.commands.v1',
      (event) => 'commandId' in event && event.commandId === commandId,
    );
    expect(found).toHaveLength(count);
    return found.map(({ event }) => event);
  });

const order = async (id: string, body: object) => {
  const answer = await stage.api(path(id), body);
  if (answer.status !== 202) throw new Error(JSON.stringify(answer));
  return answer.body;
};

describe('a charger that is there', () => {
  it('is told once, in the words of OCPP 1.6, and its answer is an event', async () => {
    const { asked, handlers } = obedient({
      Reset: { status: 'Accepted' },
      UnlockConnector: { status: 'UnlockFailed' },
      TriggerMessage: { status: 'Accepted' },
      ExtendedTriggerMessage: { status: 'NotImplemented' },
    });
    await stage.newCharger('CP-TOLD', { handlers });
    const { id } = await order('CP-TOLD', reset);
    expect(await concluded('CP-TOLD', id)).toMatchObject({
      status: 'accepted',
      parameters: { resetType: 'Immediate' },
      requestedBy: 'op',
      outcome: { status: 'Accepted' },
    });
    const identity = { cpoId: 'default', commandId: id, chargePointId: 'CP-TOLD' };
    expect(await eventsOf(id, 2)).toEqual([
      { type: 'ResetRequested', ...identity, requestedBy: 'op', resetType: 'Immediate' },
      { type: 'CommandAccepted', ...identity, command: 'Reset', status: 'Accepted', details: [] },
    ]);
    const unlock = await order('CP-TOLD', {
      command: 'ConnectorUnlock',
      parameters: { connectorId: 1 },
    });
    expect(await concluded('CP-TOLD', unlock['id'])).toMatchObject({
      status: 'rejected',
      outcome: { reason: 'rejected-by-charger', status: 'UnlockFailed' },
    });
    const trigger = (message: string) =>
      order('CP-TOLD', { command: 'MessageTrigger', parameters: { message, connectorId: 1 } });
    await concluded('CP-TOLD', (await trigger('StatusNotification'))['id']);
    await concluded('CP-TOLD', (await trigger('SignChargingStationCertificate'))['id']);
    expect(asked).toEqual([
      ['Reset', { type: 'Soft' }],
      ['UnlockConnector', { connectorId: 1 }],
      ['TriggerMessage', { requestedMessage: 'StatusNotification', connectorId: 1 }],
      [
        'ExtendedTriggerMessage',
        { requestedMessage: 'SignChargePointCertificate', connectorId: 1 },
      ],
    ]);
    const { body } = await stage.api(`${path('CP-TOLD')}?limit=2`);
    expect(body).toMatchObject({
      items: [{ status: 'rejected' }, { status: 'accepted', command: 'MessageTrigger' }],
    });
  });

  it('is told in the words of OCPP 2.0.1', async () => {
    const { asked, handlers } = obedient({
      Reset: { status: 'Scheduled' },
      UnlockConnector: { status: 'Unlocked' },
      TriggerMessage: { status: 'Rejected', statusInfo: { reasonCode: 'NotNow' } },
    });
    await stage.newCharger('CP-TOLD-201', { handlers, protocol: 'ocpp2.0.1' });
    const commands = [
      { command: 'Reset', parameters: { resetType: 'OnIdle', connectorId: 1 } },
      { command: 'ConnectorUnlock', parameters: { connectorId: 1 } },
      {
        command: 'MessageTrigger',
        parameters: { message: 'StatusNotification', connectorId: 1 },
      },
    ];
    const ends: unknown[] = [];
    for (const body of commands) {
      const { id } = await order('CP-TOLD-201', body);
      const { status, outcome } = await concluded('CP-TOLD-201', id);
      ends.push([status, outcome.status, outcome.details]);
    }
    expect(ends).toEqual([
      ['accepted', 'Scheduled', []],
      ['accepted', 'Unlocked', []],
      ['rejected', 'Rejected', [{ name: 'reasonCode', value: 'NotNow' }]],
    ]);
    expect(asked).toEqual([
      ['Reset', { type: 'OnIdle', evseId: 1 }],
      ['UnlockConnector', { evseId: 1, connectorId: 1 }],
      [
        'TriggerMessage',
        { requestedMessage: 'StatusNotification', evse: { connectorId: 1, id: 1 } },
      ],
    ]);
  });

  it('does not know the command, and that is its answer', async () => {
    await stage.newCharger('CP-SIMPLE');
    const { id } = await order('CP-SIMPLE', reset);
    expect(await concluded('CP-SIMPLE', id)).toMatchObject({
      status: 'rejected',
      outcome: { reason: 'error-of-charger', status: 'NotImplemented' },
    });
  });

  it('gets a command that is asked for twice once', async () => {
    const { asked, handlers } = obedient({ Reset: { status: 'Accepted' } });
    await stage.newCharger('CP-TWICE', { handlers });
    const commandId = randomUUID();
    await order('CP-TWICE', { ...reset, commandId });
    await concluded('CP-TWICE', commandId);
    expect(await order('CP-TWICE', { ...reset, commandId })).toMatchObject({ status: 'accepted' });
    expect(asked).toHaveLength(1);
    const other = { command: 'Reset', parameters: { resetType: 'Hard' }, commandId };
    expect(await stage.api(path('CP-TWICE'), other)).toMatchObject({
      status: 409,
      body: { type: 'urn:tallywatt:problem:command-differs' },
    });
  });

  it('goes away before it answers: nobody knows, and it is not told again', async () => {
    let times = 0;
    const handlers: Handlers = {
      Reset: () => {
        times += 1;
        return new Promise(() => undefined);
      },
    };
    const { client } = await stage.newCharger('CP-SILENT', { handlers });
    const { id } = await order('CP-SILENT', reset);
    await eventually(() => Promise.resolve(expect(times).toBe(1)));
    await client.close({ force: true });
    expect(await concluded('CP-SILENT', id)).toMatchObject({
      status: 'failed',
      outcome: { reason: 'outcome-unknown' },
    });
    const { asked, handlers: again } = obedient({ Reset: { status: 'Accepted' } });
    await stage.dial('CP-SILENT', { handlers: again });
    // A command of its own shows that the first one would have come by now.
    await concluded('CP-SILENT', (await order('CP-SILENT', reset))['id']);
    expect(asked).toHaveLength(1);
  });

  it('answers what the standard does not know: nobody knows what it did', async () => {
    const { handlers } = obedient({ Reset: { status: 'Maybe' } });
    await stage.newCharger('CP-ODD', { handlers, isStrict: false });
    const { id } = await order('CP-ODD', reset);
    expect(await concluded('CP-ODD', id)).toMatchObject({
      outcome: { reason: 'outcome-unknown', detail: expect.stringContaining('schema') },
    });
  });
});

describe('a charger that is connected to another process', () => {
  it('is told by that process', async () => {
    const other = await stage.startOther();
    try {
      const { asked, handlers } = obedient({ Reset: { status: 'Accepted' } });
      await stage.newCharger('CP-THERE', { handlers, ocppPort: other.ocppPort });
      await eventually(async () =>
        expect((await stage.api('/v1/charge-points/CP-THERE')).body['isConnected']).toBe(true),
      );
      const { id } = await order('CP-THERE', reset);
      expect(await concluded('CP-THERE', id)).toMatchObject({ status: 'accepted' });
      expect(asked).toHaveLength(1);
      expect(await eventsOf(id, 2)).toHaveLength(2);
    } finally {
      await other.stop();
    }
  });
});

describe('a start from afar', () => {
  const remoteStart = (token: string) => ({
    command: 'RemoteStart',
    parameters: { token, connectorId: 1 },
  });
  const commandOf = async (id: string) => {
    const [session] = await stage.sessionsOf(id);
    const found = await stage.inKafka(
      'charging.sessions.v1',
      (event) => event.type === 'SessionStarted' && event.sessionId === session?.id,
    );
    return found.map(({ event }) => 'remoteStartCommandId' in event && event.remoteStartCommandId);
  };

  it('names no token, and the session of OCPP 1.6 that follows names it', async () => {
    const { asked, handlers } = obedient({ RemoteStartTransaction: { status: 'Accepted' } });
    const { call } = await stage.newCharger('CP-APP', { handlers });
    const { id } = await order('CP-APP', remoteStart('App-Token-1'));
    await concluded('CP-APP', id);
    expect(asked).toEqual([['RemoteStartTransaction', { idTag: 'App-Token-1', connectorId: 1 }]]);
    const [requested] = await eventsOf(id, 2);
    expect(requested).toMatchObject({ type: 'RemoteStartRequested', tokenRef: 'ref-of-11' });
    const { rows } = await stage.pool.query('SELECT c.*::text AS row FROM charger_commands c');
    expect(JSON.stringify([requested, rows])).not.toMatch(/app-token/i);
    const timestamp = new Date().toISOString();
    await call('StartTransaction', start('APP-TOKEN-1', { timestamp }));
    await eventually(async () => expect(await commandOf('CP-APP')).toEqual([id]));
    const again = new Date(Date.now() + 1_000).toISOString();
    await call('StartTransaction', start('APP-TOKEN-1', { timestamp: again }));
    await eventually(async () => expect(await commandOf('CP-APP')).toEqual([false]));
  });

  it('is named by the transaction of OCPP 2.0.1 that follows', async () => {
    const { asked, handlers } = obedient({
      RequestStartTransaction: { status: 'Accepted' },
    });
    const { call } = await stage.newCharger('CP-APP-201', { handlers, protocol: 'ocpp2.0.1' });
    const { id } = await order('CP-APP-201', remoteStart('App-Token-2'));
    await concluded('CP-APP-201', id);
    const [[, params]] = asked as [[string, { remoteStartId: number }]];
    await call('TransactionEvent', {
      eventType: 'Started',
      timestamp: new Date().toISOString(),
      triggerReason: 'RemoteStart',
      seqNo: 0,
      transactionInfo: { transactionId: 'TX-APP', remoteStartId: params.remoteStartId },
      idToken: { idToken: 'App-Token-2', type: 'Central' },
      evse: { id: 1, connectorId: 1 },
      meterValue: [
        {
          timestamp: new Date().toISOString(),
          sampledValue: [{ value: 1_000, context: 'Transaction.Begin' }],
        },
      ],
    });
    await eventually(async () => expect(await commandOf('CP-APP-201')).toEqual([id]));
  });

  it('is refused for a token that may not charge, and while nobody can say', async () => {
    await stage.newCharger('CP-NO-APP');
    expect(await stage.api(path('CP-NO-APP'), remoteStart('BLOCKED'))).toMatchObject({
      status: 409,
      body: { type: 'urn:tallywatt:problem:token-not-accepted' },
    });
    stage.authorization.mode.isDown = true;
    try {
      expect((await stage.api(path('CP-NO-APP'), remoteStart('GOOD'))).status).toBe(503);
    } finally {
      stage.authorization.mode.isDown = false;
    }
    expect((await stage.api(path('CP-NO-APP'))).body['items']).toEqual([]);
  });
});

describe('a reservation', () => {
  it('is cancelled by the number that the charger knows', async () => {
    const { asked, handlers } = obedient({
      ReserveNow: { status: 'Accepted' },
      CancelReservation: { status: 'Accepted' },
    });
    await stage.newCharger('CP-RESERVED', { handlers });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await order('CP-RESERVED', {
      command: 'Reservation',
      parameters: { token: 'GOOD', connectorId: 1, expiresAt },
    });
    await concluded('CP-RESERVED', id);
    const cancel = (reservationId: unknown) => ({
      command: 'ReservationCancellation',
      parameters: { reservationId },
    });
    expect((await stage.api(path('CP-RESERVED'), cancel(randomUUID()))).status).toBe(422);
    const cancelled = await order('CP-RESERVED', cancel(id));
    await concluded('CP-RESERVED', cancelled['id']);
    const [made, ended] = asked as [string, { reservationId: number }][];
    expect(ended?.[1]).toEqual({ reservationId: made?.[1].reservationId });
  });
});

describe('a charger that is away', () => {
  it('is told nothing, and the caller hears of it at once', async () => {
    const { client } = await stage.newCharger('CP-AWAY');
    await client.close({ force: true });
    await eventually(async () =>
      expect(await stage.api(path('CP-AWAY'), reset)).toMatchObject({
        status: 409,
        body: { type: 'urn:tallywatt:problem:charger-away' },
      }),
    );
  });

  it('is told when it comes, where the caller waits for that', async () => {
    const { client } = await stage.newCharger('CP-LATE');
    await client.close({ force: true });
    const { id } = await order('CP-LATE', { ...reset, waitForCharger: true });
    const { rows } = await stage.pool.query('SELECT sealed FROM charger_commands');
    expect(rows.some(({ sealed }) => String(sealed).includes('Immediate'))).toBe(false);
    const { asked, handlers } = obedient({ Reset: { status: 'Accepted' } });
    await stage.dial('CP-LATE', { handlers });
    expect(await concluded('CP-LATE', id)).toMatchObject({ status: 'accepted' });
    expect(asked).toHaveLength(1);
  });
});

describe('a request', () => {
  it('is refused with every fault by its path', async () => {
    await stage.newCharger('CP-FAULT');
    const ask = async (body: object) => (await stage.api(path('CP-FAULT'), body)).body['faults'];
    expect(await ask({ command: 'Reset', parameters: { resetType: 'Sideways', x: 1 } })).toEqual([
      { path: '$.parameters.resetType', message: expect.any(String) },
      { path: '$.parameters', message: expect.any(String) },
    ]);
    expect(await ask({ command: 'Dance', parameters: {} })).toEqual([
      { path: '$.command', message: expect.any(String) },
    ]);
    expect(await ask({ command: 'ConnectorUnlock', parameters: { connectorId: 7 } })).toEqual([
      { path: '$.parameters.connectorId', message: expect.any(String) },
    ]);
    expect(await ask({ command: 'Reset', parameters: { resetType: 'OnIdle' } })).toEqual([
      { path: '$.parameters', message: 'OCPP 1.6 cannot wait for a charger to be idle' },
    ]);
    expect((await stage.api(path('CP-NOBODY'), reset)).status).toBe(404);
    expect((await stage.api(`${path('CP-FAULT')}/${randomUUID()}`)).status).toBe(404);
  });
});
