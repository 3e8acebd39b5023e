import fc from 'fast-check';
import type { MeterPoint, RatedSession } from './index';
import { rate } from './index';
import { inputOf, reportOf, restless, sessions } from './testing/drawn-sessions';

// A session is a set of facts: in what order they came, and how often, is no fact of it.

/** Readings that contradict the others: other values for their instants, falls, other times. */
const contradictions = (session: RatedSession): fc.Arbitrary<MeterPoint[]> =>
  fc.array(
    fc
      .tuple(
        fc.constantFrom(
          session.startMs,
          session.stopMs,
          session.startMs - 1,
          session.endMs + 1,
          ...session.readings.map(({ atMs }) => atMs),
        ),
        fc.bigInt(-2_000n, 2_000n),
        fc.constantFrom('Sample.Clock', 'Sample.Periodic', undefined),
        fc.option(fc.bigInt(0n, 50_000_000n), { nil: undefined }),
      )
      .map(([atMs, more, context, powerMilliW]) => {
        const same = session.readings.find((reading) => reading.atMs === atMs);
        const register = (same?.registerMilliWh ?? session.meterStartMilliWh) + more;
        return { atMs, context, powerMilliW, registerMilliWh: register < 0n ? 0n : register };
      }),
    { maxLength: 4 },
  );

const mixed = <Fact>(facts: readonly Fact[]): fc.Arbitrary<Fact[]> =>
  fc.shuffledSubarray([...facts, ...facts], { minLength: facts.length * 2 });

describe('readings and states in any order, however often', () => {
  it('make the same report, or the same refusal', () =>
    fc.assert(
      fc.property(
        sessions.chain(({ session }) =>
          contradictions(session).chain((more) => {
            const readings = [...session.readings, ...more];
            return fc.record({
              session: fc.constant({ ...session, readings }),
              readings: mixed(readings),
              states: mixed(session.states ?? []),
            });
          }),
        ),
        ({ session, readings, states }) => {
          const told = { ...session, readings, states };
          expect(rate(inputOf(restless, told))).toEqual(rate(inputOf(restless, session)));
        },
      ),
      { numRuns: 300 },
    ));

  it('of readings without a register take nothing from the energy and add nothing', () =>
    fc.assert(
      fc.property(
        sessions,
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000_000 }), fc.boolean()), { maxLength: 6 }),
        ({ session }, batches) => {
          const silent = batches.map(([afterMs, onClock]): MeterPoint => ({
            atMs: session.startMs + afterMs,
            context: onClock ? 'Sample.Clock' : 'Sample.Periodic',
          }));
          const told = { ...session, readings: [...silent, ...session.readings] };
          expect(reportOf(inputOf(restless, told))).toEqual(reportOf(inputOf(restless, session)));
        },
      ),
    ));
});
