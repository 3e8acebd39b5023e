import { rational } from '@tallywatt/money';
import fc from 'fast-check';
import type { RatedSession, RatingReport } from './index';
import {
  component,
  fromText,
  inputOf,
  reportOf,
  sessions,
  tariffOf,
  total,
} from './testing/drawn-sessions';

// Two sessions that follow each other at one instant, whichever, cost what the one would have.

const linear = tariffOf({
  elements: [
    {
      price_components: [
        component('ENERGY', 0.37),
        component('TIME', 1.3, 0, 7),
        component('PARKING_TIME', 4.2),
      ],
    },
  ],
});

type Cut = Readonly<{ whole: RatedSession; parts: readonly [RatedSession, RatedSession] }>;

/**
 * Cuts at any instant from start to end. The register there is on the straight line between its
 * neighbours, a fraction: all registers are multiplied so that it is a whole number.
 */
const cutAt = (session: RatedSession, atMs: number): Cut => {
  const { startMs, stopMs, meterStartMilliWh, meterStopMilliWh } = session;
  const points = [
    { atMs: startMs, register: meterStartMilliWh },
    ...session.readings.map((one) => ({ atMs: one.atMs, register: one.registerMilliWh ?? 0n })),
    { atMs: stopMs, register: meterStopMilliWh },
  ];
  const low = points.findLast((point) => point.atMs <= atMs) ?? points[0];
  const high = points.find((point) => point.atMs > atMs) ?? low;
  if (low === undefined || high === undefined) throw new Error('a session has a start and a stop');
  const span = BigInt(high.atMs - low.atMs || 1);
  const registerAt = low.register * span + (high.register - low.register) * BigInt(atMs - low.atMs);
  const whole = {
    ...session,
    meterStartMilliWh: meterStartMilliWh * span,
    meterStopMilliWh: meterStopMilliWh * span,
    readings: session.readings.map((one) => ({
      ...one,
      registerMilliWh: (one.registerMilliWh ?? 0n) * span,
    })),
  };
  const cutStopMs = Math.min(atMs, stopMs);
  const meterCut = atMs >= stopMs ? whole.meterStopMilliWh : registerAt;
  const first = { ...whole, stopMs: cutStopMs, endMs: atMs, meterStopMilliWh: meterCut };
  const later = { startMs: atMs, stopMs: Math.max(atMs, stopMs), meterStartMilliWh: meterCut };
  return { whole, parts: [first, { ...whole, ...later }] };
};

const cuts = sessions
  .chain(({ session }) =>
    fc.tuple(
      fc.constant(session),
      fc.oneof(
        fc.integer({ min: session.startMs, max: session.endMs }),
        fc.constantFrom(session.startMs, session.stopMs, session.endMs),
      ),
    ),
  )
  .map(([session, atMs]) => cutAt(session, atMs));

const check = (read: (report: RatingReport) => string): void =>
  fc.assert(
    fc.property(cuts, ({ whole, parts }) =>
      expect(total(parts.map((part) => read(reportOf(inputOf(linear, part)))))).toEqual(
        fromText(read(reportOf(inputOf(linear, whole)))),
      ),
    ),
    { numRuns: 300 },
  );

describe('a session that is cut anywhere, on a linear tariff', () => {
  it('costs the same with tax', () => check(({ totals }) => totals.inclTaxExact));

  it.each(['ENERGY', 'TIME', 'PARKING_TIME'] as const)('costs the same for %s', (dimension) =>
    check(({ totals }) => totals.byDimension[dimension]?.amountExact ?? '0'),
  );

  it('took the same energy', () => check(({ energyWhExact }) => energyWhExact));
});

describe('the quantities of a session', () => {
  it('are all of its energy and each of its seconds in one dimension of time', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const { lines } = reportOf(inputOf(linear, session));
        const sumOf = (...dimensions: string[]) =>
          total(
            lines
              .filter(({ dimension }) => dimensions.includes(dimension))
              .map(({ quantityExact }) => quantityExact),
          );
        const metered = session.meterStopMilliWh - session.meterStartMilliWh;
        expect(sumOf('ENERGY')).toEqual(rational(metered, 1_000_000n));
        const lastedMs = BigInt(session.endMs - session.startMs);
        expect(sumOf('TIME', 'PARKING_TIME')).toEqual(rational(lastedMs, 3_600_000n));
      }),
    ));
});
