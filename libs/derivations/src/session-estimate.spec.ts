import type { SessionCostEstimated, SessionEvent } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import fc from 'fast-check';
import type { PinnedTariff } from './pinned-tariff';
import { ratedSession, type IssueCdr } from './rated-session';
import { estimatesTheSame, sessionEstimate, type SessionEstimate } from './session-estimate';
import {
  closed,
  component,
  contentHash,
  dayAndEvening,
  decided,
  drawing,
  flatEnergy,
  identity,
  issue,
  quarantined,
  reading,
  released,
  started,
  stateChanged,
  stopped,
  tariffOf,
  tariffReference,
  withIdleFee,
} from './testing/charging-story';

const estimateOf = ({ pinned }: IssueCdr, ...history: SessionEvent[]): SessionEstimate =>
  sessionEstimate(fold(ratedSession, history), pinned, BigInt(history.length));

const estimated = (command: IssueCdr, ...history: SessionEvent[]): SessionCostEstimated => {
  const found = estimateOf(command, ...history);
  if (found.kind === 'none') throw new Error(`${found.reason}: ${found.detail}`);
  return found.estimate;
};

describe('a running session', () => {
  it('costs what its newest reading says, with everything a display needs', () =>
    // 3 kWh x 0.50 = 1.50, and 19 % of it 0.285
    expect(
      estimated(flatEnergy, started(), reading('2026-06-01T13:50:00.000Z', 1_003_000_000n)),
    ).toEqual({
      type: 'SessionCostEstimated',
      ...identity,
      chargePointId: 'CP-1',
      connectorId: 1,
      tariff: tariffReference,
      asOf: '2026-06-01T13:50:00.000Z',
      sessionSequence: 2n,
      energyMilliWh: 3_000_000n,
      chargingSeconds: 1200n,
      parkingSeconds: 0n,
      currency: 'EUR',
      totalExclTaxMinor: 150n,
      totalTaxMinor: 29n,
      totalInclTaxMinor: 179n,
      ratingPolicyId: 'ocpi-2.2.1/tallywatt-1',
      roundingPolicyId: 'half-away-from-zero/line-1',
      interpolationPolicyId: 'linear-register/1',
    }));

  it('is split at a time-of-use boundary as its CDR will be', () => {
    // 3 kWh by 15:50, 6 by 16:05 local: 5 kWh x 0.40 + 1 kWh x 0.60
    const readings = [
      reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
      reading('2026-06-01T14:05:00.000Z', 1_006_000_000n),
    ];
    expect(estimated(dayAndEvening, started(), ...readings).totalExclTaxMinor).toBe(260n);
  });

  it('costs something else when a reading from before its newest one arrives late', () => {
    const newest = reading('2026-06-01T14:05:00.000Z', 1_006_000_000n);
    const before = estimated(dayAndEvening, started(), newest);
    const after = estimated(
      dayAndEvening,
      started(),
      newest,
      reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
    );
    // A straight line from 15:30 to 16:05 has 36/7 kWh by 16:00: 36/7 x 0.40 + 6/7 x 0.60
    expect(before.totalExclTaxMinor).toBe(257n);
    expect(after).toMatchObject({ asOf: before.asOf, totalExclTaxMinor: 260n });
  });

  it('takes no energy from a reading that cannot be right', () =>
    expect(
      estimated(
        flatEnergy,
        started(),
        reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
        reading('2026-06-01T13:55:00.000Z', 1_900_000_000n, 'meter-jumped'),
      ),
    ).toMatchObject({ asOf: '2026-06-01T13:50:00.000Z', energyMilliWh: 3_000_000n }));

  it('owes idle time as far as facts reach, whoever waits', () => {
    // 3 kWh x 0.50; idle from 14:00, less 10 minutes of grace, at 6.00 per hour
    const idle = [
      started(),
      reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
      stateChanged('2026-06-01T14:00:00.000Z', 'SuspendedEV'),
    ];
    expect(estimated(withIdleFee, ...idle)).toMatchObject({
      totalExclTaxMinor: 150n,
      parkingSeconds: 0n,
    });
    const later = reading('2026-06-01T14:30:00.000Z', 1_003_000_000n);
    expect(estimated(withIdleFee, ...idle, later)).toMatchObject({
      totalExclTaxMinor: 350n,
      parkingSeconds: 1800n,
    });
  });

  it('is not estimated while something of it is doubted, and is again when that is over', () => {
    const read = reading('2026-06-01T13:50:00.000Z', 1_003_000_000n);
    const doubted = [started(), read, quarantined('meter-jumped')];
    expect(estimateOf(flatEnergy, ...doubted)).toEqual({
      kind: 'none',
      reason: 'meter-jumped',
      detail: 'because of meter-jumped',
    });
    const { totalExclTaxMinor } = estimated(flatEnergy, ...doubted, released('meter-jumped'));
    expect(totalExclTaxMinor).toBe(150n);
  });

  it('is not estimated where its price would be refused', () => {
    // A fall may be a reset or a bad sample: the next reading tells.
    const fallen = [
      started(),
      reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
      reading('2026-06-01T13:55:00.000Z', 1_001_000_000n),
    ];
    expect(estimateOf(flatEnergy, ...fallen)).toMatchObject({
      kind: 'none',
      reason: 'meter-ran-backwards',
    });
    const noTariff: IssueCdr = { ...flatEnergy, pinned: { kind: 'none' } };
    expect(estimateOf(noTariff, started())).toMatchObject({ reason: 'tariff-unknown' });
    const other: PinnedTariff = { kind: 'unreadable', contentHash, detail: 'no elements' };
    expect(estimateOf({ ...flatEnergy, pinned: other }, started())).toMatchObject({
      reason: 'tariff-unreadable',
    });
  });

  it('says that what is included has not come off yet', () => {
    const read = reading('2026-06-01T13:50:00.000Z', 1_003_000_000n);
    const member = estimated(flatEnergy, started({ decision: drawing }), read);
    expect(member).toMatchObject({ totalExclTaxMinor: 150n, beforeIncludedEnergy: true });
    expect(estimated(flatEnergy, started(), read)).not.toHaveProperty('beforeIncludedEnergy');
  });

  it('is not estimated before it starts', () =>
    expect(estimateOf(flatEnergy)).toMatchObject({ reason: 'session-unknown' }));
});

describe('a stopped session', () => {
  it('parks as long as a state says that the vehicle is there', () => {
    const history = [started(), stopped];
    expect(estimated(withIdleFee, ...history)).toMatchObject({
      asOf: '2026-06-01T14:40:00.000Z',
      parkingSeconds: 0n,
      totalExclTaxMinor: 600n,
    });
    // 14:40 to 15:10 less the grace: 6.00 + 20 minutes at 6.00 per hour
    const there = stateChanged('2026-06-01T15:10:00.000Z', 'SuspendedEV');
    expect(estimated(withIdleFee, ...history, there)).toMatchObject({
      asOf: '2026-06-01T15:10:00.000Z',
      parkingSeconds: 1800n,
      totalExclTaxMinor: 800n,
    });
  });

  it('does not park because its meter is still read', () => {
    const after = reading('2026-06-01T15:10:00.000Z', 1_012_000_000n);
    expect(estimated(withIdleFee, started(), stopped, after)).toMatchObject({
      asOf: '2026-06-01T14:40:00.000Z',
      parkingSeconds: 0n,
    });
  });

  it('has a price and no estimate once it is closed', () =>
    expect(estimateOf(flatEnergy, started(), stopped, closed())).toEqual({
      kind: 'none',
      reason: 'session-closed',
      detail: 'the session was closed at 2026-06-01T14:40:00.000Z',
    }));
});

describe('two estimates', () => {
  const one = estimated(flatEnergy, started(), stopped);
  it('tell the same when only the fact they rest on differs', () =>
    expect(
      estimatesTheSame(one, { ...one, sessionSequence: 9n, asOf: '2026-06-01T15:00:00.000Z' }),
    ).toBe(true));
  it.each([
    { energyMilliWh: 1n },
    { chargingSeconds: 1n },
    { parkingSeconds: 1n },
    { totalExclTaxMinor: 1n },
    { totalTaxMinor: 1n },
  ])('tell different things when %o differs', (change) =>
    expect(estimatesTheSame(one, { ...one, ...change })).toBe(false),
  );
});

const startMs = parseInstant('2026-06-01T13:30:00.000Z');
const everyKindOfPrice = issue(
  tariffOf(
    [
      {
        price_components: [component('ENERGY', 0.61)],
        restrictions: { start_time: '16:00', end_time: '20:00' },
      },
      {
        price_components: [
          component('ENERGY', 0.39),
          component('TIME', 1.3),
          component('PARKING_TIME', 6),
          component('FLAT', 0.7),
        ],
      },
    ],
    { idle_grace_seconds: 300 },
  ),
);

/** A session by the minute: readings that rise, states, a stop after all of them. */
const chargedSessions = fc
  .record({
    steps: fc.array(
      fc.record({
        minutes: fc.integer({ min: 1, max: 45 }),
        milliWh: fc.bigInt({ min: 0n, max: 5_000_000n }),
        state: fc.constantFrom('Charging', 'SuspendedEV', 'SuspendedEVSE', undefined),
      }),
      { maxLength: 8 },
    ),
    lastMinutes: fc.integer({ min: 1, max: 60 }),
    lastMilliWh: fc.bigInt({ min: 0n, max: 5_000_000n }),
  })
  .map(({ steps, lastMinutes, lastMilliWh }) => {
    let atMs = startMs;
    let register = 1_000_000_000n;
    const readings: SessionEvent[] = [];
    const states: SessionEvent[] = [];
    for (const { minutes, milliWh, state } of steps) {
      atMs += minutes * 60_000;
      register += milliWh;
      readings.push(reading(instantFromEpochMs(atMs), register));
      if (state !== undefined) states.push(stateChanged(instantFromEpochMs(atMs + 7), state));
    }
    const stoppedAt = instantFromEpochMs(atMs + lastMinutes * 60_000);
    const stop: SessionEvent = {
      type: 'SessionStopped',
      ...identity,
      stoppedAt,
      meterStopMilliWh: register + lastMilliWh,
      stopReason: 'Local',
    };
    const close: SessionEvent = {
      type: 'SessionClosed',
      ...identity,
      closedAt: stoppedAt,
      closedBy: 'stop',
    };
    return { readings, states, stop, close };
  });

describe('for any session', () => {
  const tariffs = fc.constantFrom(flatEnergy, dayAndEvening, withIdleFee, everyKindOfPrice);

  it('the last estimate before its stop closes it is what its CDR says', () =>
    fc.assert(
      fc.property(chargedSessions, tariffs, ({ readings, states, stop, close }, command) => {
        const running = [started(), ...readings, ...states, stop];
        const last = estimated(command, ...running);
        const cdr = decided(command, ...running, close);
        expect(cdr).toMatchObject({
          type: 'CdrIssued',
          closedAt: last.asOf,
          energyMilliWh: last.energyMilliWh,
          chargingSeconds: last.chargingSeconds,
          parkingSeconds: last.parkingSeconds,
          totalExclTaxMinor: last.totalExclTaxMinor,
          totalTaxMinor: last.totalTaxMinor,
          totalInclTaxMinor: last.totalInclTaxMinor,
        });
      }),
    ));

  it('an estimate does not depend on the order or repetition of its readings', () =>
    fc.assert(
      fc.property(
        chargedSessions.chain(({ readings, states }) =>
          fc.record({
            readings: fc.constant(readings),
            states: fc.constant(states),
            shuffled: fc.shuffledSubarray([...readings, ...readings], {
              minLength: readings.length * 2,
            }),
          }),
        ),
        tariffs,
        ({ readings, states, shuffled }, command) => {
          const inOrder = estimated(command, started(), ...states, ...readings);
          const otherwise = estimated(command, started(), ...shuffled, ...states);
          expect({ ...otherwise, sessionSequence: 0n }).toEqual({
            ...inOrder,
            sessionSequence: 0n,
          });
        },
      ),
    ));
});
