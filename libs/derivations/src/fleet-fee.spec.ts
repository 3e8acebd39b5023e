import type { FleetClosed, FleetRegistered } from '@tallywatt/contracts';
import { parseTariff } from '@tallywatt/tariffs';
import {
  endedPeriods,
  fleetFee,
  nextPeriod,
  periodEnd,
  periodZone,
  planStretches,
  wordsUntil,
} from './fleet-fee';

const fleet = { cpoId: 'default', fleetRef: 'f-1' };
const berlin = 'Europe/Berlin';
const registered = (
  registeredAt: string,
  changed: Partial<FleetRegistered> = {},
): FleetRegistered => ({
  type: 'FleetRegistered',
  ...fleet,
  revision: 1n,
  plan: 'vans',
  timeZone: berlin,
  registeredAt,
  feeTariffId: 'ac',
  ...changed,
});
const closed = (closedAt: string): FleetClosed => ({
  type: 'FleetClosed',
  ...fleet,
  revision: 9n,
  closedAt,
});
const daysOf = (...words: Parameters<typeof planStretches>[0]) =>
  planStretches(words, '2026-03', berlin).map(({ plan, days, daysInMonth }) => [
    plan,
    days,
    daysInMonth,
  ]);

describe('the days of a month that a fleet pays for', () => {
  it('are all of them where it was on its plan before, in the month of the lost hour too', () => {
    const all = planStretches([registered('2026-01-15T12:00:00.000Z')], '2026-03', berlin);
    expect(all).toMatchObject([
      { plan: 'vans', days: 31, daysInMonth: 31, monthEndedAt: '2026-03-31T22:00:00.000Z' },
    ]);
  });
  it('begin with the day on which it is registered', () =>
    expect(daysOf(registered('2026-03-22T22:59:59.999Z'))).toEqual([['vans', 10, 31]]));
  it('begin a day later where that was after midnight on the clock of the fleet', () =>
    expect(daysOf(registered('2026-03-22T23:00:00.000Z'))).toEqual([['vans', 9, 31]]));
  it('end before the day on which it is closed', () =>
    expect(
      daysOf(registered('2026-01-01T00:00:00.000Z'), closed('2026-03-11T12:00:00.000Z')),
    ).toEqual([['vans', 10, 31]]));
  it('are told apart by plan, each day by what held at its end', () =>
    expect(
      daysOf(
        registered('2026-01-01T00:00:00.000Z'),
        registered('2026-03-21T12:00:00.000Z', { plan: 'trucks' }),
      ),
    ).toEqual([
      ['vans', 20, 31],
      ['trucks', 11, 31],
    ]));
  it('are none before it is registered, and none where no tariff states a fee', () => {
    const { feeTariffId: _, ...free } = registered('2026-01-01T00:00:00.000Z');
    expect(daysOf(registered('2026-04-01T12:00:00.000Z'))).toEqual([]);
    expect(daysOf(free)).toEqual([]);
  });
});

describe('months', () => {
  it('follow each other over the year', () =>
    expect(['2026-01', '2026-11', '2026-12'].map(nextPeriod)).toEqual([
      '2026-02',
      '2026-12',
      '2027-01',
    ]));
  it('end at midnight of the fleet', () => {
    expect(periodEnd('2026-11', berlin)).toBe('2026-11-30T23:00:00.000Z');
    expect(periodEnd('2026-11', 'Pacific/Auckland')).toBe('2026-11-30T11:00:00.000Z');
  });
});

describe('the time zone of a month', () => {
  const newYork = { timeZone: 'America/New_York' };
  const utc = registered('2026-03-01T00:30:00.000Z', { timeZone: 'UTC' });
  const zones = (...words: Parameters<typeof planStretches>[0]) =>
    ['2026-02', '2026-03', '2026-04', '2026-05'].map((period) => periodZone(words, period));

  it('is that of what was said before its end, and none before the fleet', () =>
    expect(zones(utc, registered('2026-04-10T00:00:00.000Z', newYork))).toEqual([
      undefined,
      'UTC',
      'America/New_York',
      'America/New_York',
    ]));
  it.each([
    ['the old zone', utc, registered('2026-04-01T02:00:00.000Z', newYork), 'UTC'],
    [
      'the new zone',
      { ...utc, ...newYork },
      registered('2026-04-01T02:00:00.000Z', { timeZone: 'UTC' }),
      'America/New_York',
    ],
  ])('stays where the month is over in %s when another is stated', (_, before, after, zone) =>
    expect(periodZone([before, after], '2026-03')).toBe(zone),
  );
  it('leaves the months that are over as they were, and says which ends next', () =>
    expect(
      endedPeriods(
        [utc, registered('2026-05-20T00:00:00.000Z', newYork)],
        Date.parse('2026-05-20T12:00:00.000Z'),
      ),
    ).toEqual({
      ended: [
        { period: '2026-03', timeZone: 'UTC', endedAt: '2026-04-01T00:00:00.000Z' },
        { period: '2026-04', timeZone: 'UTC', endedAt: '2026-05-01T00:00:00.000Z' },
      ],
      next: {
        period: '2026-05',
        timeZone: 'America/New_York',
        endedAt: '2026-06-01T04:00:00.000Z',
      },
    }));
  it('is an error where nobody knows it', () =>
    expect(() => endedPeriods([{ ...utc, timeZone: 'Mars/Olympus' }], 0)).toThrow());
});

describe('what was known of a fleet', () => {
  it('is what its stream held up to a sequence, or all of it', () => {
    const words = [registered('2026-01-01T00:00:00.000Z'), closed('2026-02-01T00:00:00.000Z')];
    expect(wordsUntil(words, 1n)).toEqual(words.slice(0, 1));
    expect(wordsUntil(words, undefined)).toEqual(words);
  });
});

describe('the fee of a month', () => {
  const parsed = parseTariff({
    id: 'ac',
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }] }],
    tallywatt: {
      fleets: [
        {
          plan: 'vans',
          monthly_fee: { excl_vat: 299, incl_vat: 355.81 },
          included_kwh_per_month: 1000,
          overage_price_per_kwh: 0.35,
        },
      ],
    },
  });
  if (!parsed.ok) throw new Error('the example is no tariff');
  const reference = { tariffId: 'ac', version: 3n, contentHash: 'c0', billsParkingTime: false };
  const stated = { reference, tariff: parsed.tariff };
  const words = [registered('2026-03-22T12:00:00.000Z')];

  it('says by which version, for how many days, and how much', () =>
    expect(
      planStretches(words, '2026-03', berlin).map((stretch) => fleetFee(stretch, stated)),
    ).toMatchObject([
      {
        type: 'FleetFeeCharged',
        tariff: reference,
        plan: 'vans',
        period: '2026-03',
        days: 10,
        daysInMonth: 31,
        // 299 x 10/31 = 96.4516..., 355.81 x 10/31 = 114.777...
        amountExclTaxMinor: 9_645n,
        taxMinor: 1_833n,
        amountInclTaxMinor: 11_478n,
      },
    ]));
  it('is withheld while no version of its tariff is in force', () =>
    expect(
      planStretches(words, '2026-03', berlin).map((stretch) => fleetFee(stretch, undefined)),
    ).toMatchObject([{ type: 'FleetFeeWithheld', reason: 'tariff-unknown' }]));
});
