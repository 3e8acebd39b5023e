import { eventually } from '@tallywatt/testing';
import { RPCClient } from 'ocpp-rpc';
import { GatewayStage, password, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const clients: RPCClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close({ force: true }))));

type Told = { password?: string };
type SetVariables = {
  setVariableData: [
    { component: { name: string }; variable: { name: string }; attributeValue: string },
  ];
};

/** A charger with a password of its own; it keeps what it is told and answers as it is meant to. */
const dial = async (
  id: string,
  secret: string | Buffer,
  told: Told = {},
  status = 'Accepted',
  protocols = ['ocpp1.6', 'ocpp2.0.1'],
) => {
  const client = new RPCClient({
    endpoint: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
    identity: id,
    protocols,
    password: secret,
    strictMode: true,
    reconnect: false,
  } as never);
  clients.push(client);
  client.handle('ChangeConfiguration', ({ params }: { params?: unknown }) => {
    const { key, value } = params as { key: string; value: string };
    expect(key).toBe('AuthorizationKey');
    if (status === 'Accepted') told.password = value;
    return Promise.resolve({ status });
  });
  client.handle('SetVariables', ({ params }: { params?: unknown }) => {
    const [{ component, variable, attributeValue }] = (params as SetVariables).setVariableData;
    expect([component.name, variable.name]).toEqual(['SecurityCtrlr', 'BasicAuthPassword']);
    if (status === 'Accepted') told.password = attributeValue;
    return Promise.resolve({
      setVariableResult: [{ attributeStatus: status, component, variable }],
    });
  });
  await client.connect();
  return client;
};

const closeCodeOf = (client: RPCClient): Promise<number> =>
  new Promise((resolve) =>
    client.once('disconnect', ({ code }: { code: number }) => resolve(code)),
  );

const statusesOf = async (id: string): Promise<string[]> => {
  const { body } = await stage.api(`/v1/charge-points/${id}/credentials/rotation`);
  return (body['items'] as { status: string }[]).map(({ status }) => status);
};

const rotate = (id: string, body: object = {}) =>
  stage.api(`/v1/charge-points/${id}/credentials/rotation`, body);

const factsOf = async (id: string): Promise<string[]> => {
  const events = await stage.inKafka(
    'charging.stations.v1',
    (event) => 'chargePointId' in event && event.chargePointId === id,
  );
  return events.map(({ event }) => event.type).filter((type) => /^Cred|^Identity/.test(type));
};

const isRefused = async (id: string, secret: string): Promise<void> => {
  await expect(dial(id, secret)).rejects.toMatchObject({ code: 401 });
};

describe('a password', () => {
  it('is rotated over OCPP, and both are valid until the charger has used the new one', async () => {
    await stage.api('/v1/charge-points', registration('CP-ROTATE'));
    const told: Told = {};
    await dial('CP-ROTATE', password, told);
    expect(await rotate('CP-ROTATE')).toMatchObject({ status: 202, body: { status: 'waiting' } });
    await eventually(async () => expect(await statusesOf('CP-ROTATE')).toEqual(['accepted']));
    const { password: next = '' } = told;
    expect(next).toMatch(/^[0-9a-f]{40}$/);
    await dial('CP-ROTATE', password, told);
    expect(await statusesOf('CP-ROTATE')).toEqual(['accepted']);
    // Some chargers use the bytes that the key means.
    await dial('CP-ROTATE', Buffer.from(next, 'hex'));
    await eventually(async () => expect(await statusesOf('CP-ROTATE')).toEqual(['rotated']));
    await isRefused('CP-ROTATE', password);
    await dial('CP-ROTATE', next);
    await eventually(async () =>
      expect((await factsOf('CP-ROTATE')).filter((type) => type.startsWith('Cred'))).toEqual([
        'CredentialsRotationRequested',
        'CredentialsRotated',
      ]),
    );
  });

  it('is rotated over OCPP 2.0.1, and a station that refuses it keeps the old one', async () => {
    await stage.api('/v1/charge-points', registration('CS-ROTATE'));
    const told: Told = {};
    const stays = await dial('CS-ROTATE', password, told, 'Rejected', ['ocpp2.0.1']);
    await rotate('CS-ROTATE');
    await eventually(async () => expect(await statusesOf('CS-ROTATE')).toEqual(['rejected']));
    expect(stays.protocol).toBe('ocpp2.0.1');
    await dial('CS-ROTATE', password, told, 'Accepted', ['ocpp2.0.1']);
    await rotate('CS-ROTATE');
    await eventually(async () =>
      expect(await statusesOf('CS-ROTATE')).toEqual(['accepted', 'rejected']),
    );
    await dial('CS-ROTATE', told.password ?? '', told, 'Accepted', ['ocpp2.0.1']);
    await eventually(async () => expect((await statusesOf('CS-ROTATE'))[0]).toBe('rotated'));
    await isRefused('CS-ROTATE', password);
  });

  it('may mean bytes that happen to be printable', async () => {
    await stage.api('/v1/charge-points', registration('CP-PRINTABLE'));
    await dial('CP-PRINTABLE', password);
    const bytes = Buffer.from('printable-16-txt');
    await rotate('CP-PRINTABLE', { password: bytes.toString('hex') });
    await eventually(async () => expect(await statusesOf('CP-PRINTABLE')).toEqual(['accepted']));
    await dial('CP-PRINTABLE', bytes);
    await eventually(async () => expect(await statusesOf('CP-PRINTABLE')).toEqual(['rotated']));
  });

  it('that an operator replaces ends the connection it has opened, and only that', async () => {
    const causesOf = async (id: string): Promise<unknown[]> => {
      const events = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationDisconnected' && event.chargePointId === id,
      );
      return events.map(({ event }) => 'cause' in event && event.cause);
    };
    await stage.api('/v1/charge-points', registration('CP-REPLACED'));
    const bystander = await stage.newCharger('CP-BYSTANDER');
    const client = await dial('CP-REPLACED', password);
    const closed = closeCodeOf(client);
    // The same password is no other one.
    await stage.api('/v1/charge-points', registration('CP-REPLACED'));
    expect(await client.call('Heartbeat', {})).toHaveProperty('currentTime');
    const other = { ...registration('CP-REPLACED'), password: 'another-password-of-an-operator' };
    await stage.api('/v1/charge-points', other);
    expect(await closed).toBe(1008);
    await eventually(async () =>
      expect(await causesOf('CP-REPLACED')).toEqual(['credentials-replaced']),
    );
    await isRefused('CP-REPLACED', password);
    await dial('CP-REPLACED', other.password);
    expect(await bystander.call('Heartbeat', {})).toHaveProperty('currentTime');
  });

  it('that is the first one ends the connection of whoever came without', async () => {
    const { password: _, ...open } = registration('CP-FIRST');
    await stage.api('/v1/charge-points', { ...open, securityProfile: 0 });
    const closed = closeCodeOf(await dial('CP-FIRST', 'any'));
    await stage.api('/v1/charge-points', registration('CP-FIRST'));
    expect(await closed).toBe(1008);
  });

  it('that the charger has taken and does not come with sends it away, once', async () => {
    await stage.api('/v1/charge-points', registration('CP-LAZY'));
    const closed = closeCodeOf(await dial('CP-LAZY', password));
    await rotate('CP-LAZY');
    await eventually(async () => expect(await statusesOf('CP-LAZY')).toEqual(['accepted']));
    const isDue = `UPDATE credential_rotations SET sent_away_at = now() - interval '1 second'
      WHERE charge_point_id = 'CP-LAZY' AND sent_away_at IS NOT NULL`;
    expect((await stage.pool.query(isDue)).rowCount).toBe(1);
    expect(await closed).toBe(1008);
    const again = await dial('CP-LAZY', password);
    expect((await stage.pool.query(isDue)).rowCount).toBe(0);
    expect(await again.call('Heartbeat', {})).toHaveProperty('currentTime');
  });

  it('is in no event, no row and no answer in clear', async () => {
    const secret = 'c0ffee00c0ffee00c0ffee00c0ffee00';
    await stage.api('/v1/charge-points', registration('CP-SECRET'));
    const answer = await rotate('CP-SECRET', { password: secret });
    expect(answer.status).toBe(202);
    const { rows } = await stage.pool.query<{ row: string }>(
      `SELECT r::text AS row FROM credential_rotations r WHERE charge_point_id = 'CP-SECRET'`,
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify([rows, answer.body])).not.toContain(secret);
    expect(rows[0]?.row).not.toContain(Buffer.from(secret).toString('hex'));
    await dial('CP-SECRET', password);
    await eventually(async () => expect(await statusesOf('CP-SECRET')).toEqual(['accepted']));
    const events = await stage.inKafka('charging.stations.v1', () => true);
    const shown = JSON.stringify(events, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    expect(shown).not.toContain(secret);
  });

  it('stays where the charger refuses the new one', async () => {
    await stage.api('/v1/charge-points', registration('CP-REFUSES'));
    await dial('CP-REFUSES', password, {}, 'Rejected');
    await rotate('CP-REFUSES');
    await eventually(async () => expect(await statusesOf('CP-REFUSES')).toEqual(['rejected']));
    await eventually(async () =>
      expect(await factsOf('CP-REFUSES')).toEqual([
        'CredentialsRotationRequested',
        'CredentialsRotationFailed',
      ]),
    );
    await dial('CP-REFUSES', password);
  });

  it('that was registered meanwhile voids what was on its way', async () => {
    await stage.api('/v1/charge-points', registration('CP-ANEW'));
    const told: Told = {};
    await dial('CP-ANEW', password, told);
    await rotate('CP-ANEW');
    await eventually(async () => expect(await statusesOf('CP-ANEW')).toEqual(['accepted']));
    const other = 'another-password-of-an-operator';
    await stage.api('/v1/charge-points', { ...registration('CP-ANEW'), password: other });
    expect(await statusesOf('CP-ANEW')).toEqual(['superseded']);
    await isRefused('CP-ANEW', told.password ?? '');
    await dial('CP-ANEW', other);
  });

  it('is rotated three times at once, not four, and only where there is one', async () => {
    await stage.api('/v1/charge-points', registration('CP-MANY'));
    for (let n = 0; n < 3; n += 1) expect((await rotate('CP-MANY')).status).toBe(202);
    expect((await rotate('CP-MANY')).status).toBe(409);
    expect((await rotate('CP-NOBODY')).status).toBe(404);
    expect((await rotate('CP-MANY', { password: 'not hexadecimal at all' })).status).toBe(422);
    const { password: _, ...open } = registration('CP-OPEN');
    await stage.api('/v1/charge-points', { ...open, securityProfile: 0 });
    expect((await rotate('CP-OPEN')).status).toBe(409);
  });

  it('is of one CPO: the same identity and password elsewhere open nothing', async () => {
    await stage.api('/v1/charge-points', registration('CP-HERE'));
    await dial('default/CP-HERE', password).catch(() => undefined);
    const client = new RPCClient({
      endpoint: `ws://127.0.0.1:${stage.ocppPort}/ocpp/other`,
      identity: 'CP-HERE',
      protocols: ['ocpp1.6'],
      password,
      reconnect: false,
    } as never);
    clients.push(client);
    await expect(client.connect()).rejects.toMatchObject({ code: 404 });
  });
});

it('a second connection takes over, and that is a fact', async () => {
  await stage.api('/v1/charge-points', registration('CP-TWO'));
  await dial('CP-TWO', password);
  await dial('CP-TWO', password);
  await eventually(async () => expect(await factsOf('CP-TWO')).toEqual(['IdentityContested']));
  expect(await stage.metrics()).toContain('identities_contested_total{contest="single"}');
});

describe('where the older wins', () => {
  it('a second connection is refused, and that is a fact', async () => {
    const strict = await GatewayStage.start(undefined, { OCPP_TAKEOVER: 'older-wins' });
    try {
      const older = await strict.newCharger('CP-HELD');
      for (let n = 0; n < 6; n += 1) {
        await expect(strict.dial('CP-HELD')).rejects.toMatchObject({ code: 409 });
      }
      expect(await older.call('Heartbeat', {})).toHaveProperty('currentTime');
      const elsewhere = await strict.startOther();
      try {
        const { ocppPort, url } = elsewhere;
        await expect(strict.dial('CP-HELD', { ocppPort })).rejects.toMatchObject({ code: 409 });
        const metrics = await (await fetch(`${url}/metrics`)).text();
        expect(metrics).toMatch(/contested_total\{contest="single"\} 1/);
      } finally {
        await elsewhere.stop();
      }
      const contests = await eventually(async () => {
        const found = await strict.inKafka(
          'charging.stations.v1',
          ({ type }) => type === 'IdentityContested',
        );
        expect(found.length).toBeGreaterThanOrEqual(4);
        return found;
      });
      expect(contests[0]?.event).toMatchObject({ outcome: 'older-won' });
      expect(contests[0]?.event).not.toHaveProperty('newerConnectionId');
      expect(await strict.metrics()).toMatch(/contested_total\{contest="repeated"\} 2/);
      await strict.hangUp();
      await eventually(() => strict.dial('CP-HELD'));
    } finally {
      await strict.hangUp();
      await strict.stop();
    }
  });
});
