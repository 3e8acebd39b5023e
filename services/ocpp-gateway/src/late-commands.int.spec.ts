import { eventually } from '@tallywatt/testing';
import { RPCClient } from 'ocpp-rpc';
import { GatewayStage, password, registration } from './testing/gateway-stage';

let stage: GatewayStage;
const clients: RPCClient[] = [];
beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close({ force: true }))));
afterAll(() => stage?.stop());

const dial = async (id: string, asked: string[]) => {
  const client = new RPCClient({
    endpoint: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
    identity: id,
    protocols: ['ocpp1.6'],
    password,
    strictMode: true,
    reconnect: false,
  } as never);
  clients.push(client);
  client.handle('ReserveNow', () => {
    asked.push('ReserveNow');
    return Promise.resolve({ status: 'Accepted' });
  });
  client.handle('ClearCache', () => {
    asked.push('ClearCache');
    return Promise.resolve({ status: 'Accepted' });
  });
  await client.connect();
  return client;
};

it('sends no reservation that is over', async () => {
  await stage.api('/v1/charge-points', registration('CP-LATE'));
  const expiresAt = new Date(Date.now() + 5_000).toISOString();
  const parameters = { token: 'GOOD', connectorId: 1, expiresAt };
  const path = '/v1/charge-points/CP-LATE/commands';
  const body = { command: 'Reservation', parameters, waitForCharger: true };
  expect((await stage.api(path, body)).status).toBe(202);
  await stage.api(path, { command: 'CacheClearing', parameters: {}, waitForCharger: true });
  await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt)));
  const asked: string[] = [];
  await dial('CP-LATE', asked);
  await eventually(() => expect(asked).toContain('ClearCache'));
  expect(asked).toEqual(['ClearCache']);
});

it('ends a command whose charger did not come in time, and sends it to nobody', async () => {
  await stage.api('/v1/charge-points', registration('CP-NEVER'));
  const path = '/v1/charge-points/CP-NEVER/commands';
  const body = { command: 'CacheClearing', parameters: {}, waitForCharger: true };
  const { id } = (await stage.api(path, body)).body;
  const view = async () => (await stage.api(`${path}/${String(id)}`)).body;
  expect(await view()).toMatchObject({ status: 'waiting', outcome: null });
  // It waits for a day, which need not be waited for.
  await stage.pool.query(
    `UPDATE charger_commands SET expires_at = now() - interval '1 second' WHERE command_id = $1`,
    [id],
  );
  await eventually(async () =>
    expect(await view()).toMatchObject({ status: 'failed', outcome: { reason: 'charger-away' } }),
  );
  const asked: string[] = [];
  await dial('CP-NEVER', asked);
  const next = (await stage.api(path, { ...body, waitForCharger: false })).body;
  await eventually(async () =>
    expect((await stage.api(`${path}/${String(next['id'])}`)).body['status']).toBe('accepted'),
  );
  expect(asked).toEqual(['ClearCache']);
  await eventually(async () => {
    const ends = await stage.inKafka(
      'charging.commands.v1',
      (event) => 'commandId' in event && event.commandId === id && event.type !== 'CommandAccepted',
    );
    expect(ends.map(({ event }) => event.type)).toEqual([
      'CacheClearingRequested',
      'CommandFailed',
    ]);
  });
});
