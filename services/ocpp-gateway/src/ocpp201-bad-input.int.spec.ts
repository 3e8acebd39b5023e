import { eventually } from '@tallywatt/testing';
import { at, GatewayStage } from './testing/gateway-stage';
import { idToken, metered, ocpp201, pluggedIn, unplugged, updated } from './testing/ocpp201-words';

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

const contractCertificate = { iso15118SchemaVersion: 'x', action: 'Install', exiRequest: 'x' };

describe('words that break the standard', () => {
  it.each([
    ['Heartbeat', { unknown: 1 }, 'FormatViolation'],
    ['BootNotification', { reason: 'PowerUp' }, 'OccurrenceConstraintViolation'],
    ['Authorize', { idToken: { idToken: 7, type: 'ISO14443' } }, 'TypeConstraintViolation'],
    ['Authorize', { idToken: { idToken: 'A', type: 'RFID' } }, 'PropertyConstraintViolation'],
    ['Get15118EVCertificate', contractCertificate, 'NotSupported'],
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

  it('an end that cannot be placed in time leaves it to a person, too, where no token came', async () => {
    const { call } = await stage.newCharger('ST-TIMELESS-NOBODY', { ...ocpp201, isStrict: false });
    await call('TransactionEvent', pluggedIn('TX-1'));
    await call('TransactionEvent', updated('TX-1', 1, metered(1_800, 10)));
    expect(await call('TransactionEvent', { ...unplugged('TX-1', 2), timestamp: 'noon' })).toEqual(
      {},
    );
    const [session] = await eventually(async () => {
      const found = await stage.sessionsOf('ST-TIMELESS-NOBODY');
      expect(found).toMatchObject([{ status: 'active', isQuarantined: true }]);
      return found;
    });
    expect(await reasonsOf(session?.id ?? '')).toEqual(['token-not-accepted', 'stop-unreadable']);
    expect(await stage.typesOf(session?.id ?? '')).toContain('MeterValuesRecorded');
  });

  it('and more readings than fit into an event are taken all the same', async () => {
    const { call } = await stage.newCharger('ST-MANY', { ...ocpp201, isStrict: false });
    await call('TransactionEvent', pluggedIn('TX-1', good));
    const sampledValue = Array.from({ length: 6_500 }, (_, n) => ({
      value: 1_500,
      context: n.toString(36),
    }));
    const many = updated('TX-1', 1, { meterValue: [{ timestamp: at(10), sampledValue }] });
    expect(await call('TransactionEvent', many)).toEqual({});
    const [session] = await stage.sessionsOf('ST-MANY');
    const types = await stage.typesOf(session?.id ?? '');
    // One of the start's register, and seven of the others.
    expect(types.filter((type) => type === 'MeterValuesRecorded')).toHaveLength(8);
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
