import type { RatedSession } from './rated-session';
import { decodeState, encodeState } from './state-text';

it('gives a state back as it was, energy beyond a double included', () => {
  const state: RatedSession = {
    status: 'withheld',
    facts: {
      started: {
        cpoId: 'default',
        sessionId: 'session-1',
        chargePointId: 'CP-1',
        connectorId: 1,
        ocppVersion: '1.6',
        ocppTransactionId: '1',
        occurrence: 1,
        meterStartMilliWh: 9_007_199_254_740_993n,
        startedAt: '2026-06-01T08:00:00.000Z',
        powerWMax: 22_000n,
        location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin', currency: 'EUR' },
        decision: {
          decisionId: 'decision-1',
          status: 'Accepted',
          tokenRef: 'token-1',
          tier: 'retail',
          paymentRoute: 'card',
          rule: 'retail',
          decidedAt: '2026-06-01T08:00:00.000Z',
        },
      },
      readings: [],
      states: [],
      doubts: [{ reason: 'meter-jumped', detail: 'a text with a NUL \u0000 and "$int"' }],
      closedAt: '2026-06-01T09:00:00.000Z',
      closedBy: 'stop',
    },
    reason: 'meter-jumped',
    detail: 'by 9 MWh',
  };
  const text = encodeState(state);
  expect(text).not.toContain('\u0000');
  expect(decodeState(text)).toEqual(state);
});
