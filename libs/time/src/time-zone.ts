import { formatInTimeZone } from 'date-fns-tz';

/** A name the runtime's time zone data does not know. */
export class UnknownTimeZone extends Error {
  readonly code = 'unknown-time-zone';

  constructor(readonly zone: string) {
    super(`${JSON.stringify(zone)} is not an IANA time zone`);
    this.name = 'UnknownTimeZone';
  }
}

/** From `atMs` on the local clock is `offsetAfterMs` ahead of UTC, before it `offsetBeforeMs`. */
export type OffsetTransition = Readonly<{
  atMs: number;
  offsetBeforeMs: number;
  offsetAfterMs: number;
}>;

const known = new Map<string, boolean>();

/** Whether the name is an IANA zone of this runtime. Bare offsets like `+01:00` are not zones. */
export const isTimeZone = (zone: string): boolean => {
  const remembered = known.get(zone);
  if (remembered !== undefined) return remembered;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,40}$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    return false;
  }
  // Only zones are remembered, so the map is bounded by the time zone data.
  known.set(zone, true);
  return true;
};

const dataVersion = process.versions['tz'] ?? 'unknown';

/** Version of the IANA data this runtime applies, e.g. `2025b`. */
export const timeZoneDataVersion = (): string => dataVersion;

type OffsetYear = Readonly<{ startOffsetMs: number; transitions: readonly OffsetTransition[] }>;

const offsetYears = new Map<string, Map<number, OffsetYear>>();
const probeStepMs = 12 * 3_600_000;

type OffsetStretch = Readonly<{ zone: string; fromMs: number; toMs: number; offsetMs: number }>;

// Neighbouring questions are nearly always about one session: one place, between two changes.
let lastStretch: OffsetStretch = { zone: '', fromMs: 0, toMs: 0, offsetMs: 0 };

/** Milliseconds the local clock is ahead of UTC at an instant. Throws UnknownTimeZone. */
export const zoneOffsetMs = (epochMs: number, zone: string): number =>
  stretchAt(epochMs, zone).offsetMs;

const stretchAt = (epochMs: number, zone: string): OffsetStretch => {
  if (zone !== lastStretch.zone || epochMs < lastStretch.fromMs || epochMs >= lastStretch.toMs) {
    lastStretch = offsetStretch(epochMs, zone);
  }
  return lastStretch;
};

const offsetStretch = (epochMs: number, zone: string): OffsetStretch => {
  const year = new Date(epochMs).getUTCFullYear();
  const { startOffsetMs, transitions } = offsetYear(year, zone);
  let stretch = { zone, fromMs: Date.UTC(year, 0, 1), toMs: 0, offsetMs: startOffsetMs };
  for (const { atMs, offsetAfterMs } of transitions) {
    if (atMs > epochMs) return { ...stretch, toMs: atMs };
    stretch = { ...stretch, fromMs: atMs, offsetMs: offsetAfterMs };
  }
  return { ...stretch, toMs: Date.UTC(year + 1, 0, 1) };
};

/** Changes of offset in [fromMs, toMs), oldest first. Throws UnknownTimeZone. */
export const zoneOffsetTransitions = (
  fromMs: number,
  toMs: number,
  zone: string,
): OffsetTransition[] => {
  const found: OffsetTransition[] = [];
  const stretch = stretchAt(fromMs, zone);
  if (fromMs > stretch.fromMs && toMs <= stretch.toMs) return found;
  const lastYear = new Date(toMs).getUTCFullYear();
  for (let year = new Date(fromMs).getUTCFullYear(); year <= lastYear; year += 1) {
    for (const transition of offsetYear(year, zone).transitions) {
      if (transition.atMs >= fromMs && transition.atMs < toMs) found.push(transition);
    }
  }
  return found;
};

// A look-up in the time zone data costs microseconds, so each zone and year is searched once.
const offsetYear = (year: number, zone: string): OffsetYear => {
  const remembered = offsetYears.get(zone)?.get(year);
  if (remembered !== undefined) return remembered;
  if (!isTimeZone(zone)) throw new UnknownTimeZone(zone);
  const startMs = Date.UTC(year, 0, 1);
  const endMs = Date.UTC(year + 1, 0, 1);
  const transitions: OffsetTransition[] = [];
  // The change on the first instant of a year belongs to that year.
  let offsetBeforeMs = lookUpOffsetMs(startMs - 1000, zone);
  let beforeMs = startMs - 1000;
  const startOffsetMs = offsetBeforeMs;
  for (let probeMs = startMs; beforeMs < endMs - 1000; probeMs += probeStepMs) {
    const afterMs = Math.min(probeMs, endMs - 1000);
    const offsetAfterMs = lookUpOffsetMs(afterMs, zone);
    if (offsetAfterMs !== offsetBeforeMs) {
      const atMs = bisect(beforeMs, afterMs, zone, offsetBeforeMs);
      transitions.push({ atMs, offsetBeforeMs, offsetAfterMs });
    }
    offsetBeforeMs = offsetAfterMs;
    beforeMs = afterMs;
  }
  const found = { startOffsetMs, transitions };
  const years = offsetYears.get(zone) ?? new Map<number, OffsetYear>();
  if (years.size >= maxRememberedYears) years.clear();
  offsetYears.set(zone, years.set(year, found));
  return found;
};

const maxRememberedYears = 100;

// Offsets change on whole seconds.
const bisect = (lowMs: number, highMs: number, zone: string, offsetLowMs: number): number => {
  let low = lowMs / 1000;
  let high = highMs / 1000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (lookUpOffsetMs(middle * 1000, zone) === offsetLowMs) low = middle;
    else high = middle;
  }
  return high * 1000;
};

// formatInTimeZone is the one function of date-fns-tz that is right on every instant, provided the
// process itself runs in UTC; its own getTimezoneOffset is wrong around each change.
const lookUpOffsetMs = (epochMs: number, zone: string): number => {
  const local = formatInTimeZone(new Date(epochMs), zone, "yyyy-MM-dd'T'HH:mm:ss");
  return Date.parse(`${local}Z`) - epochMs;
};
