import type { RatedSession } from '@tallywatt/derivations';
import { decodeState, encodeState } from './session-state';

it('gives a state back as it was, energy beyond a double included', () => {
  const state: RatedSession = {
    status: 'rated',
    cdrId: 'cdr-1',
    lateFacts: [
      {
        type: 'SessionStopped',
        cpoId: 'default',
        sessionId: 'session-1',
        stoppedAt: '2026-06-01T09:00:00.000Z',
        meterStopMilliWh: 9_007_199_254_740_993n,
        stopReason: 'a text with a NUL \u0000 and "$int"',
      },
    ],
  };
  const text = encodeState(state);
  expect(text).not.toContain('\u0000');
  expect(decodeState(text)).toEqual(state);
});
