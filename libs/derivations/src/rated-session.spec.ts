import type { CdrEvent, SessionEvent } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { decimalFromString } from '@tallywatt/money';
import { timeZoneDataVersion } from '@tallywatt/time';
import fc from 'fast-check';
import { cdrIdOf } from './cdr';
import type { PinnedTariff } from './pinned-tariff';
import { ratedSession } from './rated-session';
import { progressOf } from './session-progress';
import {
  berlin,
  closed,
  component,
  contentHash,
  dayAndEvening,
  decided,
  decision,
  flatEnergy,
  given,
  identity,
  issueBy,
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

describe('a closed session', () => {
  it('gets one CDR that says everything its price rests on', () =>
    // 12 kWh x 0.50 = 6.00, and 19 % of it 1.14
    given(started(), stopped, closed())
      .when(flatEnergy)
      .then({
        type: 'CdrIssued',
        ...identity,
        cdrId: cdrIdOf(identity.cpoId, identity.sessionId),
        chargePointId: 'CP-1',
        connectorId: 1,
        location: berlin,
        tokenRef: 'token-1',
        tier: 'retail',
        paymentRoute: 'card',
        tariff: tariffReference,
        startedAt: '2026-06-01T13:30:00.000Z',
        stoppedAt: '2026-06-01T14:40:00.000Z',
        closedAt: '2026-06-01T14:40:00.000Z',
        energyMilliWh: 12_000_000n,
        chargingSeconds: 4200n,
        parkingSeconds: 0n,
        currency: 'EUR',
        lines: [
          {
            dimension: 'ENERGY',
            quantity: '12',
            unit: 'kWh',
            unitPrice: { unscaled: 5n, scale: 1 },
            amountExact: '6',
            amountMinor: 600n,
            taxRatePercent: { unscaled: 19n, scale: 0 },
            tariffElementIndex: 0,
            fromAt: '2026-06-01T13:30:00.000Z',
            toAt: '2026-06-01T14:40:00.000Z',
            fromBoundary: 'measured',
            toBoundary: 'measured',
            explanation: expectedExplanation(),
          },
        ],
        taxes: [{ ratePercent: { unscaled: 19n, scale: 0 }, taxableMinor: 600n, taxMinor: 114n }],
        totalExclTaxMinor: 600n,
        totalTaxMinor: 114n,
        totalInclTaxMinor: 714n,
        ratingPolicyId: 'ocpi-2.2.1/tallywatt-1',
        roundingPolicyId: 'half-away-from-zero/line-1',
        interpolationPolicyId: 'linear-register/1',
        timeZoneDataVersion: timeZoneDataVersion(),
      }));

  it('is split at a time-of-use boundary where its meter stood by a straight line', () => {
    // 5 kWh x 0.40 + 7 kWh x 0.60 = 6.20
    const readings = [
      reading('2026-06-01T14:05:00.000Z', 1_006_000_000n),
      reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
    ];
    const cdr = decided(dayAndEvening, started(), ...readings, stopped, closed());
    expect(cdr).toMatchObject({
      type: 'CdrIssued',
      totalExclTaxMinor: 620n,
      totalTaxMinor: 118n,
      lines: [
        { quantity: '5', amountMinor: 200n, toBoundary: 'interpolated' },
        { quantity: '7', amountMinor: 420n, fromBoundary: 'interpolated' },
      ],
    });
  });

  it('does not interpolate from a reading that cannot be right', () => {
    // Without it a straight line: 30 of 70 minutes are 12 x 3/7 kWh = 36/7 kWh.
    const odd = reading('2026-06-01T13:50:00.000Z', 1_011_000_000n, 'meter-jumped');
    const cdr = decided(dayAndEvening, started(), odd, stopped, closed());
    expect(cdr).toMatchObject({ lines: [{ quantity: '36/7' }, { quantity: '48/7' }] });
  });

  it('owes idle time after the grace, until it is closed', () => {
    // 12 kWh x 0.50 + (25.5 - 10 minutes) x 6.00 per hour = 6.00 + 1.55
    const cdr = decided(withIdleFee, started(), stopped, closed('2026-06-01T15:05:30.000Z'));
    expect(cdr).toMatchObject({ totalExclTaxMinor: 755n, parkingSeconds: 1530n });
  });

  it('owes idle time from when its vehicle took no more, and none while the station paused', () => {
    // 14:00 to 14:40 idle by the vehicle, less 10 minutes of grace: 6.00 + 3.00
    const idle = decided(
      withIdleFee,
      started(),
      stateChanged('2026-06-01T14:00:00.000Z', 'SuspendedEV'),
      stopped,
      closed(),
    );
    expect(idle).toMatchObject({ totalExclTaxMinor: 900n, parkingSeconds: 2400n });
    const paused = decided(
      withIdleFee,
      started(),
      stateChanged('2026-06-01T14:20:00.000Z', 'EVConnected'),
      stateChanged('2026-06-01T14:00:00.000Z', 'SuspendedEVSE'),
      stopped,
      closed(),
    );
    expect(paused).toMatchObject({ totalExclTaxMinor: 600n, parkingSeconds: 0n });
  });

  it('gives a member the discount of the decision, as a line of its own', () => {
    const member = { ...decision, tier: 'gold', discountPercent: decimalFromString('15') };
    const cdr = decided(flatEnergy, started({ decision: member }), stopped, closed());
    expect(cdr).toMatchObject({
      tier: 'gold',
      totalExclTaxMinor: 510n,
      lines: [{ amountMinor: 600n }, { dimension: 'DISCOUNT', amountMinor: -90n }],
    });
  });
});

const expectedExplanation = (): string => {
  const cdr = decided(flatEnergy, started(), stopped, closed());
  const explanation = cdr.type === 'CdrIssued' ? cdr.lines[0]?.explanation : undefined;
  expect(explanation).toContain('12 kWh');
  return explanation ?? '';
};

describe('a closed session that cannot be priced', () => {
  it('is withheld without a tariff, with the hold as the money at risk', () => {
    const { tariff: _, ...undecided } = decision;
    given(started({ decision: undecided }), stopped, closed())
      .when(issueBy({ kind: 'none' }))
      .then({
        type: 'CdrWithheld',
        ...identity,
        reason: 'tariff-unknown',
        detail: 'the decision at the start names no tariff',
        energyMilliWh: 12_000_000n,
        moneyAtRisk: { amountMinor: 5000n, currency: 'EUR' },
      });
  });

  it('is withheld under its quarantine, with what it would have cost', () =>
    given(started(), quarantined('token-not-accepted'), stopped, closed())
      .when(flatEnergy)
      .then({
        type: 'CdrWithheld',
        ...identity,
        reason: 'token-not-accepted',
        detail: 'because of token-not-accepted',
        energyMilliWh: 12_000_000n,
        moneyAtRisk: { amountMinor: 714n, currency: 'EUR' },
      }));

  it('claims neither energy nor an estimate from a meter that is not believed', () =>
    given(started(), stopped, quarantined('meter-jumped'), closed())
      .when(flatEnergy)
      .then({
        type: 'CdrWithheld',
        ...identity,
        reason: 'meter-jumped',
        detail: 'because of meter-jumped',
        moneyAtRisk: { amountMinor: 5000n, currency: 'EUR' },
      }));

  it('leaves the money at risk out when nothing says how much it is', () => {
    const { hold: _, ...unheld } = decision;
    const cdr = decided(
      flatEnergy,
      started({ decision: unheld }),
      stopped,
      quarantined('meter-jumped'),
      closed(),
    );
    expect(cdr).not.toHaveProperty('moneyAtRisk');
  });

  const other: PinnedTariff = {
    kind: 'found',
    contentHash: 'b'.repeat(64),
    tariff: tariffOf([{ price_components: [component('ENERGY', 9)] }]),
  };
  it.each<[string, PinnedTariff]>([
    ['tariff-hash-differs', other],
    ['tariff-unreadable', { kind: 'unreadable', contentHash, detail: 'no elements' }],
  ])('is withheld as %p when the tariff is not what was decided on', (reason, pinned) =>
    expect(decided(issueBy(pinned), started(), stopped, closed())).toMatchObject({
      type: 'CdrWithheld',
      reason,
    }),
  );

  it('is withheld with the reason of the rating function', () => {
    const yen = { ...berlin, currency: 'JPY' };
    const cdr = decided(flatEnergy, started({ location: yen }), stopped, closed());
    expect(cdr).toMatchObject({ type: 'CdrWithheld', reason: 'currency-mismatch' });
  });

  it('is withheld when nobody said where its meter stopped', () =>
    expect(decided(flatEnergy, started(), closed())).toMatchObject({ reason: 'stop-unknown' }));
});

describe('a withheld session', () => {
  const history = [started(), quarantined('token-not-accepted'), stopped, closed()];
  const withheld = decided(flatEnergy, ...history);

  it('gets its CDR when it is released', () =>
    expect(decided(flatEnergy, ...history, withheld, released('token-not-accepted'))).toMatchObject(
      { type: 'CdrIssued', totalInclTaxMinor: 714n },
    ));

  it('is not withheld twice for the same reason', () =>
    given(...history, withheld, closed())
      .when(flatEnergy)
      .thenIgnored('cdr-already-withheld'));
});

describe('a session that is not closed', () => {
  it('has no CDR yet', () =>
    given(started(), stopped, released('meter-jumped'))
      .when(flatEnergy)
      .thenIgnored('session-not-closed'));

  it('has to have started', () => {
    given().when(flatEnergy).thenIgnored('session-unknown');
    expect(() => fold(ratedSession, [closed()])).toThrow('has not started');
  });
});

const allCdrs = (events: readonly SessionEvent[]): CdrEvent[] => {
  const cdrs: CdrEvent[] = [];
  let session = ratedSession.initial;
  for (const event of events) {
    const progress = progressOf(session, event, () => withIdleFee.pinned);
    session = progress.session;
    cdrs.push(...progress.cdrs);
  }
  return cdrs;
};

describe('any session', () => {
  const story = [
    started(),
    reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
    reading('2026-06-01T14:05:00.000Z', 1_006_000_000n),
    stateChanged('2026-06-01T14:10:00.000Z', 'SuspendedEV'),
    stateChanged('2026-06-01T14:20:00.000Z', 'Charging'),
    stopped,
    closed('2026-06-01T15:05:30.000Z'),
  ];
  const once = allCdrs(story);

  it('has one and the same CDR however often its records are repeated', () => {
    expect(once).toHaveLength(1);
    const repetition = fc.tuple(fc.nat(story.length - 1), fc.nat(2 * story.length));
    fc.assert(
      fc.property(fc.array(repetition, { maxLength: 12 }), (repetitions) => {
        const records = [...story];
        for (const [which, later] of repetitions) {
          const event = story[which] as SessionEvent;
          records.splice(records.indexOf(event) + 1 + later, 0, event);
        }
        expect(allCdrs(records)).toEqual(once);
      }),
    );
  });
});
