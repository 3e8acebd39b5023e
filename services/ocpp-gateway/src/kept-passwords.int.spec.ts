import { eventually } from '@tallywatt/testing';
import { RPCClient } from 'ocpp-rpc';
import { GatewayStage, password, registration } from './testing/gateway-stage';

let stage: GatewayStage;
const clients: RPCClient[] = [];

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ force: true })));
});
afterAll(() => stage?.stop());

type Told = { passwords: string[] };

const dial = async (id: string, secret: string, told: Told = { passwords: [] }, answers = true) => {
  const client = new RPCClient({
    endpoint: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
    identity: id,
    protocols: ['ocpp1.6'],
    password: secret,
    strictMode: true,
    reconnect: false,
  } as never);
  clients.push(client);
  client.handle('ChangeConfiguration', ({ params }: { params?: unknown }) => {
    told.passwords.push((params as { value: string }).value);
    return answers ? Promise.resolve({ status: 'Accepted' }) : new Promise(() => undefined);
  });
  await client.connect();
  return client;
};
const rotate = (id: string, body: object = {}) =>
  stage.api(`/v1/charge-points/${id}/credentials/rotation`, body);
const statusesOf = async (id: string): Promise<string[]> => {
  const { body } = await stage.api(`/v1/charge-points/${id}/credentials/rotation`);
  return (body['items'] as { status: string }[]).map(({ status }) => status);
};

describe('a new password that the charger has taken', () => {
  it('is not voided by a list with the same old password', async () => {
    await stage.api('/v1/charge-points', [registration('CP-LIST')]);
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ password_hash: string }>(
        `SELECT password_hash FROM charge_points WHERE charge_point_id = 'CP-LIST'`,
      );
      expect(rows[0]?.password_hash).toMatch(/^scrypt/);
    });
    await rotate('CP-LIST');
    const told: Told = { passwords: [] };
    // Within a process that has not seen this password since it was hashed slowly, as after a restart.
    const client = await dial('CP-LIST', password, told);
    await eventually(async () => expect(await statusesOf('CP-LIST')).toEqual(['accepted']));
    await client.close({ force: true });
    await stage.stopGateway();
    await stage.startGateway();
    await stage.api('/v1/charge-points', [registration('CP-LIST')]);
    await dial('CP-LIST', told.passwords[0] ?? '');
  });

  it('survives a change of the tariff', async () => {
    await stage.api('/v1/charge-points', registration('CP-TARIFF'));
    const told: Told = { passwords: [] };
    await dial('CP-TARIFF', password, told);
    await rotate('CP-TARIFF');
    await eventually(async () => expect(await statusesOf('CP-TARIFF')).toEqual(['accepted']));
    const [next = ''] = told.passwords;
    await dial('CP-TARIFF', next);
    await eventually(async () => expect(await statusesOf('CP-TARIFF')).toEqual(['rotated']));
    // Nobody but the charger knows the password, so an operator has none to say.
    const { password: _, ...unsaid } = { ...registration('CP-TARIFF'), tariffId: 'T-2' };
    expect((await stage.api('/v1/charge-points', unsaid)).status).toBe(200);
    await dial('CP-TARIFF', next);
    expect((await stage.api('/v1/charge-points', [unsaid])).status).toBe(200);
    await dial('CP-TARIFF', next);
  });
});

it('rotates a fourth time where the charger has taken the three before and not come again', async () => {
  await stage.api('/v1/charge-points', registration('CP-OFTEN'));
  await dial('CP-OFTEN', password);
  for (let n = 0; n < 3; n += 1) {
    expect((await rotate('CP-OFTEN')).status).toBe(202);
    await eventually(async () => expect((await statusesOf('CP-OFTEN'))[0]).toBe('accepted'));
  }
  expect((await rotate('CP-OFTEN')).status).toBe(202);
});

it('does not wait for a charger that says nothing before it tells the next its password', async () => {
  await stage.api('/v1/charge-points', registration('CP-MUTE'));
  await stage.api('/v1/charge-points', registration('CP-WAITS'));
  await dial('CP-MUTE', password, undefined, false);
  await dial('CP-WAITS', password);
  await rotate('CP-MUTE');
  await eventually(async () => expect(await statusesOf('CP-MUTE')).toEqual(['sent']));
  await rotate('CP-WAITS');
  const since = Date.now();
  await eventually(async () => expect(await statusesOf('CP-WAITS')).toEqual(['accepted']), {
    timeoutMs: 60_000,
  });
  expect(Date.now() - since).toBeLessThan(15_000);
});

it('keeps a mark of a password that a slow check found right', async () => {
  await stage.api('/v1/charge-points', registration('CP-PROVEN'));
  await stage.stopGateway();
  await stage.startGateway({ OCPP_PASSWORD_KEY: 'k'.repeat(32) });
  const marks = async (): Promise<string[]> => {
    const { rows } = await stage.pool.query<{ mark: string }>(
      `SELECT encode(mark, 'hex') AS mark FROM proven_passwords WHERE charge_point_id = 'CP-PROVEN'`,
    );
    return rows.map(({ mark }) => mark);
  };
  await dial('CP-PROVEN', password);
  await eventually(async () => expect(await marks()).toHaveLength(1));
  const kept = await marks();
  await stage.stopGateway();
  await stage.startGateway({ OCPP_PASSWORD_KEY: 'k'.repeat(32) });
  await dial('CP-PROVEN', password);
  const next = `${password}-2`;
  await stage.api('/v1/charge-points', { ...registration('CP-PROVEN'), password: next });
  await expect(dial('CP-PROVEN', password)).rejects.toThrow();
  await dial('CP-PROVEN', next);
  await eventually(async () => expect(await marks()).not.toEqual(kept));
});

it('needs a password where none is stored', async () => {
  const { password: _, ...unsaid } = registration('CP-BARE');
  const one = await stage.api('/v1/charge-points', unsaid);
  expect(one).toMatchObject({ status: 422, body: { faults: [{ path: '$.password' }] } });
  const list = await stage.api('/v1/charge-points', [registration('CP-CLAD'), unsaid]);
  expect(list).toMatchObject({ status: 422, body: { faults: [{ path: '$[1].password' }] } });
});
