import type { SiteObservation } from '@tallywatt/contracts';
import { analyseTariff, parseTariff } from '@tallywatt/tariffs';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import fc from 'fast-check';
import { baseTariff, ruleJson, ruleOf } from '../testing/example-rule';
import { nextVersion, type PublishedVersion } from './next-version';
import { microOf, pricesOf } from './tariff-prices';

const noon = '2026-11-20T12:00:00.000Z';
const observed = (changes: Partial<SiteObservation>): SiteObservation => ({
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

describe('any rule, through any day', () => {
  const cents = (min: number, max: number) =>
    fc.integer({ min, max }).map((amount) => amount / 10_000);
  const anyAdjustment = fc.oneof(
    fc.record({ percent: cents(-1_000_000, 10_000_000) }),
    fc.record({ amountPerUnit: cents(-50_000, 50_000) }),
  );
  const anyStep = fc.record(
    {
      utilisationPercent: fc
        .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
        .map(([a, b]) => ({ from: Math.max(a, b), stayFrom: Math.min(a, b) })),
      startTime: fc.constantFrom('00:00', '06:30', '22:00'),
      adjustments: anyAdjustment.map((one) => [{ dimension: 'ENERGY', ...one }]),
    },
    { requiredKeys: ['utilisationPercent', 'adjustments'] },
  );
  const anyRule = fc
    .record({
      base: cents(0, 20_000),
      below: cents(0, 20_000),
      above: cents(0, 20_000),
      largestChange: fc.option(cents(1, 20_000), { nil: undefined }),
      steps: fc.array(anyStep, { minLength: 1, maxLength: 4 }),
      dwellMinutes: fc.integer({ min: 5, max: 60 }),
    })
    .map(({ base, below, above, largestChange, steps, dwellMinutes }) => {
      const exact = (price: number) => Math.round(price * 10_000) / 10_000;
      const lowest = exact(Math.max(0, base - below));
      const bounds = [{ dimension: 'ENERGY', lowest, highest: exact(base + above) }];
      const document = {
        ...baseTariff,
        elements: [{ price_components: [{ type: 'ENERGY', price: base, step_size: 1 }] }],
      };
      const json = {
        ...ruleJson,
        dwellMinutes,
        steps: steps.map((step) =>
          step.startTime === undefined ? step : { ...step, endTime: '12:00' },
        ),
        bounds: bounds.map((one) =>
          largestChange === undefined ? one : { ...one, largestChange },
        ),
      };
      return { rule: ruleOf(json, document), document };
    });
  const anyDay = fc.array(
    fc.record({
      afterMinutes: fc.integer({ min: 1, max: 40 }),
      connectorsInSession: fc.integer({ min: 0, max: 12 }),
    }),
    { minLength: 20, maxLength: 40 },
  );

  it('never leaves the bounds, moves too far or too soon, or says what cannot be priced', () => {
    let published = 0;
    fc.assert(
      fc.property(anyRule, anyDay, ({ rule, document }, day) => {
        const [bounds] = rule.bounds;
        if (bounds === undefined) throw new Error('a rule has bounds');
        let latest: PublishedVersion = { ...baseVersion, document };
        let nowMs = parseInstant(noon);
        for (const { afterMinutes, connectorsInSession } of day) {
          nowMs += afterMinutes * 60_000;
          const observedAt = instantFromEpochMs(nowMs);
          const decision = nextVersion(
            rule,
            document,
            latest,
            observed({ observedAt, connectorsInSession }),
          );
          if (decision.kind !== 'accepted') continue;
          const [next] = decision.events;
          if (next === undefined) throw new Error('an accepted version is there');
          published += 1;
          const parsed = parseTariff(next.document);
          if (!parsed.ok) throw new Error(parsed.faults.map(({ message }) => message).join());
          expect(analyseTariff(parsed.tariff)).toEqual([]);
          const [before, after] = [latest.document, next.document].map((one) =>
            pricesOf(one).map(({ price }) => microOf(price)),
          );
          after?.forEach((priceMicro, index) => {
            expect(priceMicro >= microOf(bounds.lowest)).toBe(true);
            expect(priceMicro <= microOf(bounds.highest)).toBe(true);
            const change = priceMicro - (before?.[index] ?? 0n);
            if (bounds.largestChange === undefined) return;
            expect((change < 0n ? -change : change) <= microOf(bounds.largestChange)).toBe(true);
          });
          if (latest.adjustedBy !== undefined) {
            const sinceMs = nowMs - parseInstant(latest.publishedAt);
            expect(sinceMs).toBeGreaterThanOrEqual(rule.dwellMinutes * 60_000);
          }
          latest = {
            version: latest.version + 1n,
            document: next.document,
            adjustedBy: next.adjustedBy,
            publishedAt: observedAt,
          };
        }
      }),
      { numRuns: 300 },
    );
    expect(published).toBeGreaterThan(100);
  });
});
