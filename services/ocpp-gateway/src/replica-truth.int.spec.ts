import { eventually } from '@tallywatt/testing';
import { GatewayStage } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start(undefined, { OCPP_REPLICA_LEASE_SECONDS: '3' });
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const isConnected = async (id: string): Promise<unknown> =>
  (await stage.api(`/v1/charge-points/${id}`)).body['isConnected'];

describe('what the gateway says of who is connected', () => {
  it('holds for a process that lives when a second one is started at its place', async () => {
    const { call } = await stage.newCharger('CP-STAYS');
    await eventually(async () => expect(await isConnected('CP-STAYS')).toBe(true));
    const second = stage.startOther(undefined, { OCPP_PORT: String(stage.ocppPort) });
    await expect(second).rejects.toThrow(/EADDRINUSE/);
    expect(await isConnected('CP-STAYS')).toBe(true);
    expect(await call('Heartbeat', {})).toHaveProperty('currentTime');
  });

  it('becomes true again when a charger went while the database was away', async () => {
    const { client } = await stage.newCharger('CP-WENT');
    await eventually(async () => expect(await isConnected('CP-WENT')).toBe(true));
    await stage.servers.postgres.stop();
    await client.close({ force: true });
    await eventually(async () =>
      expect(await stage.metrics()).toMatch(/^tallywatt_chargers_connected(\{[^}]*\})? 0$/m),
    );
    await stage.servers.postgres.start();
    await eventually(async () => expect(await isConnected('CP-WENT')).toBe(false), {
      timeoutMs: 120_000,
    });
  });
});
