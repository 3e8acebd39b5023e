import type { Location } from '@tallywatt/contracts';
import type { Chance } from '../ground/chance';
import { dayMs, hourMs, minuteMs, type World } from '../ground/world';
import type { RegisteredChargePoint } from '../stages/gateway';
import type { Card } from './processor';

/** What is unusual about a session, as chargers in the field are. */
export type Quirk =
  | 'none'
  | 'stop-without-transaction'
  | 'unreadable-stop-first'
  | 'conflicting-stop'
  | 'meter-jumps'
  | 'meter-runs-backwards'
  | 'readings-without-transaction';

export type PlannedSession = Readonly<{
  connectorId: number;
  idTag: string;
  startMs: number;
  durationMs: number;
  /** The vehicle takes no more energy after this part of the session. */
  chargingMs: number;
  /** How long the vehicle stays after its stop. */
  stayMs: number;
  meterStartWh: number;
  powerW: number;
  readEveryMs: number;
  /** Readings stay in the charger for so long after the stop; left out, none does. */
  readingsLateMs?: number;
  stopsWithTag: boolean;
  hasTransactionData: boolean;
  quirk: Quirk;
}>;

export type PlannedCharger = Readonly<{
  chargePoint: RegisteredChargePoint;
  hasClock: boolean;
  /** Away from the network, with sessions going on. */
  offline: readonly Readonly<{ fromMs: number; untilMs: number }>[];
  sessions: readonly PlannedSession[];
}>;

export type PlannedToken = Readonly<{
  idTag: string;
  kind: 'member' | 'retail' | 'no-card' | 'blocked' | 'expired' | 'unknown';
  card?: Card;
}>;

export const plannedTokens: readonly PlannedToken[] = [
  { idTag: 'MEMBER-1', kind: 'member', card: 'good' },
  { idTag: 'RETAIL-1', kind: 'retail', card: 'good' },
  { idTag: 'RETAIL-2', kind: 'retail', card: 'good' },
  { idTag: 'EMPTY-1', kind: 'retail', card: 'declined' },
  { idTag: 'CASH-1', kind: 'no-card' },
  { idTag: 'BLOCKED-1', kind: 'blocked', card: 'good' },
  { idTag: 'EXPIRED-1', kind: 'expired', card: 'good' },
  { idTag: 'NOBODY-1', kind: 'unknown' },
];

const component = (type: string, price: number, stepSize = 1) => ({
  type,
  price,
  vat: 19,
  step_size: stepSize,
});
const tariff = (id: string, ...components: readonly object[]) => ({
  id,
  currency: 'EUR',
  elements: [{ price_components: components }],
});

/** Prices without VAT, in EUR. */
export const energyPrices: ReadonlyMap<string, number> = new Map([
  ['energy', 0.39],
  ['dear', 4.99],
  ['free', 0],
]);

export const plannedTariffs: readonly Readonly<Record<string, unknown>>[] = [
  ...[...energyPrices].map(([id, price]) => tariff(id, component('ENERGY', price))),
  {
    ...tariff('idle', component('ENERGY', 0.45), component('PARKING_TIME', 6, 60)),
    tallywatt: { memberships: [{ tier: 'member', included_kwh_per_month: 60 }] },
  },
  {
    id: 'night',
    currency: 'EUR',
    // Less than the other: a driver has one pot, and each tariff fills it as far as it says.
    tallywatt: { memberships: [{ tier: 'member', included_kwh_per_month: 40 }] },
    elements: [
      {
        price_components: [component('ENERGY', 0.29)],
        restrictions: { start_time: '15:00', end_time: '06:00' },
      },
      { price_components: [component('ENERGY', 0.59)] },
    ],
  },
  tariff('time', component('FLAT', 1), component('TIME', 2.4, 60), component('ENERGY', 0.29)),
];

const versions = new Map<string, Readonly<Record<string, unknown>>>();

/** A tariff as a later version words it: other words, the same prices; one document for good. */
export const tariffInVersion = (
  document: Readonly<Record<string, unknown>>,
  version: number,
): Readonly<Record<string, unknown>> => {
  const name = `${document['id'] as string}/${version}`;
  const text = [{ language: 'en', text: `version ${version}` }];
  const known = versions.get(name) ?? { ...document, tariff_alt_text: text };
  versions.set(name, known);
  return known;
};

const location: Location = {
  locationId: 'loc-1',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  taxRatePercent: { unscaled: 19n, scale: 0 },
};

const usualTags = ['MEMBER-1', 'RETAIL-1', 'RETAIL-2', 'RETAIL-1', 'MEMBER-1'];
const quirks: readonly Quirk[] = [
  'stop-without-transaction',
  'unreadable-stop-first',
  'conflicting-stop',
  'meter-jumps',
  'meter-runs-backwards',
  'readings-without-transaction',
];

const planSessions = (chance: Chance, startMs: number, hasClock: boolean): PlannedSession[] => {
  const sessions: PlannedSession[] = [];
  for (const connectorId of hasClock ? [1, 2] : [1]) {
    let meterWh = chance.integer(0, 900_000);
    let atMs = startMs + chance.spread(5 * minuteMs, 16 * hourMs);
    // A charger without a clock says the same of each of its sessions, tag included.
    const tag = chance.pick(usualTags);
    for (let count = chance.integer(1, 2); count > 0; count -= 1) {
      const durationMs = chance.spread(2 * minuteMs, 5 * hourMs);
      const powerW = chance.integer(500, 21_000);
      const isQuirky = hasClock && chance.happens(0.15);
      const chargingMs = chance.happens(0.5)
        ? durationMs
        : Math.floor((durationMs * chance.integer(20, 90)) / 100);
      sessions.push({
        connectorId: hasClock && chance.happens(0.03) ? 9 : connectorId,
        idTag: !hasClock
          ? tag
          : chance.pick([...usualTags, ...usualTags, ...plannedTokens.map(({ idTag }) => idTag)]),
        startMs: atMs,
        durationMs,
        chargingMs,
        stayMs: chance.spread(minuteMs, 3 * hourMs),
        meterStartWh: hasClock ? meterWh : 0,
        powerW,
        // A handful of readings shows what hundreds would.
        readEveryMs: Math.max(chance.pick([5, 15, 60]) * minuteMs, Math.ceil(durationMs / 5)),
        ...(chance.happens(0.3) ? { readingsLateMs: chance.spread(minuteMs, 2 * dayMs) } : {}),
        stopsWithTag: chance.happens(0.5),
        hasTransactionData: chance.happens(0.3),
        quirk: isQuirky ? chance.pick(quirks) : 'none',
      });
      meterWh += Math.ceil((powerW * durationMs) / hourMs) + 1;
      atMs += durationMs + 4 * hourMs + chance.spread(minuteMs, 4 * hourMs);
    }
  }
  return sessions;
};

/** What will happen at the chargers of one run. */
export const planChargers = ({ chance, startMs }: World): PlannedCharger[] =>
  Array.from({ length: chance.integer(1, 2) }, (_, index): PlannedCharger => {
    const hasClock = !chance.happens(0.1);
    const tariffId = chance.pick([
      'energy',
      'energy',
      'dear',
      'free',
      'idle',
      'time',
      'night',
      'night',
    ]);
    const offlineFromMs = startMs + chance.spread(hourMs, dayMs);
    return {
      chargePoint: {
        chargePointId: `cp-${index + 1}`,
        tariffId: chance.happens(0.04) ? 'no-such-tariff' : tariffId,
        location,
        connectors: [1, 2].map((id) => ({ id, powerWMax: 22_000n })),
      },
      hasClock,
      offline: chance.happens(0.3)
        ? [{ fromMs: offlineFromMs, untilMs: offlineFromMs + chance.spread(minuteMs, 20 * hourMs) }]
        : [],
      sessions: planSessions(chance, startMs, hasClock),
    };
  });
