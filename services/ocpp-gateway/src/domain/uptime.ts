/** An instant as epoch milliseconds to the next, the end not included. */
export type Span = Readonly<{ fromMs: number; toMs: number }>;

/** A status as a connector said it; of two at the same instant the higher ordinal is the later. */
export type StatusChange = Readonly<{ atMs: number; ordinal: bigint; status: string }>;

export type UptimeFacts = Readonly<{
  /** One that is still open ends when it was looked. */
  connections: readonly Span[];
  /** Those of the connector, and those of its charge point (connector 0); also from before. */
  statuses: readonly StatusChange[];
  stationStatuses: readonly StatusChange[];
  /** When outage is not held against it; they may overlap. */
  exclusions?: readonly Span[];
}>;

export const uptimeParts = [
  'up',
  'faulted',
  'unavailable',
  'no-connection',
  'excluded',
  'unknown',
] as const;
/**
 * `excluded`: outage that an operator has excluded. `unknown`: before the first connection, or before a
 * connector has said how it is.
 */
export type UptimePart = (typeof uptimeParts)[number];

/** How long each, in milliseconds; together they are the period. */
export type Uptime = Readonly<Record<UptimePart, number>>;

/** Connections that overlap or touch are one: a charger that was replaced was there. */
const union = (connections: readonly Span[]): Span[] => {
  const merged: Span[] = [];
  for (const span of [...connections].sort((one, two) => one.fromMs - two.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || span.fromMs > last.toMs) merged.push(span);
    else merged[merged.length - 1] = { ...last, toMs: Math.max(last.toMs, span.toMs) };
  }
  return merged;
};

const sorted = (changes: readonly StatusChange[]): StatusChange[] =>
  [...changes].sort((one, two) => one.atMs - two.atMs || (one.ordinal < two.ordinal ? -1 : 1));

/** Gives the value in force at instants that are asked in rising order. */
const follower = <T extends Readonly<{ atMs: number }>>(changes: readonly T[]) => {
  let next = 0;
  return (atMs: number): T | undefined => {
    for (let one = changes[next]; one !== undefined && one.atMs <= atMs; one = changes[next]) {
      next += 1;
    }
    return changes[next - 1];
  };
};

/** Pauses between connections that are longer than what a reconnect may take, as edges. */
const absences = (connections: readonly Span[], graceMs: number, lookedAtMs: number) =>
  union(connections).flatMap(({ fromMs, toMs }, index, all) => {
    const untilMs = all[index + 1]?.fromMs ?? Math.max(lookedAtMs, toMs);
    const here = { atMs: fromMs, isAway: false };
    return untilMs - toMs > graceMs ? [here, { atMs: toMs, isAway: true }] : [here];
  });

const partOf = (isAway: boolean | undefined, station?: string, connector?: string): UptimePart => {
  if (isAway === undefined) return 'unknown';
  if (isAway) return 'no-connection';
  if (station === 'Faulted' || connector === 'Faulted') return 'faulted';
  if (station === 'Unavailable' || connector === 'Unavailable') return 'unavailable';
  return connector === undefined ? 'unknown' : 'up';
};

/**
 * How long one connector was up in a period, and why it was not. A pause between connections counts
 * only when it is longer than the grace; then all of it does. It does not matter in which order the
 * facts are given.
 */
export const uptimeOf = (
  { fromMs, toMs }: Span,
  facts: UptimeFacts,
  { graceMs, lookedAtMs }: Readonly<{ graceMs: number; lookedAtMs: number }>,
): Uptime => {
  const away = absences(facts.connections, graceMs, lookedAtMs);
  const own = sorted(facts.statuses);
  const station = sorted(facts.stationStatuses);
  const exclusions = union(facts.exclusions ?? []).flatMap((span) => [
    { atMs: span.fromMs, isExcluded: true },
    { atMs: span.toMs, isExcluded: false },
  ]);
  const edges = [...away, ...own, ...station, ...exclusions]
    .map(({ atMs }) => atMs)
    .filter((atMs) => atMs > fromMs && atMs < toMs)
    .sort((one, two) => one - two);
  const [isAwayAt, ownAt, stationAt] = [follower(away), follower(own), follower(station)];
  const excludedAt = follower(exclusions);
  const uptime = {
    up: 0,
    faulted: 0,
    unavailable: 0,
    'no-connection': 0,
    excluded: 0,
    unknown: 0,
  };
  for (const [index, atMs] of [fromMs, ...edges].entries()) {
    const said = partOf(isAwayAt(atMs)?.isAway, stationAt(atMs)?.status, ownAt(atMs)?.status);
    const isOutage = said !== 'up' && said !== 'unknown';
    const part = isOutage && excludedAt(atMs)?.isExcluded === true ? 'excluded' : said;
    uptime[part] += (edges[index] ?? toMs) - atMs;
  }
  return uptime;
};

/**
 * Uptime in percent by 23 CFR 680.116(b)(3), with three digits, rounded down: the time that is not
 * outage of the time that is known; outage that is excluded is none. Undefined when nothing is known.
 */
export const uptimePercent = (uptime: Uptime): string | undefined => {
  const { up, faulted, unavailable, 'no-connection': away, excluded } = uptime;
  const knownMs = BigInt(up + faulted + unavailable + away + excluded);
  if (knownMs === 0n) return undefined;
  const thousandths = ((BigInt(up + excluded) * 100_000n) / knownMs).toString().padStart(4, '0');
  return `${thousandths.slice(0, -3)}.${thousandths.slice(-3)}`;
};
