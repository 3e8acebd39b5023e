import {
  fault,
  listAt,
  objectAt,
  textAt,
  wordAt,
  type Findings,
  type MeterPoint,
  type Occupancy,
  type OccupancySpan,
} from '@tallywatt/tariffs';
import {
  decimalAt,
  instantAt,
  optional,
  registerAt,
  warnOfUnread,
  wholeUnits,
} from './quote-fields';

/** A reading of a quoted session always has a register. */
export type QuoteReading = MeterPoint & Readonly<{ registerMilliWh: bigint }>;

/** A session as its author described it. */
export type QuoteSession = Readonly<{
  startMs: number;
  endMs: number;
  readings: readonly QuoteReading[];
  /** None: charging until the last energy, idle from there. */
  states: readonly QuoteState[];
}>;

/** With its place in the list, for faults. */
export type QuoteState = OccupancySpan & Readonly<{ index: number }>;

// The last one is ours: a reservation that its driver let expire, should the session not tell.
const occupancies: readonly Occupancy[] = [
  'charging',
  'suspended-ev',
  'suspended-evse',
  'idle',
  'reserved',
  'reservation-expired',
];

/** The session of a quote, or undefined after its faults. */
export const parseQuoteSession = (value: unknown, findings: Findings): QuoteSession | undefined => {
  const path = '$.session';
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  warnOfUnread(json, path, ['start', 'end', 'readings', 'states'], findings);
  const startMs = instantAt(json['start'], `${path}.start`, findings);
  const endMs = instantAt(json['end'], `${path}.end`, findings);
  const readings = parseReadings(json['readings'], `${path}.readings`, findings);
  const states = optional(json['states'], (list) => parseStates(list, `${path}.states`, findings));
  if (startMs === undefined || endMs === undefined) return undefined;
  if (endMs < startMs) {
    return fault(findings, `${path}.end`, 'expected an instant at or after $.session.start');
  }
  const session = { startMs, endMs, readings, states: states ?? [] };
  checkReservations(session, findings);
  return session;
};

const parseReadings = (value: unknown, path: string, findings: Findings): QuoteReading[] =>
  (listAt(value, path, findings) ?? []).flatMap((entry, index): QuoteReading[] => {
    const at = `${path}[${index}]`;
    const json = objectAt(entry, at, findings);
    if (json === undefined) return [];
    warnOfUnread(json, at, ['at', 'registerWh', 'powerKw', 'currentA', 'context'], findings);
    const atMs = instantAt(json['at'], `${at}.at`, findings);
    const registerMilliWh = registerAt(json['registerWh'], `${at}.registerWh`, findings);
    const power = optional(json['powerKw'], (kw) => decimalAt(kw, `${at}.powerKw`, findings));
    const current = optional(json['currentA'], (a) => decimalAt(a, `${at}.currentA`, findings));
    const context = optional(json['context'], (c) => textAt(c, `${at}.context`, findings, 40));
    if (atMs === undefined || registerMilliWh === undefined) return [];
    const reading = {
      atMs,
      registerMilliWh,
      powerMilliW: power && wholeUnits(power, 6),
      currentMilliA: current && wholeUnits(current, 3),
      // Whoever writes a register beside an instant says that it was read then.
      context: context ?? 'Sample.Clock',
    };
    return [reading];
  });

const parseStates = (value: unknown, path: string, findings: Findings): QuoteState[] =>
  (listAt(value, path, findings) ?? []).flatMap((entry, index): QuoteState[] => {
    const at = `${path}[${index}]`;
    const json = objectAt(entry, at, findings);
    if (json === undefined) return [];
    warnOfUnread(json, at, ['from', 'to', 'state'], findings);
    const fromMs = instantAt(json['from'], `${at}.from`, findings);
    const toMs = instantAt(json['to'], `${at}.to`, findings);
    const state = wordAt(json['state'], `${at}.state`, findings, occupancies);
    if (fromMs === undefined || toMs === undefined || state === undefined) return [];
    if (toMs < fromMs) {
      return fault(findings, `${at}.to`, `expected an instant at or after ${at}.from`) ?? [];
    }
    return [{ fromMs, toMs, state, index }];
  });

export const isReservation = ({ state }: OccupancySpan): boolean =>
  state === 'reserved' || state === 'reservation-expired';

/** Where charging can begin: after the reservation, if there is one. */
export const chargingStartMs = ({ startMs, endMs, states }: QuoteSession): number =>
  states.reduce(
    (latestMs, span) =>
      isReservation(span) ? Math.max(latestMs, Math.min(span.toMs, endMs)) : latestMs,
    startMs,
  );

// A reservation comes before charging. One in the middle of a session means two sessions.
const checkReservations = (session: QuoteSession, findings: Findings): void => {
  const fromMs = chargingStartMs(session);
  let reservedUntilMs = session.startMs;
  const ordered = [...session.states].sort((left, right) => left.fromMs - right.fromMs);
  for (const span of ordered) {
    const path = `$.session.states[${span.index}].from`;
    if (isReservation(span)) {
      if (span.fromMs > reservedUntilMs) {
        fault(findings, path, 'expected the reservation to come before everything else');
      }
      reservedUntilMs = Math.max(reservedUntilMs, span.toMs);
    } else if (span.fromMs < fromMs && span.toMs > span.fromMs && fromMs > session.startMs) {
      fault(findings, path, 'expected no other state before the reservation has ended');
    }
  }
};
