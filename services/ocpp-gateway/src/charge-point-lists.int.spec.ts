import { eventually } from '@tallywatt/testing';
import { GatewayStage, password, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...registration(`${prefix}-${n}`),
    password: `${prefix}-${n}-secret-of-its-own`,
  }));

const countOf = async (prefix: string): Promise<number> => {
  const { rows } = await stage.pool.query<{ count: string }>(
    'SELECT count(*) FROM charge_points WHERE starts_with(charge_point_id, $1)',
    [`${prefix}-`],
  );
  return Number(rows[0]?.count);
};

describe('a list of charge points', () => {
  it('of five thousand is taken within seconds, and each has its event', async () => {
    const began = Date.now();
    const { status, body } = await stage.api('/v1/charge-points', numbered('CP-MASS', 5_000));
    expect({ status, ...body, items: undefined }).toMatchObject({ status: 201, created: 5_000 });
    // Some seconds; one slow hash each would be minutes.
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(await countOf('CP-MASS')).toBe(5_000);
    await eventually(async () => {
      const events = await stage.inKafka(
        'charging.registry.v1',
        (event) => 'chargePointId' in event && event.chargePointId.startsWith('CP-MASS-'),
      );
      expect(new Set(events.map(({ metadata }) => metadata.subject)).size).toBe(5_000);
    });
  });

  it('says the same twice and changes nothing, and says what changed', async () => {
    const list = numbered('CP-SAME', 3);
    await stage.api('/v1/charge-points', list);
    const changed = list.map((one, n) => (n === 1 ? { ...one, tariffId: 'T-2' } : one));
    const { status, body } = await stage.api('/v1/charge-points', [
      ...changed,
      ...numbered('CP-SAME', 4).slice(3),
    ]);
    expect(status).toBe(201);
    expect(body['items'].map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'unchanged',
      'changed',
      'unchanged',
      'created',
    ]);
    expect((await stage.api('/v1/charge-points/CP-SAME-1')).body).toMatchObject({
      tariffId: 'T-2',
      connectors: [{ id: 1, powerKwMax: '11' }],
    });
  });

  it('has all its faults named by index, and none of it is taken', async () => {
    const list = numbered('CP-FAULT', 4);
    const { status, body } = await stage.api('/v1/charge-points', [
      list[0],
      { ...list[1], currency: 'EURO' },
      { ...list[2], password: 'short' },
      list[0],
    ]);
    expect(status).toBe(422);
    const paths = (body['faults'] as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['$[1].currency', '$[2].password']));
    const twice = await stage.api('/v1/charge-points', [list[0], list[3], list[0]]);
    expect(twice.body['faults']).toEqual([
      { path: '$[2].id', message: 'CP-FAULT-0 is in the list twice' },
    ]);
    expect(await countOf('CP-FAULT')).toBe(0);
  });

  it('lets its chargers in at once, and after their passwords were hashed slowly', async () => {
    await stage.pool.query("DELETE FROM connectors WHERE starts_with(charge_point_id, 'CP-MASS-')");
    await stage.pool.query(
      "DELETE FROM charge_points WHERE starts_with(charge_point_id, 'CP-MASS-')",
    );
    await stage.api('/v1/charge-points', [registration('CP-LISTED')]);
    await stage.dial('CP-LISTED');
    const hashOf = async (): Promise<string> => {
      const { rows } = await stage.pool.query<{ password_hash: string }>(
        "SELECT password_hash FROM charge_points WHERE charge_point_id = 'CP-LISTED'",
      );
      return rows[0]?.password_hash ?? '';
    };
    await eventually(async () => expect(await hashOf()).toMatch(/^scrypt\$/));
    await stage.dial('CP-LISTED');
    expect(await hashOf()).not.toContain(password);
    await stage.pool.query(
      `UPDATE charge_points SET password_hash = password_hash || 'x'
       WHERE charge_point_id = 'CP-LISTED'`,
    );
    await expect(stage.dial('CP-LISTED')).rejects.toMatchObject({ code: 401 });
  });
});
