import { backOffCeilingMs, commandsAfter, stepAfterSilence, stepNow } from './call-attempt';

const hourMs = 3_600_000;
const call = { idempotencyKey: 'tallywatt/pay-1/capture/1' };

describe('the next step of a call', () => {
  it('is the call again while its key is good', () =>
    expect(stepNow('call', 0, 23 * hourMs)).toBe('call'));
  it('is a question once the same key could do it a second time', () =>
    expect(stepNow('call', 0, 23 * hourMs + 1)).toBe('question'));
  it('stays a question', () => expect(stepNow('question', 0, 1)).toBe('question'));
});

describe('silence', () => {
  it('is answered by the same call, which has the same key', () =>
    expect(stepAfterSilence('call', false)).toBe('call'));
  it('is asked about when its outcome is saved under the key', () =>
    expect(stepAfterSilence('call', true)).toBe('question'));
  it('after a question is asked about again', () =>
    expect(stepAfterSilence('question', false)).toBe('question'));
});

describe('the pause between tries', () => {
  it('doubles up to its limit', () => {
    expect([1, 2, 3].map((tries) => backOffCeilingMs(tries, 60_000))).toEqual([500, 1_000, 2_000]);
    expect(backOffCeilingMs(1_000, 60_000)).toBe(60_000);
  });
});

describe('an answer', () => {
  it('of nothing asks for the call anew', () =>
    expect(commandsAfter(call, { kind: 'nothing' }, 'CP-1')).toEqual([
      { type: 'RepeatCall', ...call },
    ]));
  it('that is pending records nothing', () =>
    expect(commandsAfter(call, { kind: 'pending', detail: 'not yet' }, 'CP-1')).toEqual([]));
  it('of a decline names the charge point that is to stop', () =>
    expect(
      commandsAfter(call, { kind: 'declined', declineCode: 'no', detail: 'No.' }, 'CP-1'),
    ).toEqual([
      { type: 'RecordDecline', chargePointId: 'CP-1', declineCode: 'no', detail: 'No.' },
    ]));
});
