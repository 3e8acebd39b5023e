import type { TariffName } from './bench-tariffs';

/** A register as the charger said it. */
export type Reading = Readonly<{ atMs: number; wh: bigint }>;

/** What was delivered, as the charger's own meter and clock have it. */
export type Delivery = Readonly<{
  tariff: TariffName;
  isMember: boolean;
  /** All readings in order of time; the first is of the start, the last of the stop. */
  readings: readonly Reading[];
  /** When the connector was free again: the end of idle time. */
  availableAtMs: number;
}>;

/** A non-negative fraction of minor units. */
type Fraction = Readonly<{ over: bigint; under: bigint }>;

const minor = (over: bigint, under: bigint): Fraction => ({ over, under });

const plus = (one: Fraction, other: Fraction): Fraction => ({
  over: one.over * other.under + other.over * one.under,
  under: one.under * other.under,
});

/** Half away from zero, which is up: nothing here is negative. */
const rounded = ({ over, under }: Fraction): bigint => (2n * over + under) / (2n * under);

const cent = { dayKwh: 49n, nightKwh: 35n, kwh: 45n, session: 50n, idleHour: 600n };
const graceMs = 600_000;
const hourMs = 3_600_000;

/** Berlin in summer, which is when the bench's sessions are. */
const localOffsetMs = 2 * hourMs;
const summerFromMs = Date.parse('2025-03-30T01:00:00Z');
const summerUntilMs = Date.parse('2025-10-26T01:00:00Z');

const isDay = (atMs: number): boolean => {
  if (atMs < summerFromMs || atMs >= summerUntilMs) {
    throw new RangeError(`${new Date(atMs).toISOString()} is not in the summer of 2025`);
  }
  const hour = Math.floor((atMs + localOffsetMs) / hourMs) % 24;
  return hour >= 7 && hour < 21;
};

/** The Wh between two readings, cut at 7 and 21 along the straight line between them. */
const cutAtBoundaries = (
  from: Reading,
  to: Reading,
): readonly Readonly<{ isDay: boolean; wh: Fraction }>[] => {
  const parts: { isDay: boolean; wh: Fraction }[] = [];
  const spanMs = BigInt(to.atMs - from.atMs);
  for (let atMs = from.atMs; atMs < to.atMs;) {
    const day = isDay(atMs);
    let endMs = (Math.floor(atMs / hourMs) + 1) * hourMs;
    while (endMs < to.atMs && isDay(endMs) === day) endMs += hourMs;
    endMs = Math.min(endMs, to.atMs);
    parts.push({ isDay: day, wh: minor((to.wh - from.wh) * BigInt(endMs - atMs), spanMs) });
    atMs = endMs;
  }
  return parts;
};

/** Each stretch of one price is a line of its own. */
const dayNightLines = (readings: readonly Reading[]): Fraction[] => {
  const stretches: { isDay: boolean; wh: Fraction }[] = [];
  readings.slice(1).forEach((to, index) => {
    for (const part of cutAtBoundaries(readings[index] as Reading, to)) {
      const last = stretches.at(-1);
      if (last?.isDay === part.isDay) last.wh = plus(last.wh, part.wh);
      else stretches.push({ ...part });
    }
  });
  return stretches.map(({ isDay: day, wh }) =>
    minor(wh.over * (day ? cent.dayKwh : cent.nightKwh), wh.under * 1_000n),
  );
};

export const deliveredWh = (readings: readonly Reading[]): bigint =>
  (readings.at(-1)?.wh ?? 0n) - (readings[0]?.wh ?? 0n);

/** Lines that a member's discount is taken from, and those that it is not. */
const linesOf = ({ tariff, readings, availableAtMs }: Delivery): [Fraction[], Fraction[]] => {
  const wh = deliveredWh(readings);
  switch (tariff) {
    case 'free':
      return [[], []];
    case 'flat':
      return [[minor(wh * cent.kwh, 1_000n), minor(cent.session, 1n)], []];
    case 'dayNight':
      return [dayNightLines(readings), []];
    case 'idle': {
      const stoppedAtMs = readings.at(-1)?.atMs ?? availableAtMs;
      const idleMs = Math.max(0, availableAtMs - stoppedAtMs - graceMs);
      return [
        [minor(wh * cent.kwh, 1_000n)],
        [minor(BigInt(idleMs) * cent.idleHour, BigInt(hourMs))],
      ];
    }
  }
};

/**
 * What a session costs with tax, in minor units, by plain arithmetic from the tariff's text: each
 * line is rounded once, ten percent off for members, 19 % tax on the sum. Nothing of it is shared
 * with the code it judges.
 */
export const expectedTotalMinor = (delivery: Delivery): bigint => {
  const [discounted, others] = linesOf(delivery);
  const linesMinor = [...discounted, ...others].map(rounded).reduce((sum, line) => sum + line, 0n);
  const exact = discounted.reduce(plus, minor(0n, 1n));
  const discountMinor = delivery.isMember ? rounded(minor(exact.over, exact.under * 10n)) : 0n;
  const netMinor = linesMinor - discountMinor;
  return netMinor + rounded(minor(netMinor * 19n, 100n));
};

/** What is held at the start: 50.00 EUR, the standard of the authorization service. */
export const holdMinor = 5_000n;
