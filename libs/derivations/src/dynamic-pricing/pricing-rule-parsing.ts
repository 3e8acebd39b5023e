import type { LevelRange, PriceAdjustment, PriceBounds, PricingStep } from '@tallywatt/contracts';
import { decimalFromJsonNumber, type Decimal } from '@tallywatt/money';
import {
  decimalAt,
  fault,
  listAt,
  objectAt,
  patternAt,
  present,
  textAt,
  unstorableTexts,
  whenGiven,
  wholeNumberAt,
  wordAt,
  type Findings,
  type JsonObject,
  type TariffDimension,
  type TariffFault,
} from '@tallywatt/tariffs';
import { weekdays } from '@tallywatt/time';
import { microOf } from './tariff-prices';

/** What a person asks for: a rule, before its base version has been looked at. */
export type PricingRuleTerms = Readonly<{
  tariffId: string;
  baseVersion: bigint;
  locationIds: readonly string[];
  steps: readonly PricingStep[];
  bounds: readonly PriceBounds[];
  dwellMinutes: number;
}>;

export type ParsedPricingRule =
  | Readonly<{ ok: true; terms: PricingRuleTerms }>
  | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

const dimensions: readonly TariffDimension[] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'];
const clockPattern = /^([01]\d|2[0-3]):[0-5]\d$/;
/** OCPI 2.2.1, section 16.5: a number has up to four decimals. */
const decimalsMax = 4;
const limits = { steps: 50, locations: 100, dwellMinutes: [5, 1_440] } as const;

/**
 * Reads a rule as a person writes it. Every fault is found, by JSON path; a field that nobody reads
 * is one, since it was meant to change a price.
 */
export const parsePricingRule = (value: unknown): ParsedPricingRule => {
  const findings: Findings = { faults: [], warnings: [] };
  const json = objectAt(value, '$', findings);
  if (json === undefined) return { ok: false, faults: findings.faults };
  findings.faults.push(...unstorableTexts(json));
  onlyFields(json, '$', findings, [
    'tariffId',
    'baseVersion',
    'locationIds',
    'steps',
    'bounds',
    'dwellMinutes',
  ]);
  const tariffId = textAt(json['tariffId'], '$.tariffId', findings, 36);
  const baseVersion = wholeNumberAt(json['baseVersion'], '$.baseVersion', findings);
  if (baseVersion === 0n) fault(findings, '$.baseVersion', 'expected 1 or more, found 0');
  const locationIds = itemsAt(json['locationIds'], '$.locationIds', findings, (item, path) =>
    textAt(item, path, findings, 36),
  );
  distinct(locationIds, '$.locationIds', findings);
  if (locationIds.length > limits.locations) {
    fault(findings, '$.locationIds', `expected at most ${limits.locations}`);
  }
  const steps = itemsAt(json['steps'], '$.steps', findings, (item, path) =>
    stepAt(item, path, findings),
  );
  if (steps.length > limits.steps) fault(findings, '$.steps', `expected at most ${limits.steps}`);
  const bounds = itemsAt(json['bounds'], '$.bounds', findings, (item, path) =>
    boundsAt(item, path, findings),
  );
  distinct(
    bounds.map(({ dimension }) => dimension),
    '$.bounds',
    findings,
  );
  adjustedWithinBounds(steps, bounds, findings);
  const dwellMinutes = dwellAt(json['dwellMinutes'], findings);
  return findings.faults.length > 0 || tariffId === undefined || baseVersion === undefined
    ? { ok: false, faults: findings.faults }
    : { ok: true, terms: { tariffId, baseVersion, locationIds, steps, bounds, dwellMinutes } };
};

const dwellAt = (value: unknown, findings: Findings): number => {
  const minutes = Number(
    wholeNumberAt(value, '$.dwellMinutes', findings) ?? limits.dwellMinutes[0],
  );
  const [least, most] = limits.dwellMinutes;
  if (minutes < least || minutes > most) {
    fault(findings, '$.dwellMinutes', `expected ${least} to ${most} minutes, found ${minutes}`);
  }
  return minutes;
};

const onlyFields = (
  json: JsonObject,
  path: string,
  findings: Findings,
  known: readonly string[],
): void => {
  for (const name of Object.keys(json)) {
    if (!known.includes(name)) fault(findings, `${path}.${name}`, 'is not a field of a rule here');
  }
};

/** The items of a list that holds one at least. */
const itemsAt = <Item>(
  value: unknown,
  path: string,
  findings: Findings,
  read: (item: unknown, path: string) => Item | undefined,
): readonly Item[] => {
  const list = listAt(value, path, findings);
  if (list?.length === 0) fault(findings, path, 'expected at least one entry');
  return (list ?? []).flatMap((item, index) => {
    const found = read(item, `${path}[${index}]`);
    return found === undefined ? [] : [found];
  });
};

const distinct = (texts: readonly string[], path: string, findings: Findings): void => {
  const twice = texts.find((text, index) => texts.indexOf(text) !== index);
  if (twice !== undefined) fault(findings, path, `names ${twice} twice`);
};

const adjustedWithinBounds = (
  steps: readonly PricingStep[],
  bounds: readonly PriceBounds[],
  findings: Findings,
): void => {
  const adjusted = new Set(
    steps.flatMap(({ adjustments }) => adjustments.map(({ dimension }) => dimension)),
  );
  for (const { dimension } of bounds) adjusted.delete(dimension);
  for (const dimension of adjusted) {
    fault(findings, '$.bounds', `${dimension} is adjusted and has no lowest and highest price`);
  }
};

/** Null says as little as a field that is left out. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const stepAt = (value: unknown, path: string, findings: Findings): PricingStep | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  const conditions = [
    'utilisationPercent',
    'sessionsStartedInHour',
    'startTime',
    'endTime',
    'daysOfWeek',
  ];
  onlyFields(json, path, findings, [...conditions, 'adjustments']);
  if (!conditions.some((name) => isGiven(json[name]))) {
    fault(findings, path, 'has no condition: publish the tariff with that price instead');
  }
  const rangeOf = (name: string) =>
    whenGiven(json[name], (range) => rangeAt(range, `${path}.${name}`, findings));
  const timeOf = (name: string) =>
    whenGiven(json[name], (time) =>
      patternAt(time, `${path}.${name}`, findings, clockPattern, 'HH:MM'),
    );
  const [startTime, endTime] = [timeOf('startTime'), timeOf('endTime')];
  if (isGiven(json['startTime']) !== isGiven(json['endTime'])) {
    fault(findings, path, 'expected both startTime and endTime, or neither');
  } else if (startTime !== undefined && startTime === endTime) {
    fault(findings, `${path}.endTime`, 'is startTime: leave both out for the whole day');
  }
  const daysOfWeek = whenGiven(json['daysOfWeek'], (days) =>
    itemsAt(days, `${path}.daysOfWeek`, findings, (day, at) => wordAt(day, at, findings, weekdays)),
  );
  distinct(daysOfWeek ?? [], `${path}.daysOfWeek`, findings);
  const adjustments = itemsAt(json['adjustments'], `${path}.adjustments`, findings, (item, at) =>
    adjustmentAt(item, at, findings),
  );
  distinct(
    adjustments.map(({ dimension }) => dimension),
    `${path}.adjustments`,
    findings,
  );
  return {
    ...present({
      utilisationPercent: rangeOf('utilisationPercent'),
      sessionsStartedInHour: rangeOf('sessionsStartedInHour'),
      startTime,
      endTime,
    }),
    daysOfWeek: daysOfWeek ?? [],
    adjustments,
  };
};

const rangeAt = (value: unknown, path: string, findings: Findings): LevelRange | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  onlyFields(json, path, findings, ['from', 'to', 'stayFrom', 'stayTo']);
  const level = (name: string): number | undefined =>
    whenGiven(json[name], (given) => {
      const whole = wholeNumberAt(given, `${path}.${name}`, findings);
      if (whole !== undefined && whole > 100_000n) {
        return fault(findings, `${path}.${name}`, `expected at most 100000, found ${whole}`);
      }
      return whole === undefined ? undefined : Number(whole);
    });
  const [from, to, stayFrom, stayTo] = [
    level('from'),
    level('to'),
    level('stayFrom'),
    level('stayTo'),
  ];
  if (from === undefined && to === undefined) fault(findings, path, 'expected from, to or both');
  if (from !== undefined && to !== undefined && from >= to) {
    fault(findings, `${path}.to`, `expected more than from, ${from}; to itself is not included`);
  }
  if (stayFrom !== undefined && (from === undefined || stayFrom > from)) {
    fault(findings, `${path}.stayFrom`, 'expected at most from: there the step begins to hold');
  }
  if (stayTo !== undefined && (to === undefined || stayTo < to)) {
    fault(findings, `${path}.stayTo`, 'expected at least to: up to there the step begins to hold');
  }
  return present({ from, to, stayFrom, stayTo });
};

const adjustmentAt = (
  value: unknown,
  path: string,
  findings: Findings,
): PriceAdjustment | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  onlyFields(json, path, findings, ['dimension', 'percent', 'amountPerUnit']);
  const dimension = wordAt(json['dimension'], `${path}.dimension`, findings, dimensions);
  const signedOf = (name: string, least: number, most: number) =>
    whenGiven(json[name], (given) => signedAt(given, `${path}.${name}`, findings, least, most));
  const percent = signedOf('percent', -100, 1_000);
  const amountPerUnit = signedOf('amountPerUnit', -100_000, 100_000);
  if (isGiven(json['percent']) === isGiven(json['amountPerUnit'])) {
    return fault(findings, path, 'expected either percent or amountPerUnit');
  }
  return dimension === undefined
    ? undefined
    : { dimension, ...present({ percent, amountPerUnit }) };
};

const signedAt = (
  value: unknown,
  path: string,
  findings: Findings,
  least: number,
  most: number,
): Decimal | undefined => {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    return fault(findings, path, `expected a number from ${least} to ${most}`);
  }
  const magnitude = priceAt(Math.abs(value), path, findings);
  return (
    magnitude && { ...magnitude, unscaled: value < 0 ? -magnitude.unscaled : magnitude.unscaled }
  );
};

const priceAt = (value: unknown, path: string, findings: Findings): Decimal | undefined => {
  if (decimalAt(value, path, findings) === undefined) return undefined;
  const price = decimalFromJsonNumber(value as number);
  if (price.scale > decimalsMax) {
    return fault(findings, path, `expected at most ${decimalsMax} decimals`);
  }
  return microOf(price) <= 100_000_000_000n
    ? price
    : fault(findings, path, 'expected at most 100000');
};

const boundsAt = (value: unknown, path: string, findings: Findings): PriceBounds | undefined => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  onlyFields(json, path, findings, ['dimension', 'lowest', 'highest', 'largestChange']);
  const dimension = wordAt(json['dimension'], `${path}.dimension`, findings, dimensions);
  const lowest = priceAt(json['lowest'], `${path}.lowest`, findings);
  const highest = priceAt(json['highest'], `${path}.highest`, findings);
  const largestChange = whenGiven(json['largestChange'], (change) =>
    priceAt(change, `${path}.largestChange`, findings),
  );
  if (largestChange?.unscaled === 0n) {
    fault(findings, `${path}.largestChange`, 'expected more than 0');
  }
  if (dimension === undefined || lowest === undefined || highest === undefined) return undefined;
  if (microOf(lowest) > microOf(highest)) {
    fault(findings, `${path}.highest`, 'is below lowest');
  }
  return { dimension, lowest, highest, ...present({ largestChange }) };
};
