import { baseTariff, ruleJson, ruleOf } from '../testing/example-rule';
import { checkAgainstBase } from './base-tariff-check';
import { pricingRuleJson } from './pricing-rule-json';
import { parsePricingRule } from './pricing-rule-parsing';

const [crowded, quiet] = ruleJson.steps;
const pathsOf = (changes: object): string[] => {
  const parsed = parsePricingRule({ ...ruleJson, ...changes });
  return parsed.ok ? [] : parsed.faults.map(({ path }) => path);
};
const withStep = (changes: object) => ({ steps: [{ ...crowded, ...changes }, quiet] });
const withBounds = (changes: object) => ({
  bounds: [{ ...ruleJson.bounds[0], ...changes }, ruleJson.bounds[1]],
});

describe('a rule as a person writes it', () => {
  it('is read with every number as the decimal that is written', () => {
    const { steps, bounds, dwellMinutes } = ruleOf();
    expect(dwellMinutes).toBe(15);
    expect(bounds[0]).toEqual({
      dimension: 'ENERGY',
      lowest: { unscaled: 4n, scale: 1 },
      highest: { unscaled: 6n, scale: 1 },
      largestChange: { unscaled: 2n, scale: 1 },
    });
    expect(steps[1]).toEqual({
      startTime: '22:00',
      endTime: '06:00',
      sessionsStartedInHour: { to: 2, stayTo: 4 },
      daysOfWeek: [],
      adjustments: [{ dimension: 'ENERGY', amountPerUnit: { unscaled: -8n, scale: 2 } }],
    });
  });

  it('is shown as it was written', () => {
    expect(pricingRuleJson(ruleOf())).toEqual(ruleJson);
  });

  it('says with null what it says with nothing', () => {
    const energy = { dimension: 'ENERGY', percent: 25 };
    const spare = { startTime: null, endTime: null, daysOfWeek: null, sessionsStartedInHour: null };
    const said = ruleOf({ ...ruleJson, ...withStep({ adjustments: [energy] }) });
    const adjustments = [{ ...energy, amountPerUnit: null }];
    expect(ruleOf({ ...ruleJson, ...withStep({ ...spare, adjustments }) })).toEqual(said);
  });

  it.each([
    ['nothing at all', { steps: [], bounds: [], locationIds: [] }, 3],
    ['a dwell too short', { dwellMinutes: 4 }, '$.dwellMinutes'],
    ['no dwell', { dwellMinutes: undefined }, '$.dwellMinutes'],
    ['version 0', { baseVersion: 0 }, '$.baseVersion'],
    ['a field that nobody reads', { surge: true }, '$.surge'],
    ['a site named twice', { locationIds: ['LOC-1', 'LOC-1'] }, '$.locationIds'],
    ['an adjustment without bounds', { bounds: [ruleJson.bounds[0]] }, '$.bounds'],
    ['bounds without a lowest price', withBounds({ lowest: undefined }), '$.bounds[0].lowest'],
    ['bounds upside down', withBounds({ lowest: 0.7 }), '$.bounds[0].highest'],
    ['a price below zero', withBounds({ lowest: -0.1 }), '$.bounds[0].lowest'],
    ['a price too fine', withBounds({ highest: 0.60001 }), '$.bounds[0].highest'],
    ['no change at all', withBounds({ largestChange: 0 }), '$.bounds[0].largestChange'],
    ['a step without condition', withStep({ utilisationPercent: undefined }), '$.steps[0]'],
    ['an empty range', withStep({ utilisationPercent: {} }), '$.steps[0].utilisationPercent'],
    [
      'a range upside down',
      withStep({ utilisationPercent: { from: 80, to: 80 } }),
      '$.steps[0].utilisationPercent.to',
    ],
    [
      'a hysteresis the wrong way round',
      withStep({ utilisationPercent: { from: 80, stayFrom: 90 } }),
      '$.steps[0].utilisationPercent.stayFrom',
    ],
    ['half a time window', withStep({ startTime: '10:00' }), '$.steps[0]'],
    [
      'half a time window beside null',
      withStep({ startTime: null, endTime: '06:00' }),
      '$.steps[0]',
    ],
    [
      'an adjustment by null',
      withStep({ adjustments: [{ dimension: 'ENERGY', percent: null }] }),
      '$.steps[0].adjustments[0]',
    ],
    ['a NUL', { tariffId: 'a\0' }, '$.tariffId'],
    ['half a surrogate pair', { locationIds: ['LOC-1', 'a\ud800'] }, '$.locationIds[1]'],
    [
      'a time there is not',
      withStep({ startTime: '24:00', endTime: '06:00' }),
      '$.steps[0].startTime',
    ],
    ['a day there is not', withStep({ daysOfWeek: ['FUNDAY'] }), '$.steps[0].daysOfWeek[0]'],
    [
      'both kinds of adjustment',
      withStep({ adjustments: [{ dimension: 'ENERGY', percent: 1, amountPerUnit: 1 }] }),
      '$.steps[0].adjustments[0]',
    ],
    [
      'more than all taken off',
      withStep({ adjustments: [{ dimension: 'ENERGY', percent: -101 }] }),
      '$.steps[0].adjustments[0].percent',
    ],
  ])('is refused with %s, at its place', (_, changes, expected) => {
    const paths = pathsOf(changes);
    if (typeof expected === 'number') expect(paths).toHaveLength(expected);
    else expect(paths).toContain(expected);
  });
});

describe('a rule and its base tariff', () => {
  it('go together when every base price is within the bounds', () => {
    expect(checkAgainstBase(ruleOf(), baseTariff)).toEqual({
      faults: [],
      warnings: [expect.objectContaining({ path: '$.baseVersion' })],
    });
  });

  it('do not when a base price is outside, or there is none', () => {
    const [element] = baseTariff.elements;
    const dear = {
      ...baseTariff,
      elements: [
        { price_components: [{ type: 'ENERGY', price: 0.61, vat: 19, step_size: 1 }] },
        { price_components: [{ type: 'ENERGY', price: 0, vat: 19, step_size: 1 }] },
        { ...element, restrictions: { reservation: 'RESERVATION' } },
      ],
    };
    expect(checkAgainstBase(ruleOf(), dear).faults).toEqual([
      {
        path: '$.bounds[0]',
        message:
          '$.elements[0].price_components[0].price of the base tariff is 0.61, above the highest allowed',
      },
      {
        path: '$.bounds[0]',
        message:
          '$.elements[1].price_components[0].price of the base tariff is 0, below the lowest allowed',
      },
      { path: '$.bounds[1]', message: 'the base tariff has no price for PARKING_TIME' },
    ]);
  });
});
