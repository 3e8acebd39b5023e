import type { SiteObservation } from '@tallywatt/contracts';
import { instantFromEpochMs, parseInstant, resolveLocal } from '@tallywatt/time';
import { baseTariff, ruleJson, ruleOf } from '../testing/example-rule';
import { nextVersion, type PublishedVersion } from './next-version';
import { microOf, pricesOf } from './tariff-prices';

const noon = '2026-11-20T12:00:00.000Z';
const observed = (changes: Partial<SiteObservation> = {}): SiteObservation => ({
  observedAt: noon,
  timeZone: 'Europe/Berlin',
  connectors: 10,
  connectorsInSession: 5,
  sessionsStartedInHour: 4,
  ...changes,
});
const baseVersion: PublishedVersion = {
  version: 3n,
  document: baseTariff,
  publishedAt: '2026-11-20T11:59:00.000Z',
};
const pricesIn = (document: object) =>
  pricesOf(document as PublishedVersion['document']).map(
    ({ price }) => Number(microOf(price)) / 1e6,
  );

/** The version that a rule makes, as it stands then. */
const versionAfter = (
  observation: SiteObservation,
  before: PublishedVersion = baseVersion,
  rule = ruleOf(),
): PublishedVersion => {
  const decision = nextVersion(rule, baseTariff, before, observation);
  if (decision.kind !== 'accepted') return before;
  const [{ document, adjustedBy }] = decision.events as [(typeof decision.events)[number]];
  const { version } = before;
  return { version: version + 1n, document, adjustedBy, publishedAt: observation.observedAt };
};
const laterBy = (minutes: number): string =>
  instantFromEpochMs(parseInstant(noon) + minutes * 60_000);

describe('a rule', () => {
  it('leaves the base alone while no step holds', () => {
    expect(nextVersion(ruleOf(), baseTariff, baseVersion, observed())).toEqual({
      kind: 'ignored',
      reason: 'prices-unchanged',
    });
  });

  it('adjusts what its step names, within the bounds, and says why', () => {
    const observation = observed({ connectorsInSession: 8 });
    const { document, adjustedBy } = versionAfter(observation);
    // 0.50 + 25 % = 0.625, no more than 0.60; 6 + 3 = 9.
    expect(pricesIn(document)).toEqual([0.6, 9]);
    expect(document).toMatchObject({ last_updated: noon, currency: 'EUR', id: 'ac' });
    expect(document).not.toHaveProperty('tariff_alt_text');
    expect(adjustedBy).toEqual({
      ruleId: 'rule-1',
      ruleRevision: 1n,
      baseVersion: 3n,
      baseContentHash: ruleOf().base.contentHash,
      stepIndex: 0,
      observation,
      limits: [{ dimension: 'ENERGY', limit: 'highest' }],
    });
  });

  it('keeps a step until it falls below where it may stay, then goes back to the base', () => {
    const full = versionAfter(observed({ connectorsInSession: 8 }));
    const later = laterBy(30);
    expect(versionAfter(observed({ connectorsInSession: 6, observedAt: later }), full)).toBe(full);
    const calm = versionAfter(observed({ connectorsInSession: 5, observedAt: later }), full);
    expect(pricesIn(calm.document)).toEqual([0.5, 6]);
    expect(calm.document).toMatchObject({ tariff_alt_text: baseTariff.tariff_alt_text });
    expect(calm.adjustedBy).not.toHaveProperty('stepIndex');
    // 60 % is not enough for the step to begin again.
    const again = observed({ connectorsInSession: 6, observedAt: laterBy(60) });
    expect(versionAfter(again, calm)).toBe(calm);
  });

  it('waits out its dwell time after a version of its own', () => {
    const full = versionAfter(observed({ connectorsInSession: 8 }));
    const calm = observed({ connectorsInSession: 1, observedAt: laterBy(14) });
    expect(nextVersion(ruleOf(), baseTariff, full, calm)).toMatchObject({
      reason: 'dwell-not-over',
    });
    expect(versionAfter({ ...calm, observedAt: laterBy(15) }, full)).not.toBe(full);
  });

  it('knows nights by the wall clock of the site', () => {
    const quiet = { sessionsStartedInHour: 1 };
    const atLocal = (utc: string) => versionAfter(observed({ ...quiet, observedAt: utc }));
    expect(atLocal('2026-11-20T20:59:59.999Z')).toBe(baseVersion);
    expect(pricesIn(atLocal('2026-11-20T21:00:00.000Z').document)).toEqual([0.42, 6]);
    expect(pricesIn(atLocal('2026-11-21T04:59:00.000Z').document)).toEqual([0.42, 6]);
    expect(atLocal('2026-11-21T05:00:00.000Z')).toBe(baseVersion);
  });

  it('moves by no more than its largest change at once', () => {
    const [energy, parking] = ruleJson.bounds;
    const slow = ruleOf({ ...ruleJson, bounds: [{ ...energy, largestChange: 0.07 }, parking] });
    const full = (minutes: number) =>
      observed({ connectorsInSession: 10, observedAt: laterBy(minutes) });
    const first = versionAfter(full(0), baseVersion, slow);
    const second = versionAfter(full(15), first, slow);
    expect([first, second].map(({ document }) => pricesIn(document)[0])).toEqual([0.57, 0.6]);
    expect(first.adjustedBy?.limits).toContainEqual({
      dimension: 'ENERGY',
      limit: 'largest-change',
    });
  });

  it('corrects a price at once that narrower bounds no longer allow', () => {
    const full = versionAfter(observed({ connectorsInSession: 8 }));
    const narrow = {
      ...ruleOf({
        ...ruleJson,
        bounds: [
          { dimension: 'ENERGY', lowest: 0.5, highest: 0.52, largestChange: 0.01 },
          ruleJson.bounds[1],
        ],
      }),
      revision: 2n,
    };
    const soon = observed({ connectorsInSession: 8, observedAt: laterBy(1) });
    expect(pricesIn(versionAfter(soon, full, narrow).document)).toEqual([0.52, 9]);
  });

  it('takes back at once the price of a dimension that it no longer names', () => {
    const full = versionAfter(observed({ connectorsInSession: 9 }));
    expect(pricesIn(full.document)).toEqual([0.6, 9]);
    const [crowded, quiet] = ruleJson.steps;
    const [energy] = ruleJson.bounds;
    const steps = [{ ...crowded, adjustments: [crowded?.adjustments[0]] }, quiet];
    const energyOnly = { ...ruleOf({ ...ruleJson, steps, bounds: [energy] }), revision: 2n };
    const soon = observed({ connectorsInSession: 9, observedAt: laterBy(1) });
    const next = versionAfter(soon, full, energyOnly);
    expect(pricesIn(next.document)).toEqual([0.6, 6]);
    expect(versionAfter({ ...soon, observedAt: laterBy(60) }, next, energyOnly)).toBe(next);
  });

  it('lets a step stay whose prices are those of the step before', () => {
    const adjustments = [{ dimension: 'ENERGY', percent: 20 }];
    const rule = ruleOf({
      ...ruleJson,
      steps: [
        { utilisationPercent: { from: 80, stayFrom: 70 }, adjustments },
        { utilisationPercent: { from: 50, stayFrom: 30 }, adjustments },
      ],
    });
    const at = (minutes: number, connectorsInSession: number) =>
      observed({ connectorsInSession, observedAt: laterBy(minutes) });
    const full = versionAfter(at(0, 9), baseVersion, rule);
    expect(versionAfter(at(30, 6), full, rule)).toBe(full);
    expect(versionAfter(at(60, 4), full, rule)).toBe(full);
    const calm = versionAfter(at(90, 2), full, rule);
    expect(pricesIn(calm.document)).toEqual([0.5, 6]);
    // With base prices in force each step has to begin again.
    expect(versionAfter(at(120, 4), calm, rule)).toBe(calm);
  });

  it('stands still once a person has published another base', () => {
    const theirs = { ...baseVersion, version: 4n };
    expect(
      nextVersion(ruleOf(), baseTariff, theirs, observed({ connectorsInSession: 10 })),
    ).toEqual({ kind: 'ignored', reason: 'base-superseded' });
  });

  it('leaves free what is free in the base, and what is for reservations', () => {
    const base = {
      ...baseTariff,
      elements: [
        { price_components: [{ type: 'ENERGY', price: 0, step_size: 1 }] },
        ...baseTariff.elements.map((one) => ({
          ...one,
          restrictions: { reservation: 'RESERVATION' },
        })),
        ...baseTariff.elements,
      ],
    };
    const bounds = [{ ...ruleJson.bounds[0], lowest: 0 }, ruleJson.bounds[1]];
    const decision = nextVersion(
      ruleOf({ ...ruleJson, bounds }),
      base,
      { ...baseVersion, document: base },
      observed({ connectorsInSession: 10 }),
    );
    if (decision.kind !== 'accepted') throw new Error(decision.reason);
    const elements = (decision.events[0]?.document['elements'] ?? []) as typeof base.elements;
    expect(elements.map((one) => one.price_components.map(({ price }) => price))).toEqual([
      [0],
      [0.5, 6],
      [0.6, 9],
    ]);
  });
});

describe('the worked example of docs/dynamic-pricing.md', () => {
  const [crowded, quiet] = ruleJson.steps;
  const rule = ruleOf({
    ...ruleJson,
    steps: [{ ...crowded, adjustments: [{ dimension: 'ENERGY', percent: 20 }] }, quiet],
    bounds: [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.58, largestChange: 0.1 }],
  });
  const seen: [
    localTime: string,
    inSession: number,
    starts: number,
    version: bigint,
    price: number,
  ][] = [
    ['16:50', 4, 4, 3n, 0.5],
    ['17:02', 5, 4, 4n, 0.58],
    ['17:10', 3, 4, 4n, 0.58],
    ['17:17', 3, 4, 5n, 0.5],
    ['17:40', 4, 4, 5n, 0.5],
    ['22:01', 1, 1, 6n, 0.42],
  ];

  it('goes as it says', () => {
    let latest: PublishedVersion = { ...baseVersion, publishedAt: '2026-11-20T09:00:00.000Z' };
    const told = seen.map(([localTime, connectorsInSession, sessionsStartedInHour]) => {
      const observedAt = resolveLocal(`2026-11-20T${localTime}`, 'Europe/Berlin', 'reject');
      const site = { connectors: 6, connectorsInSession, sessionsStartedInHour };
      latest = versionAfter(observed({ observedAt, ...site }), latest, rule);
      return [latest.version, pricesIn(latest.document)[0]];
    });
    expect(told).toEqual(seen.map(([, , , version, price]) => [version, price]));
  });
});
