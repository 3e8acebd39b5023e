import type { SessionEvent } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import { chargingSession } from './charging-session';
import type { CorrectStop, ReviewReason } from './session-review';

const { given } = specification(chargingSession);

const identity = { cpoId: 'default', sessionId: 'session-1' };
const stoppedAt = '2026-11-21T11:00:00.000Z';
const started = (billsParkingTime = false): SessionEvent => ({
  type: 'SessionStarted',
  ...identity,
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '1',
  occurrence: 1,
  meterStartMilliWh: 5_000_000n,
  startedAt: '2026-11-21T10:00:00.000Z',
  powerWMax: 11_000n,
  location: { locationId: 'L-1', timeZone: 'Europe/Berlin', currency: 'EUR' },
  decision: {
    decisionId: 'd-1',
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    tariff: { tariffId: 't', version: 1n, contentHash: '00', billsParkingTime },
    rule: 'retail',
    decidedAt: '2026-11-21T10:00:00.000Z',
  },
});
const stopped: SessionEvent = {
  type: 'SessionStopped',
  ...identity,
  stoppedAt,
  meterStopMilliWh: 4_000_000n,
  stopReason: 'Local',
};
const quarantined: SessionEvent = {
  type: 'SessionQuarantined',
  ...identity,
  reason: 'meter-ran-backwards',
  detail: '',
};
const closed: SessionEvent = {
  type: 'SessionClosed',
  ...identity,
  closedAt: '2026-11-21T11:05:00.000Z',
  closedBy: 'available',
};
const correct = (changes: Partial<CorrectStop> = {}): CorrectStop => ({
  type: 'CorrectStop',
  now: '2026-11-21T12:00:00.000Z',
  stoppedAt,
  meterStopMilliWh: 9_000_000n,
  correctedBy: 'ana',
  reason: 'photograph',
  releases: [],
  ...changes,
});
const corrected: SessionEvent = {
  type: 'StopCorrected',
  ...identity,
  stoppedAt,
  meterStopMilliWh: 9_000_000n,
  correctedBy: 'ana',
  reason: 'photograph',
};
const released: SessionEvent = {
  type: 'SessionReleased',
  ...identity,
  reason: 'meter-ran-backwards',
  detail: 'ana: photograph',
};
const history = [started(), stopped, quarantined, closed];

describe('a stop that a person corrects', () => {
  it('counts before the doubts it settles are taken back', () =>
    given(...history)
      .when(correct({ releases: ['meter-ran-backwards'] }))
      .then(corrected, released));

  it('is recorded once, and again when it is another', () => {
    given(...history, corrected)
      .when(correct())
      .thenIgnored('correction-already-recorded');
    given(...history, corrected)
      .when(correct({ meterStopMilliWh: 8_000_000n }))
      .then({ ...corrected, meterStopMilliWh: 8_000_000n });
  });

  it('leaves the word of the charger as it is: its resend is still a resend', () =>
    given(...history, corrected)
      .when({
        type: 'StopSession',
        now: '2026-11-21T12:00:00.000Z',
        origin: { cpoId: 'default', chargePointId: 'CP-1', connectorId: 1, orphanId: 'o' },
        stop: { stoppedAt, meterStopMilliWh: 4_000_000n, stopReason: 'Local' },
        readings: [],
      })
      .thenIgnored('stop-already-recorded'));

  it.each<[reason: ReviewReason, changes: Partial<CorrectStop>]>([
    ['stop-before-start', { stoppedAt: '2026-11-21T09:59:59.999Z' }],
    ['stop-in-the-future', { stoppedAt: '2026-11-21T12:00:00.001Z' }],
    ['register-below-start', { meterStopMilliWh: 4_999_999n }],
    ['doubt-unknown', { releases: ['clock-implausible'] }],
  ])('is refused as %s', (reason, changes) =>
    given(...history)
      .when(correct(changes))
      .thenRefused(reason),
  );

  it('may not come after the end of billing where idle time is billed', () => {
    const late = correct({ stoppedAt: '2026-11-21T11:30:00.000Z' });
    given(started(true), stopped, closed).when(late).thenRefused('stop-after-close');
    given(started(), stopped, closed)
      .when(late)
      .then({ ...corrected, stoppedAt: late.stoppedAt });
  });

  it.each(['2026-11-21T10:45:00.000Z', '2026-11-21T11:20:00.000Z'])(
    'at %s is the end of a session that nothing but time closes',
    (correctedAt) =>
      given(started(true), stopped, { ...corrected, stoppedAt: correctedAt })
        .when({ type: 'CloseSession', closedBy: 'time-out' })
        .then({
          type: 'SessionClosed',
          ...identity,
          closedAt: correctedAt,
          closedBy: 'time-out',
        }),
  );

  it('needs a session that has stopped', () => {
    given().when(correct()).thenRefused('session-unknown');
    given(started()).when(correct()).thenRefused('session-still-active');
  });
});

describe('a doubt that a person has looked at', () => {
  const release = { type: 'ReleaseSession', detail: 'ana: photograph' } as const;

  it('is taken back', () =>
    given(...history)
      .when({ ...release, reason: 'meter-ran-backwards' })
      .then(released));

  it('has to be one of the session', () =>
    given(...history)
      .when({ ...release, reason: 'clock-implausible' })
      .thenRefused('doubt-unknown'));
});
