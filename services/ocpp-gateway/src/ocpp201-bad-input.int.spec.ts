import { at, GatewayStage } from './testing/gateway-stage';
import { idToken, ocpp201, pluggedIn, unplugged } from './testing/ocpp201-words';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const good = { idToken: idToken('GOOD') };
const accepted = { idTokenInfo: { status: 'Accepted' } };

const reasonsOf = async (sessionId: string): Promise<string[]> => {
  const { body } = await stage.api(`/v1/sessions/${sessionId}`);
  return (body['quarantine'] as { reason: string }[]).map(({ reason }) => reason);
};

describe('words that break the standard', () => {
  it.each([
    ['Heartbeat', { unknown: 1 }, 'FormatViolation'],
    ['BootNotification', { reason: 'PowerUp' }, 'OccurrenceConstraintViolation'],
    ['Authorize', { idToken: { idToken: 7, type: 'ISO14443' } }, 'TypeConstraintViolation'],
    ['Authorize', { idToken: { idToken: 'A', type: 'RFID' } }, 'PropertyConstraintViolation'],
    ['SignCertificate', { csr: 'x' }, 'NotSupported'],
    ['StartTransaction', {}, 'NotImplemented'],
  ])('%s %j is answered %s', async (action, params, rpcErrorCode) => {
    const id = `ST-BAD-${rpcErrorCode}`;
    const { call } = await stage.newCharger(id, { ...ocpp201, isStrict: false });
    await expect(call(action, params)).rejects.toMatchObject({ rpcErrorCode });
  });

  it('of a transaction are confirmed and kept, and what can be read of them counts', async () => {
    const { call } = await stage.newCharger('ST-ODD', { ...ocpp201, isStrict: false });
    const odd = { idToken: null, numberOfPhasesUsed: 'three', vendorField: 1 };
    expect(await call('TransactionEvent', pluggedIn('TX-1', good))).toEqual(accepted);
    expect(await call('TransactionEvent', { ...unplugged('TX-1', 1), ...odd })).toEqual({});
    expect(await stage.sessionsOf('ST-ODD')).toMatchObject([
      { status: 'closed', energyWh: '1500' },
    ]);
    expect(await call('TransactionEvent', 'nonsense' as never)).toEqual({});
    expect(await call('MeterValues', { evseId: 'one' })).toEqual({});
    const { rows } = await stage.pool.query(
      `SELECT 1 FROM refused_frames WHERE charge_point_id = 'ST-ODD'`,
    );
    expect(rows).toHaveLength(3);
  });

  it('an end that cannot be placed in time leaves its session for a person', async () => {
    const { call } = await stage.newCharger('ST-TIMELESS', { ...ocpp201, isStrict: false });
    await call('TransactionEvent', pluggedIn('TX-1', good));
    await call('TransactionEvent', { ...unplugged('TX-1', 1), timestamp: 'noon' });
    const [session] = await stage.sessionsOf('ST-TIMELESS');
    expect(await reasonsOf(session?.id ?? '')).toEqual(['stop-unreadable']);
  });

  it('of notifications nobody reads are confirmed', async () => {
    const { call } = await stage.newCharger('ST-NOTIFY', ocpp201);
    const security = { type: 'StartupOfTheDevice', timestamp: at(0) };
    expect(await call('SecurityEventNotification', security)).toEqual({});
    const report = { requestId: 1, generatedAt: at(0), seqNo: 0 };
    expect(await call('NotifyReport', report)).toEqual({});
    expect(await call('DataTransfer', { vendorId: 'V' })).toEqual({ status: 'UnknownVendorId' });
  });
});
