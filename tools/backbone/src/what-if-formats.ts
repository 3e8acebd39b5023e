import { currencyExponent, decimalToString, formatMoney } from '@tallywatt/money';
import { columns } from './command';
import { csvText } from './csv-text';
import type { WhatIfReport, WhatIfSums } from './what-if-report';

/** Of a long list a reader needs a few; `--format json` has them all. */
const namedAtMost = 20;

const amountText = (amountMinor: bigint, currency: string): string =>
  decimalToString({ unscaled: amountMinor, scale: currencyExponent(currency) });

const signed = (text: string): string => (/^-|^0(\.0*)?$/.test(text) ? text : `+${text}`);

const energyText = (energyMilliWh: bigint): string =>
  decimalToString({ unscaled: energyMilliWh, scale: 6 });

const heading = [
  'location',
  'day',
  'sessions',
  'kWh',
  'then',
  'now',
  'difference',
  'currency',
  'not priced',
  '(then)',
  'withheld',
  'not billed',
];

const cells = (locationId: string, day: string, currency: string, sums: WhatIfSums): string[] => [
  locationId,
  day,
  String(sums.sessions),
  energyText(sums.energyMilliWh).replace(/\.?0+$/, ''),
  amountText(sums.revenueThenMinor, currency),
  amountText(sums.revenueNowMinor, currency),
  signed(amountText(sums.differenceMinor, currency)),
  currency,
  String(sums.notPriced),
  amountText(sums.notPricedThenMinor, currency),
  String(sums.withheld),
  String(sums.notBilled),
];

type Refused = Readonly<{ sessionId: string; reason: string; detail: string }>;

/** By reason, most frequent first: how many, and who. */
const refusals = (title: string, refused: readonly Refused[]): string[] => {
  const byReason = new Map<string, Refused[]>();
  for (const one of refused) {
    const known = byReason.get(one.reason);
    if (known === undefined) byReason.set(one.reason, [one]);
    else known.push(one);
  }
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([reason, all]) => [
      '',
      `${title}: ${reason}, ${all.length}`,
      ...all.slice(0, namedAtMost).map(({ sessionId, detail }) => `  ${sessionId}  ${detail}`),
      ...(all.length > namedAtMost
        ? [`  and ${all.length - namedAtMost} more; --format json names them all`]
        : []),
    ]);
};

/** For people: a line per location and day, sums below, and what is in neither sum. */
export const whatIfTable = ({
  rows,
  sites,
  totals,
  notPriced,
  withheld,
  idleUnknown,
}: WhatIfReport): string => {
  if (rows.length === 0) return 'no session is in the range';
  const left = totals
    .filter((one) => one.notPriced > 0)
    .map(({ currency, notPricedThenMinor }) =>
      formatMoney({ amountMinor: notPricedThenMinor, currency }),
    );
  return [
    columns([
      heading,
      ...rows.map((row) => cells(row.locationId, row.day, row.currency, row)),
      ...sites.map((site) => cells(site.locationId, 'all days', site.currency, site)),
      ...totals.map((total) => cells('all locations', 'all days', total.currency, total)),
    ]),
    'Revenue is without tax. Sessions that are not priced now are in neither sum.',
    ...(left.length === 0 ? [] : [`Left out of both: ${left.join(', ')} of revenue then.`]),
    ...(idleUnknown === 0
      ? []
      : [
          `The tariff bills idle time; ${idleUnknown} sessions ended with their stop, and no fact`,
          'tells how long their vehicle stayed: no idle fee after the stop is in their revenue now.',
        ]),
    ...refusals('not priced now', notPriced),
    ...refusals('withheld then', withheld),
  ].join('\n');
};

/** One row per location, day and currency, for a spreadsheet; amounts in major units. */
export const whatIfCsv = ({ rows }: WhatIfReport): string =>
  csvText([
    [
      'location',
      'day',
      'currency',
      'sessions',
      'energy_kwh',
      'revenue_then',
      'revenue_now',
      'difference',
      'not_priced',
      'not_priced_revenue_then',
      'withheld',
      'not_billed',
    ],
    ...rows.map((row) => [
      row.locationId,
      row.day,
      row.currency,
      String(row.sessions),
      energyText(row.energyMilliWh),
      amountText(row.revenueThenMinor, row.currency),
      amountText(row.revenueNowMinor, row.currency),
      amountText(row.differenceMinor, row.currency),
      String(row.notPriced),
      amountText(row.notPricedThenMinor, row.currency),
      String(row.withheld),
      String(row.notBilled),
    ]),
  ]);
