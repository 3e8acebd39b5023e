import { randomUUID } from 'node:crypto';
import { eventually } from '@tallywatt/testing';
import { GatewayStage, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const minutesAgo = (minutes: number): string =>
  new Date(Date.now() - minutes * 60_000).toISOString();

const connected = (id: string, from: number, to: number | undefined): Promise<unknown> =>
  stage.pool.query(
    `INSERT INTO connections
       (cpo_id, connection_id, charge_point_id, connected_at, disconnected_at, cause)
     VALUES ('default', gen_random_uuid(), $1, $2, $3, 'closed')`,
    [id, minutesAgo(from), to === undefined ? null : minutesAgo(to)],
  );

describe('uptime', () => {
  it('is what connectors said while they were connected, and what they did not', async () => {
    const id = 'CP-UPTIME';
    await stage.api('/v1/charge-points', {
      ...registration(id),
      connectors: [
        { id: 1, powerKwMax: 11 },
        { id: 2, powerKwMax: 11 },
      ],
    });
    // From three hours ago, with one pause that is short and one that is not.
    await connected(id, 180, 100);
    await connected(id, 98, 60);
    const { call } = await stage.dial(id);
    const say = (connectorId: number, status: string, minute: number, errorCode = 'NoError') =>
      call('StatusNotification', {
        connectorId,
        status,
        errorCode,
        timestamp: minutesAgo(minute),
      });
    await say(1, 'Available', 170);
    await say(1, 'Faulted', 120, 'GroundFailure');
    await say(1, 'Available', 110);
    await say(2, 'Unavailable', 170);
    await stage.pool.query(
      `UPDATE connections SET connected_at = $2
       WHERE charge_point_id = $1 AND disconnected_at IS NULL`,
      [id, minutesAgo(40)],
    );
    const period = `from=${minutesAgo(160)}&to=${minutesAgo(10)}`;
    const { status, body } = await stage.api(`/v1/charge-points/${id}/uptime?${period}`);
    expect(status).toBe(200);
    const [one, two] = body['connectors'];
    // Of 150 minutes 10 of fault and 20 of absence; the clock went on a little while this ran.
    expect(Number(one.uptimePercent)).toBeGreaterThan(79);
    expect(Number(one.uptimePercent)).toBeLessThan(81);
    expect(Math.abs(one.seconds.faulted - 600)).toBeLessThan(60);
    expect(Math.abs(one.seconds['no-connection'] - 1_200)).toBeLessThan(60);
    expect(one.faults).toEqual([{ errorCode: 'GroundFailure', count: 1 }]);
    expect(two).toMatchObject({ connectorId: 2, uptimePercent: '0.000', faults: [] });
    const sum = Object.values<number>(one.seconds).reduce((all, seconds) => all + seconds, 0);
    expect(Math.abs(sum - 150 * 60)).toBeLessThan(10);
    const path = `/v1/charge-points/${id}/outage-exclusions`;
    const reason = { reason: 'vandalism', detail: 'police report 4711' };
    const times = { from: minutesAgo(130), to: minutesAgo(100) };
    const exclusionId = randomUUID();
    const said = { ...times, ...reason, connectorId: 1, exclusionId };
    for (const status of [201, 201]) expect((await stage.api(path, said)).status).toBe(status);
    expect((await stage.api(path, { ...said, connectorId: 2 })).status).toBe(409);
    const uptime = async () => (await stage.api(`/v1/charge-points/${id}/uptime?${period}`)).body;
    const forgiven = await uptime();
    expect(forgiven['exclusions']).toMatchObject([{ exclusionId, ...reason, excludedBy: 'op' }]);
    const [first, second] = forgiven['connectors'];
    expect(Math.abs(first.seconds.excluded - 600)).toBeLessThan(60);
    expect(first.seconds.faulted).toBe(0);
    expect(second.uptimePercent).toBe('0.000');
    const withdrawal = `${path}/${exclusionId}/withdrawal`;
    expect((await stage.api(withdrawal, { detail: 'not ours' })).status).toBe(200);
    expect((await stage.api(withdrawal, { detail: 'not ours' })).status).toBe(404);
    expect((await uptime())['connectors'][0].seconds.excluded).toBe(0);
    expect((await stage.api(path, said)).status).toBe(409);
    const words = await stage.inKafka(
      'charging.stations.v1',
      (event) => 'exclusionId' in event && event.exclusionId === exclusionId,
    );
    expect(words.map(({ event }) => event.type)).toEqual([
      'OutageExcluded',
      'OutageExclusionWithdrawn',
    ]);
    expect((await stage.api(path, { ...times, ...reason, connectorId: 9 })).status).toBe(404);

    const strict = await stage.api(`/v1/charge-points/${id}/uptime?${period}&graceSeconds=0`);
    const { seconds } = strict.body['connectors'][0];
    expect(Math.abs(seconds['no-connection'] - 1_320)).toBeLessThan(60);

    const all = await stage.api(`/v1/uptime?${period}&limit=100`);
    expect(all.body['items']).toContainEqual(expect.objectContaining({ chargePointId: id }));
  });

  it('comes with the firmware of a charge point, and when it was last heard', async () => {
    const id = 'CP-FIRMWARE';
    const { call } = await stage.newCharger(id);
    const boot = { chargePointVendor: 'V', chargePointModel: 'M' };
    await call('BootNotification', { ...boot, firmwareVersion: '1.0.3' });
    await call('BootNotification', { ...boot, firmwareVersion: '1.1.0' });
    const heard = Date.now();
    const period = `from=${minutesAgo(60)}&to=${minutesAgo(30)}`;
    await eventually(async () => {
      const { body } = await stage.api(`/v1/charge-points/${id}/uptime?${period}`);
      expect(body).toMatchObject({ firmwareVersion: '1.1.0', vendor: 'V', model: 'M' });
      expect(Math.abs(Date.parse(body['lastHeardAt']) - heard)).toBeLessThan(10_000);
      expect(body['secondsSinceHeard']).toBeGreaterThanOrEqual(0);
    });
  });

  it('is not made up where nothing is known', async () => {
    await stage.api('/v1/charge-points', registration('CP-SILENT'));
    const period = `from=${minutesAgo(60)}&to=${minutesAgo(30)}`;
    const { body } = await stage.api(`/v1/charge-points/CP-SILENT/uptime?${period}`);
    expect(body).toMatchObject({
      lastHeardAt: null,
      secondsSinceHeard: null,
      firmwareVersion: null,
    });
    expect(body['connectors']).toMatchObject([
      { uptimePercent: null, seconds: { up: 0, unknown: 1_800 } },
    ]);
    expect((await stage.api(`/v1/charge-points/NOBODY/uptime?${period}`)).status).toBe(404);
    const backwards = `from=${minutesAgo(30)}&to=${minutesAgo(60)}`;
    expect((await stage.api(`/v1/uptime?${backwards}`)).status).toBe(422);
  });

  it('takes a status of a clock that cannot be believed as of when it was heard', async () => {
    const { call } = await stage.newCharger('CP-1970');
    const errorCode = 'NoError';
    const timestamp = '1970-01-01T00:00:05Z';
    await call('StatusNotification', { connectorId: 1, status: 'Available', errorCode, timestamp });
    await eventually(async () => {
      const { rows } = await stage.pool.query<{ changed_at: string }>(
        `SELECT changed_at FROM connector_status_history WHERE charge_point_id = 'CP-1970'`,
      );
      expect(rows[0]?.changed_at.slice(0, 2)).toBe('20');
    });
  });
});
