import { instantFromEpochMs } from '@tallywatt/time';
import type { DayKinds } from './calendar-days';
import { dayKinds, TooManyCombinations } from './calendar-days';
import { gapWitnesses } from './gap-witness';
import type { TariffFault } from './json-fields';
import type { OcpiTariff, TariffDimension, TariffRestrictions } from './ocpi-tariff';
import { tariffDimensions } from './price-parsing';
import type { Budget, Exploration } from './restriction-space';
import { explore } from './restriction-space';

/** Comparisons of an element with a combination, per dimension, before the analysis gives up. */
const stepsMax = 500_000;
/** Stretches without a price that are named per dimension; the rest is counted. */
const witnessesMax = 5;

/**
 * What a tariff says that its author can hardly mean: components that never apply, because earlier
 * ones always apply first or because their own restrictions exclude each other, and stretches in
 * which a dimension that is priced elsewhere is free by omission. For publication, not for rating:
 * it takes up to some 100 ms. Above `stepsMax` it says that it gave up, and claims nothing.
 *
 * Restrictions are taken as independent of each other, so everything said to be unreachable is,
 * while a stretch said to be free may be one that no session reaches (much energy in no time).
 */
export const analyseTariff = (tariff: OcpiTariff): TariffFault[] => [
  ...tariffDimensions.flatMap((dimension) =>
    kindsOfUse.flatMap((kind) => analyseDimension(tariff, dimension, kind)),
  ),
  ...analyseEnergyCost(tariff),
];

// Elements with and without `reservation` never meet; reservations expire or are used.
const kindsOfUse = ['session', 'reservation'] as const;
type KindOfUse = (typeof kindsOfUse)[number];

type Entry = Readonly<{ path: string; elementIndex: number; restrictions: TariffRestrictions }>;

const analyseDimension = (
  tariff: OcpiTariff,
  dimension: TariffDimension,
  kind: KindOfUse,
): TariffFault[] => {
  const entries = tariff.elements.flatMap(({ priceComponents, restrictions }, elementIndex) => {
    const at = priceComponents.findIndex(({ type }) => type === dimension);
    const isReservation = restrictions.reservation !== undefined;
    if (at < 0 || isReservation !== (kind === 'reservation')) return [];
    const path = `$.elements[${elementIndex}].price_components[${at}]`;
    return [{ path, elementIndex, restrictions }];
  });
  if (entries.length === 0) return [];
  const name = kind === 'session' ? dimension : `${dimension} of a reservation`;
  return examined('$.elements', name, () => {
    const days = daysOf(tariff, entries);
    const found = exploreAll(entries, days);
    const unreachable = neverFirst(entries, days, found, name);
    // A session fee is asked for once, not at every moment; a reservation often costs its fee only.
    if (kind === 'reservation' || dimension === 'FLAT') return unreachable;
    const free = limited(
      gapWitnesses(found.gap, days),
      '$.elements',
      (where) => `${name} is free ${where}: no element with it applies; a price of 0 would say so`,
    );
    return [...unreachable, ...free];
  });
};

const analyseEnergyCost = (tariff: OcpiTariff): TariffFault[] => {
  const entries = (tariff.energyCost?.elements ?? []).map(({ restrictions }, elementIndex) => ({
    path: `$.tallywatt.energy_cost.elements[${elementIndex}]`,
    elementIndex,
    restrictions,
  }));
  if (entries.length === 0) return [];
  const path = '$.tallywatt.energy_cost.elements';
  return examined(path, 'energy cost', () => {
    const days = daysOf(tariff, entries);
    const found = exploreAll(entries, days);
    const unknown = limited(
      gapWitnesses(found.gap, days),
      path,
      (where) => `the cost of energy is unknown ${where}`,
    );
    return [...neverFirst(entries, days, found, 'energy cost'), ...unknown];
  });
};

const examined = (path: string, name: string, examine: () => TariffFault[]): TariffFault[] => {
  try {
    return examine();
  } catch (error) {
    if (!(error instanceof TooManyCombinations)) throw error;
    const message =
      `combine the restrictions of ${name} in too many ways: elements that never apply and ` +
      'stretches without a price were not looked for';
    return [{ path, message }];
  }
};

// A session may start until the last moment of the tariff and go on the next day.
const daysOf = (tariff: OcpiTariff, entries: readonly Entry[]): DayKinds => {
  const { startAtMs, endAtMs, holidays = [] } = tariff;
  const dateOf = (atMs: number): string => instantFromEpochMs(atMs).slice(0, 10);
  const from = startAtMs === undefined ? '2000-01-01' : dateOf(startAtMs);
  const to = endAtMs === undefined ? '2100-01-01' : dateOf(endAtMs + 2 * dayMs);
  const all = entries.map(({ restrictions }) => restrictions);
  return dayKinds(all, holidays, from, from < to ? to : '2100-01-01');
};

const dayMs = 86_400_000;

const exploreAll = (
  entries: readonly Entry[],
  days: DayKinds,
  budget: Budget = { steps: stepsMax },
  within?: number,
): Exploration =>
  explore(
    entries.slice(0, (within ?? entries.length) + 1).map(beforeReservation),
    days.kinds,
    budget,
    within,
  );

// RESERVATION holds while reserved and expired, RESERVATION_EXPIRES only when expired. The idle
// axis, which reservations do not have, tells the two apart.
const beforeReservation = ({ restrictions }: Entry): TariffRestrictions =>
  restrictions.reservation === 'RESERVATION_EXPIRES'
    ? { ...restrictions, minIdleSeconds: 1n }
    : restrictions;

const neverFirst = (
  entries: readonly Entry[],
  days: DayKinds,
  { winners }: Exploration,
  name: string,
): TariffFault[] => {
  const budget = { steps: stepsMax };
  return entries.flatMap(({ path, restrictions }, position) => {
    if (winners.has(position)) return [];
    const before = coveredBy(entries, days, budget, position);
    if (before === undefined) {
      return [{ path, message: `never applies: it is nowhere the first to price ${name}` }];
    }
    if (before.length === 0) {
      return [{ path, message: 'never applies: its restrictions never all hold at once' }];
    }
    const names = before.map((one) => entries[one]?.elementIndex ?? one);
    const same = before.some((one) => isSame(entries[one]?.restrictions, restrictions));
    const elements = `${names.length === 1 ? 'element' : 'elements'} ${names.join(', ')}`;
    const why = same
      ? `${elements} before it asks for the same and prices ${name} first`
      : `${elements} before it always ${names.length === 1 ? 'prices' : 'price'} ${name} first`;
    return [{ path, message: `never applies: ${why}` }];
  });
};

// Which elements are first wherever one holds; undefined when that would take too long to say.
const coveredBy = (
  entries: readonly Entry[],
  days: DayKinds,
  budget: Budget,
  position: number,
): number[] | undefined => {
  try {
    return [...exploreAll(entries, days, budget, position).winners].sort((a, b) => a - b);
  } catch (error) {
    if (error instanceof TooManyCombinations) return undefined;
    throw error;
  }
};

const isSame = (one: TariffRestrictions | undefined, other: TariffRestrictions): boolean =>
  textOf(one ?? {}) === textOf(other);

const textOf = (restrictions: TariffRestrictions): string =>
  JSON.stringify(
    Object.entries(restrictions).sort(([a], [b]) => (a < b ? -1 : 1)),
    (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );

const limited = (
  witnesses: readonly string[],
  path: string,
  sentence: (where: string) => string,
): TariffFault[] => {
  const named = witnesses.slice(0, witnessesMax).map((where) => ({
    path,
    message: sentence(where),
  }));
  const left = witnesses.length - named.length;
  return left === 0 ? named : [...named, { path, message: sentence(`in ${left} more stretches`) }];
};
