import type { TariffAssignmentEvent } from '@tallywatt/contracts';
import { replayTopics } from '@tallywatt/event-log';
import { eventually } from '@tallywatt/testing';
import { openPricingStage, type PricingStage, tariffJson, tokenOf } from './testing/pricing-stage';

let stage: PricingStage;
// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Reply = Readonly<{ status: number; body: Record<string, any> }>;
const call = (...words: Parameters<PricingStage['call']>): Promise<Reply> => stage.call(...words);
const assign = (id: string, body: object) => call('PUT', `/v1/tariff-assignments/${id}`, body);

beforeAll(async () => {
  stage = await openPricingStage();
  for (const [id, price] of Object.entries({ ac: 0.4, hpc: 0.6, night: 0.3, members: 0.35 })) {
    expect((await call('PUT', `/v1/tariffs/${id}`, tariffJson(price))).status).toBe(201);
  }
});
afterAll(() => stage?.stop());

/** What the log holds of an assignment, by revision. */
const saidOf = async (assignmentId: string): Promise<readonly TariffAssignmentEvent[]> => {
  const found: TariffAssignmentEvent[] = [];
  await replayTopics({
    brokers: stage.brokers,
    topics: ['pricing.tariffs.v1'],
    handle: (records) => {
      for (const { event } of records) {
        if (event.type !== 'TariffAssigned' && event.type !== 'TariffUnassigned') continue;
        if (event.assignmentId === assignmentId) found.push(event);
      }
      return Promise.resolve();
    },
  });
  return found.sort((one, other) => Number(one.revision - other.revision));
};

describe('a tariff that is assigned', () => {
  it('is so once, revised when something else is said, and ended once', async () => {
    const terms = { tariffId: 'hpc', evseGroups: ['hpc'], locationIds: ['L-2', 'L-1'] };
    expect(await assign('fast', terms)).toMatchObject({
      status: 201,
      body: {
        assignmentId: 'fast',
        tariffId: 'hpc',
        status: 'assigned',
        revision: '1',
        locationIds: ['L-1', 'L-2'],
        assignedBy: 'test',
        warnings: [],
      },
    });
    const again = { ...terms, locationIds: ['L-1', 'L-2'] };
    expect(await assign('fast', again)).toMatchObject({ status: 200, body: { revision: '1' } });
    const other = { ...terms, tariffId: 'ac' };
    expect(await assign('fast', other)).toMatchObject({ status: 201, body: { revision: '2' } });

    const path = '/v1/tariff-assignments/fast';
    expect(await call('GET', path)).toMatchObject({ body: { tariffId: 'ac', status: 'assigned' } });
    const ended = { status: 200, body: { status: 'unassigned', revision: '3', tariffId: 'ac' } };
    expect(await call('DELETE', path)).toMatchObject(ended);
    expect(await call('DELETE', path)).toMatchObject(ended);
    expect(await call('GET', path)).toMatchObject(ended);
    const { body } = await call('GET', '/v1/tariff-assignments');
    expect(body['items']).toEqual([]);
    await eventually(async () =>
      expect(await saidOf('fast')).toMatchObject([
        { type: 'TariffAssigned', tariffId: 'hpc', revision: 1n },
        { type: 'TariffAssigned', tariffId: 'ac', revision: 2n },
        { type: 'TariffUnassigned', tariffId: 'ac', revision: 3n, unassignedBy: 'test' },
      ]),
    );
  });

  it('is refused with every fault at its place, and when it was never published', async () => {
    const bad = await assign('bad', { priority: 'high', siteGroups: [''], surprise: true });
    expect(bad.status).toBe(422);
    expect(bad.body['faults'].map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['$', '$.tariffId', '$.priority', '$.siteGroups[0]']),
    );
    expect(await assign('bad', { tariffId: 'nowhere' })).toMatchObject({
      status: 422,
      body: { type: 'urn:tallywatt:problem:tariff-unknown', faults: [{ path: '$.tariffId' }] },
    });
    expect((await assign('preview', { tariffId: 'ac' })).status).toBe(422);
    expect((await assign('a%00b', { tariffId: 'ac' })).status).toBe(422);
    expect((await call('GET', '/v1/tariff-assignments/bad')).status).toBe(404);
    expect((await call('DELETE', '/v1/tariff-assignments/bad')).status).toBe(404);
    expect((await call('GET', '/v1/tariff-assignments/a%00b')).status).toBe(404);
  });

  it('warns of a tie by name, and the later one wins', async () => {
    await assign('tie-1', { tariffId: 'ac', siteGroups: ['ties'] });
    const { body } = await assign('tie-2', { tariffId: 'hpc', siteGroups: ['other', 'ties'] });
    expect(body['warnings']).toMatchObject([
      { path: '$.priority', message: expect.stringContaining('assignment tie-1 of tariff ac') },
    ]);
    const preview = await call(
      'GET',
      '/v1/tariff-assignments/preview?chargePointId=CP&tariffId=night&currency=EUR&siteGroups=ties',
    );
    expect(preview.body['chosen']).toMatchObject({ assignmentId: 'tie-2', tariffId: 'hpc' });
  });

  it('warns of a tariff whose dates are over', async () => {
    const past = { ...tariffJson(0.5), end_date_time: '2026-01-01T00:00:00Z' };
    await call('PUT', '/v1/tariffs/past', past);
    expect(await assign('past', { tariffId: 'past', siteGroups: ['past'] })).toMatchObject({
      status: 201,
      body: { warnings: [{ path: '$.tariffId' }] },
    });
  });

  it('is a matter of its own CPO and of operators', async () => {
    await assign('private', { tariffId: 'ac', chargePointIds: ['CP-private'] });
    const path = '/v1/tariff-assignments/private';
    const stranger = tokenOf('another', 'operator');
    expect((await call('GET', path, undefined, stranger)).status).toBe(404);
    expect((await call('DELETE', path, undefined, stranger)).status).toBe(404);
    // The tariff is not theirs either.
    expect((await call('PUT', path, { tariffId: 'ac' }, stranger)).status).toBe(422);
    const finance = tokenOf('default', 'finance');
    expect((await call('PUT', path, { tariffId: 'ac' }, finance)).status).toBe(403);
    expect((await call('GET', path, undefined, finance)).status).toBe(200);
  });
});

describe('the preview of a start', () => {
  const preview = async (query: Readonly<Record<string, string | readonly string[]>>) => {
    const pairs = Object.entries({
      chargePointId: 'CP-1',
      tariffId: 'ac',
      currency: 'EUR',
      locationId: 'previewed',
      timeZone: 'Europe/Berlin',
      ...query,
    }).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]));
    const path = `/v1/tariff-assignments/preview?${new URLSearchParams(pairs).toString()}`;
    const { status, body } = await call('GET', path);
    expect(status).toBe(200);
    return body;
  };

  it('names the version that would price it, and why not the others', async () => {
    await assign('at-night', {
      tariffId: 'night',
      locationIds: ['previewed'],
      weeklyWindows: [{ startTime: '22:00', endTime: '06:00' }],
    });
    await assign('of-members', {
      tariffId: 'members',
      locationIds: ['previewed'],
      driverGroups: ['tier:member'],
    });
    const noon = '2026-06-01T10:00:00Z';
    const midnight = '2026-06-01T22:00:00Z';
    const { chosen, candidates } = await preview({ at: noon });
    expect(chosen).toMatchObject({ tariffId: 'ac', version: '1', assignmentId: null });
    expect(
      candidates
        .filter(({ assignmentId }: { assignmentId: string | null }) =>
          [null, 'at-night', 'of-members'].includes(assignmentId),
        )
        .map(({ tariffId, verdict }: { tariffId: string; verdict: string }) => [tariffId, verdict]),
    ).toEqual([
      ['members', 'driver-group-differs'],
      ['night', 'outside-weekly-windows'],
      ['ac', 'prices-the-start'],
    ]);
    expect((await preview({ at: midnight }))['chosen']).toMatchObject({
      tariffId: 'night',
      assignmentId: 'at-night',
      assignmentRevision: '1',
      explanation: 'It prices the start.',
    });
    const member = { at: midnight, driverGroups: ['tier:member', 'token-type:RFID'] };
    expect((await preview(member))['chosen']).toMatchObject({ tariffId: 'members' });
    expect((await preview({ at: midnight, currency: 'CHF' }))['chosen']).toMatchObject({
      assignmentId: null,
    });
    expect((await preview({ at: noon, tariffId: 'nowhere' }))['chosen']).toBeNull();
  });

  // Now may be night, and what is asked here is not the assignment at night.
  const elsewhere = { locationId: 'elsewhere' };

  it('names the newest of what rules made of one version, and what a person said since', async () => {
    await call('PUT', '/v1/tariffs/adjusted', tariffJson(0.5));
    const adjust = (version: number) =>
      stage.poolOf(stage.databaseUrl).query(
        `INSERT INTO tariff_versions (cpo_id, tariff_id, version, content_hash, currency,
           bills_parking_time, ocpi_tariff_json, published_at, adjusted_by)
         VALUES ('default', 'adjusted', $1, 'hash', 'EUR', true, '{}', now(),
           '{"baseVersion":{"$int":"1"}}')`,
        [version],
      );
    for (const version of [2, 3]) await adjust(version);
    expect((await preview({ tariffId: 'adjusted', ...elsewhere }))['chosen']).toMatchObject({
      version: '3',
    });
    await call('PUT', '/v1/tariffs/adjusted', tariffJson(0.6));
    expect((await preview({ tariffId: 'adjusted', ...elsewhere }))['chosen']).toMatchObject({
      version: '4',
    });
  });

  it('reads a text that was accepted with a NUL in it', async () => {
    await call('PUT', '/v1/tariffs/nul', tariffJson(0.5));
    await stage.poolOf(stage.databaseUrl).query(
      `INSERT INTO tariff_versions (cpo_id, tariff_id, version, content_hash, currency,
         bills_parking_time, ocpi_tariff_json, published_at)
       VALUES ('default', 'nul', 2, 'hash', 'EUR', true, $1, now())`,
      [JSON.stringify({ tariff_alt_text: [{ text: 'a\0b' }] })],
    );
    expect((await preview({ tariffId: 'nul', ...elsewhere }))['chosen']).toMatchObject({
      version: '2',
    });
  });

  it('is refused when it does not say enough', async () => {
    const answer = await call('GET', '/v1/tariff-assignments/preview?at=tomorrow');
    expect(answer.status).toBe(422);
    expect(answer.body['faults'].map(({ path }: { path: string }) => path)).toEqual([
      '$.chargePointId',
      '$.tariffId',
      '$.currency',
      '$.at',
    ]);
  });
});

describe('a new database', () => {
  it('has the assignments that the log has, ended ones as ended', async () => {
    const path = '/v1/tariff-assignments?limit=200';
    await assign('lasting', { tariffId: 'ac', siteGroups: ['lasting'], priority: 7 });
    await assign('moved', { tariffId: 'ac', siteGroups: ['moved'] });
    await assign('moved', { tariffId: 'hpc', siteGroups: ['moved'] });
    await assign('ended', { tariffId: 'hpc', siteGroups: ['ended'] });
    await call('DELETE', '/v1/tariff-assignments/ended');
    const [list, ended] = [
      await call('GET', path),
      await call('GET', `/v1/tariff-assignments/ended`),
    ];
    await eventually(async () => {
      expect(await saidOf('moved')).toHaveLength(2);
      expect(await saidOf('ended')).toHaveLength(2);
      expect(await saidOf('lasting')).toHaveLength(1);
    });
    await stage.moveTo(await stage.emptyDatabase());
    await eventually(async () => expect((await call('GET', path)).body).toEqual(list.body));
    expect((await call('GET', '/v1/tariff-assignments/ended')).body).toEqual(ended.body);
    // Counted on from what was said, under whichever tariff.
    const moved = await assign('moved', { tariffId: 'ac', siteGroups: ['moved'] });
    expect(moved).toMatchObject({ status: 201, body: { revision: '3' } });
  });
});
