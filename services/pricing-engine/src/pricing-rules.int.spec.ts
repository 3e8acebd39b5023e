import type { ChargePointRegistered, SessionEvent, TariffEvent } from '@tallywatt/contracts';
import { replayTopics } from '@tallywatt/event-log';
import { eventually } from '@tallywatt/testing';
import {
  contentHashOf,
  idOf,
  openPricingStage,
  sessionOf,
  tariffJson,
  tokenOf,
  type PricingStage,
} from './testing/pricing-stage';

let stage: PricingStage;
const call = (...words: Parameters<PricingStage['call']>) => stage.call(...words);
const patience = { timeoutMs: 120_000, intervalMs: 200 };

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

const chargePoint: ChargePointRegistered = {
  type: 'ChargePointRegistered',
  cpoId: 'default',
  chargePointId: 'CP-1',
  location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin', currency: 'EUR', siteGroups: [] },
  tariffId: 'site',
  connectors: [1, 2, 3, 4].map((connectorId) => ({
    connectorId,
    powerWMax: 22_000n,
    evseGroups: [],
  })),
  securityProfile: 1,
};

const rule = {
  tariffId: 'site',
  baseVersion: 1,
  locationIds: ['LOC-1'],
  steps: [
    {
      utilisationPercent: { from: 75, stayFrom: 50 },
      adjustments: [{ dimension: 'ENERGY', percent: 20 }],
    },
  ],
  bounds: [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.58 }],
  dwellMinutes: 5,
};

const first = { tariffId: 'site', version: 1n, contentHash: contentHashOf('site', 0.5) };
const sessionAt = (connectorId: number): SessionEvent[] =>
  sessionOf(`connector ${connectorId}`, first).map((event) =>
    event.type === 'SessionStarted' ? { ...event, connectorId } : event,
  );
const sessions = [1, 2, 3].map(sessionAt);

const preview = async () =>
  (
    (
      await call(
        'GET',
        '/v1/tariff-assignments/preview?chargePointId=CP-1&tariffId=site&currency=EUR',
      )
    ).body as unknown as { chosen: object }
  ).chosen;
const latest = async () => (await call('GET', '/v1/tariffs/site')).body;
const priceOf = (price: number) => ({
  elements: [
    {
      price_components: [expect.objectContaining({ price }), expect.objectContaining({ price: 6 })],
    },
  ],
});
const untilVersion = (version: string) =>
  eventually(async () => expect(await latest()).toMatchObject({ version }), patience);
const untilState = (state: string) =>
  eventually(
    async () =>
      expect(await stage.metrics()).toContain(`tallywatt_pricing_rules{state="${state}"} 1`),
    patience,
  );

describe('a rule that is set', () => {
  it('is refused with every fault, and to who is no operator', async () => {
    const refused = await call('PUT', '/v1/pricing-rules/peak', { ...rule, dwellMinutes: 1 });
    expect(refused).toMatchObject({ status: 422, body: { faults: [{ path: '$.dwellMinutes' }] } });
    expect((await call('PUT', '/v1/pricing-rules/peak', rule)).body.faults).toMatchObject([
      { path: '$.tariffId' },
    ]);
    await call('PUT', '/v1/tariffs/site', tariffJson(0.5));
    const later = { ...rule, baseVersion: 2 };
    expect((await call('PUT', '/v1/pricing-rules/peak', later)).body.faults).toMatchObject([
      { path: '$.baseVersion' },
    ]);
    const narrow = { ...rule, bounds: [{ ...rule.bounds[0], lowest: 0.51 }] };
    expect((await call('PUT', '/v1/pricing-rules/peak', narrow)).body.faults).toMatchObject([
      { path: '$.bounds[0]' },
    ]);
    const finance = tokenOf('default', 'finance');
    expect((await call('PUT', '/v1/pricing-rules/peak', rule, finance)).status).toBe(403);
    expect((await call('GET', '/v1/pricing-rules/peak')).status).toBe(404);
  });

  it('stands still while nothing is known of its site, and says so', async () => {
    const set = await call('PUT', '/v1/pricing-rules/peak', rule);
    expect(set).toMatchObject({
      status: 201,
      body: { revision: '1', warnings: [{ path: '$.locationIds' }] },
    });
    expect(await call('PUT', '/v1/pricing-rules/peak', rule)).toMatchObject({
      status: 200,
      body: { revision: '1' },
    });
    await untilState('location-without-connectors');
    expect((await call('PUT', '/v1/pricing-rules/other', rule)).status).toBe(409);
    await call('PUT', '/v1/tariffs/another', tariffJson(0.5));
    const moved = { ...rule, tariffId: 'another' };
    expect((await call('PUT', '/v1/pricing-rules/peak', moved)).status).toBe(409);
    expect((await call('GET', '/v1/pricing-rules')).body.items).toMatchObject([
      { ruleId: 'peak', setBy: 'test', rule },
    ]);
    const stranger = tokenOf('another', 'operator');
    expect((await call('GET', '/v1/pricing-rules/peak', undefined, stranger)).status).toBe(404);
    expect((await call('DELETE', '/v1/pricing-rules/peak', undefined, stranger)).status).toBe(404);
  });

  it('publishes a version when its site fills up, while two replicas look', async () => {
    const replica = await stage.startAnother();
    try {
      await stage.record([chargePoint]);
      await untilState('in-force');
      for (const session of sessions) await stage.record(session.slice(0, 2));
      await untilVersion('2');
      expect(await latest()).toMatchObject({
        tariff: priceOf(0.58),
        adjustedBy: {
          ruleId: 'peak',
          baseVersion: '1',
          baseContentHash: first.contentHash,
          stepIndex: 0,
          observation: {
            timeZone: 'Europe/Berlin',
            connectors: 4,
            connectorsInSession: 3,
            sessionsStartedInHour: 0,
          },
          limits: [{ dimension: 'ENERGY', limit: 'highest' }],
        },
      });
    } finally {
      await replica.stop();
    }
  });

  it('leaves a running session the price it began with', async () => {
    const [session = []] = sessions;
    await stage.record(session.slice(2));
    const { cdrId } = await stage.issuedCdrOf(idOf(session));
    // 20 kWh at 0.50 and 26 minutes at 6.00 an hour.
    expect((await call('GET', `/v1/cdrs/${cdrId}`)).body).toMatchObject({
      tariff: { version: '1' },
      totalExclTaxMinor: '1260',
    });
  });

  it('goes on after a restart on another database, from what the log says', async () => {
    await stage.moveTo(await stage.emptyDatabase());
    await untilState('in-force');
    expect((await call('GET', '/v1/pricing-rules/peak')).body).toMatchObject({
      revision: '1',
      standsStill: false,
      inForce: { version: '2', adjustedBy: { ruleId: 'peak' } },
    });
    // Two of four are still in session: the step stays. A narrower bound is met without a dwell.
    const bounds = [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.55 }];
    await call('PUT', '/v1/pricing-rules/peak', { ...rule, bounds });
    await untilVersion('3');
    // A rule that is set anew begins anew: 50 % is not enough for its step to begin.
    expect(await latest()).toMatchObject({ tariff: priceOf(0.5) });
    await stage.record(sessionAgain());
    expect((await call('GET', '/v1/tariffs/site/versions/2')).body).toMatchObject({
      tariff: priceOf(0.58),
    });
  });

  it('stands still from a publication of a person on, until it is set on that', async () => {
    const published = await call('PUT', '/v1/tariffs/site', tariffJson(0.52));
    expect(published).toMatchObject({
      status: 201,
      body: { version: '4', warnings: [{ path: '$' }] },
    });
    await untilState('base-superseded');
    expect(await latest()).toMatchObject({ version: '4', tariff: priceOf(0.52) });
    expect((await call('GET', '/v1/pricing-rules/peak')).body).toMatchObject({ standsStill: true });
    await call('PUT', '/v1/pricing-rules/peak', { ...rule, baseVersion: 4 });
    await untilVersion('5');
    expect(await latest()).toMatchObject({
      tariff: priceOf(0.58),
      adjustedBy: { baseVersion: '4', ruleRevision: '3' },
    });
  });

  it('is removed with its price: the base is published again', async () => {
    expect(await call('DELETE', '/v1/pricing-rules/peak')).toMatchObject({
      status: 200,
      body: { tariffId: 'site', version: '6' },
    });
    expect(await latest()).toMatchObject({ version: '6', tariff: priceOf(0.52) });
    expect(await latest()).not.toHaveProperty('adjustedBy');
    expect((await call('DELETE', '/v1/pricing-rules/peak')).status).toBe(404);
  });

  it('has said all of it once in the stream of its tariff', async () => {
    const told: string[] = [];
    await eventually(async () => {
      told.length = 0;
      await replayTopics({
        brokers: stage.brokers,
        topics: ['pricing.tariffs.v1'],
        handle: async (records) =>
          void told.push(...records.flatMap(({ event }) => toldOf(event as TariffEvent))),
      });
      expect(told).toContain('published 6');
    }, patience);
    expect(told).toEqual([
      'published 1',
      'set 1',
      'published 2 by peak',
      'set 2',
      'published 3 by peak',
      'published 4',
      'set 3',
      'published 5 by peak',
      'removed 4',
      'published 6',
    ]);
  });
});

/** The session at connector 1 is over; another vehicle takes its place. */
const sessionAgain = (): SessionEvent[] => sessionOf('connector 1 again', first).slice(0, 2);

const toldOf = (event: TariffEvent): string[] => {
  switch (event.type) {
    case 'TariffPublished': {
      const { tariff, adjustedBy } = event;
      if (tariff.tariffId !== 'site') return [];
      const by = adjustedBy === undefined ? '' : ` by ${adjustedBy.ruleId}`;
      return [`published ${tariff.version}${by}`];
    }
    case 'PricingRuleSet':
      return [`set ${event.revision}`];
    case 'PricingRuleRemoved':
      return [`removed ${event.revision}`];
    default:
      return [];
  }
};

describe('what is known of sites', () => {
  it('is too old to publish by while Kafka is away', async () => {
    await call('PUT', '/v1/pricing-rules/peak', { ...rule, baseVersion: 6 });
    await untilVersion('7');
    await stage.freezeKafka();
    try {
      await untilState('observation-stale');
      // Outside of narrower bounds, which would be corrected at once.
      const bounds = [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.53 }];
      const narrow = { ...rule, baseVersion: 6, bounds };
      expect((await call('PUT', '/v1/pricing-rules/peak', narrow)).status).toBe(201);
      await untilState('observation-stale');
      expect(await latest()).toMatchObject({ version: '7' });
    } finally {
      stage.thawKafka();
    }
    await untilVersion('8');
    expect(await latest()).toMatchObject({ tariff: priceOf(0.53) });
  });
});

describe('what a person publishes over a price that a rule made', () => {
  it('is that price from then on when it is the text that was shown, with a warning', async () => {
    const { tariff } = (await latest()) as unknown as { tariff: object };
    expect(await call('PUT', '/v1/tariffs/site', tariff)).toMatchObject({
      status: 201,
      body: {
        version: '9',
        warnings: expect.arrayContaining([
          { path: '$', message: expect.stringContaining('a pricing rule made of its base') },
        ]),
      },
    });
  });

  it('leaves no price of the rule in force when it is for later', async () => {
    const bounds = [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.6 }];
    await call('PUT', '/v1/pricing-rules/peak', { ...rule, baseVersion: 9, bounds });
    await untilVersion('10');
    const next = { ...tariffJson(0.54), start_date_time: '2099-01-01T00:00:00Z' };
    expect(await call('PUT', '/v1/tariffs/site', next)).toMatchObject({
      status: 201,
      body: {
        version: '12',
        warnings: expect.arrayContaining([
          { path: '$', message: expect.stringContaining('version 11 takes back') },
        ]),
      },
    });
    const between = (await call('GET', '/v1/tariffs/site/versions/11')).body;
    expect(between).toMatchObject({ tariff: priceOf(0.53) });
    expect(between).not.toHaveProperty('adjustedBy');
    expect(await preview()).toMatchObject({ version: '11' });
    // Said once more, it makes nothing.
    expect(await call('PUT', '/v1/tariffs/site', next)).toMatchObject({
      status: 200,
      body: { version: '12' },
    });
    const early = await call('PUT', '/v1/pricing-rules/peak', { ...rule, baseVersion: 12, bounds });
    expect(early.body).toMatchObject({ warnings: [{ path: '$.baseVersion' }] });
    expect(await call('DELETE', '/v1/pricing-rules/peak')).toMatchObject({ status: 200 });
    expect(await preview()).toMatchObject({ version: '11' });
  });
});
