import { eventually } from '@tallywatt/testing';
import { GatewayStage, type Handlers, start } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const happened = '2026-11-20T10:00:00.000Z';

const accepting = (...actions: readonly string[]) => {
  const asked: Record<string, unknown>[] = [];
  const handlers: Handlers = Object.fromEntries(
    actions.map((action) => [
      action,
      async ({ params }: { params?: unknown }) => {
        asked.push(params as Record<string, unknown>);
        return action === 'UpdateFirmware' ? {} : { status: 'Accepted' };
      },
    ]),
  );
  return { asked, handlers };
};

/** Has a charger told, and waits for its answer. */
const told = async (id: string, command: string, parameters: object): Promise<string> => {
  const path = `/v1/charge-points/${id}/commands`;
  const { status, body } = await stage.api(path, { command, parameters });
  if (status !== 202) throw new Error(JSON.stringify(body));
  await eventually(async () =>
    expect((await stage.api(`${path}/${body['id']}`)).body['status']).toBe('accepted'),
  );
  return body['id'] as string;
};

const noticed = (
  id: string,
  types: readonly string[],
  count: number,
  topic: 'charging.stations.v1' | 'charging.commands.v1' = 'charging.stations.v1',
) =>
  eventually(async () => {
    const found = await stage.inKafka(
      topic,
      (event) =>
        'chargePointId' in event && event.chargePointId === id && types.includes(event.type),
    );
    expect(found).toHaveLength(count);
    return found.map(({ event }) => event);
  });

const firmware = { location: 'https://fw.example/a.bin', retrieveAt: happened };

describe('a charger of OCPP 1.6', () => {
  it('says how a firmware update goes on, to its end', async () => {
    const { handlers } = accepting('UpdateFirmware');
    const { call } = await stage.newCharger('CP-FW', { handlers });
    await call('FirmwareStatusNotification', { status: 'Idle' });
    const commandId = await told('CP-FW', 'FirmwareUpdate', firmware);
    for (const status of ['Downloading', 'Downloaded', 'Installing', 'Installed']) {
      await call('FirmwareStatusNotification', { status });
    }
    const said = await noticed('CP-FW', ['FirmwareStatusChanged'], 5);
    expect(said.map((event) => ('status' in event ? event.status : ''))).toEqual([
      'Idle',
      'Downloading',
      'Downloaded',
      'Installing',
      'Installed',
    ]);
    expect(said[0]).not.toHaveProperty('commandId');
    for (const event of said.slice(1)) expect(event).toMatchObject({ commandId });
  });

  it('says what it noticed, and how its logs are uploaded', async () => {
    const { asked, handlers } = accepting('GetLog');
    const { call } = await stage.newCharger('CP-LOG', { handlers });
    const location = 'https://logs.example';
    const commandId = await told('CP-LOG', 'LogUpload', { logType: 'SecurityLog', location });
    const requestId = asked[0]?.['requestId'];
    await call('LogStatusNotification', { status: 'Uploaded', requestId });
    await call('DiagnosticsStatusNotification', { status: 'UploadFailed' });
    await call('SignedFirmwareStatusNotification', { status: 'InvalidSignature', requestId: -1 });
    await call('SecurityEventNotification', {
      type: 'TamperDetectionActivated',
      timestamp: happened,
      techInfo: 'door\u0000',
    });
    const types = [
      'LogStatusChanged',
      'DiagnosticsStatusChanged',
      'FirmwareStatusChanged',
      'SecurityEventReported',
    ];
    const [log, diagnostics, signed, security] = await noticed('CP-LOG', types, 4);
    expect(log).toMatchObject({ status: 'Uploaded', commandId });
    expect(diagnostics).not.toHaveProperty('commandId');
    expect(signed).toMatchObject({ type: 'FirmwareStatusChanged', status: 'InvalidSignature' });
    expect(security).toMatchObject({
      happenedAt: happened,
      eventType: 'TamperDetectionActivated',
      technicalDetail: 'door\\u0000',
    });
  });

  it('uses a reservation once', async () => {
    const { asked, handlers } = accepting('ReserveNow');
    const { call } = await stage.newCharger('CP-USES', { handlers });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const reservationId = await told('CP-USES', 'Reservation', { token: 'GOOD', expiresAt });
    const started = start('GOOD', { reservationId: asked[0]?.['reservationId'] });
    const { transactionId } = await call('StartTransaction', started);
    await call('StartTransaction', started);
    const [ended] = await noticed('CP-USES', ['ReservationEnded'], 1, 'charging.commands.v1');
    expect(ended).toMatchObject({
      reservationId,
      reason: 'used',
      ocppTransactionId: String(transactionId),
    });
  });
});

describe('a station of OCPP 2.0.1', () => {
  it('reports its variables, but for secrets', async () => {
    const { asked, handlers } = accepting('GetBaseReport');
    const how = { handlers, protocol: 'ocpp2.0.1' };
    const { call } = await stage.newCharger('CP-REPORT', how);
    const commandId = await told('CP-REPORT', 'BaseReport', { reportBase: 'FullInventory' });
    const variable = (component: string, name: string, value: string) => ({
      component: { name: component },
      variable: { name },
      variableAttribute: [{ value, mutability: 'ReadWrite' }],
    });
    const part = (seqNo: number, tbc: boolean, ...reportData: object[]) =>
      call('NotifyReport', {
        requestId: asked[0]?.['requestId'],
        generatedAt: happened,
        seqNo,
        tbc,
        reportData,
      });
    await part(0, true, variable('OCPPCommCtrlr', 'HeartbeatInterval', '300'));
    await part(1, false, variable('SecurityCtrlr', 'BasicAuthPassword', 'hush'));
    const [first, last] = await noticed('CP-REPORT', ['VariablesReported'], 2);
    const rest = { attributeType: 'Actual', mutability: 'ReadWrite' };
    expect(first).toMatchObject({
      commandId,
      part: 0,
      isLast: false,
      variables: [{ name: 'OCPPCommCtrlr.HeartbeatInterval', value: '300', ...rest }],
    });
    expect(last).toMatchObject({
      isLast: true,
      variables: [{ name: 'SecurityCtrlr.BasicAuthPassword', ...rest }],
    });
    expect(JSON.stringify(last)).not.toContain('hush');
  });

  it('reports as much as a frame can hold, and all of it is in the log', async () => {
    const { asked, handlers } = accepting('GetBaseReport');
    const { call } = await stage.newCharger('CP-LARGE', { handlers, protocol: 'ocpp2.0.1' });
    await told('CP-LARGE', 'BaseReport', { reportBase: 'FullInventory' });
    // Names are said once for four attributes: what is recorded is far more than what was said.
    const name = (letter: string, n = 0) => `${letter}${n}`.padEnd(50, '€');
    const reportData = Array.from({ length: 360 }, (_, n) => ({
      component: { name: name('C'), instance: name('I') },
      variable: { name: name('V', n), instance: name('W') },
      variableAttribute: [{}, {}, {}, {}],
    }));
    const report = { requestId: asked[0]?.['requestId'], generatedAt: happened, seqNo: 0 };
    const said = JSON.stringify([2, 'a'.repeat(36), 'NotifyReport', { ...report, reportData }]);
    expect(Buffer.byteLength(said)).toBeLessThan(262_144);
    expect(await call('NotifyReport', { ...report, reportData })).toEqual({});
    const pieces = await noticed('CP-LARGE', ['VariablesReported'], 2);
    const last = pieces.length - 1;
    expect(pieces).toMatchObject(
      pieces.map((_, n) => ({ isLast: n === last, ...(n === 0 ? {} : { piece: n }) })),
    );
    expect(pieces[0]).not.toHaveProperty('piece');
    const variables = pieces.map((event) => ('variables' in event ? event.variables.length : 0));
    expect(variables.reduce((sum, count) => sum + count)).toBe(4 * 360);
  });

  it('says that nobody came, of its own reservations only', async () => {
    const { asked, handlers } = accepting('ReserveNow');
    const how = { handlers, protocol: 'ocpp2.0.1' };
    const { call } = await stage.newCharger('CP-EXPIRES', how);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const reservationId = await told('CP-EXPIRES', 'Reservation', { token: 'GOOD', expiresAt });
    const update = (id: unknown) =>
      call('ReservationStatusUpdate', { reservationId: id, reservationUpdateStatus: 'Expired' });
    await update(999_999);
    await update(asked[0]?.['id']);
    await update(asked[0]?.['id']);
    const [ended] = await noticed('CP-EXPIRES', ['ReservationEnded'], 1, 'charging.commands.v1');
    expect(ended).toMatchObject({ reservationId, reason: 'expired' });
  });
});
