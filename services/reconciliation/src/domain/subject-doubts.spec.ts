import { example as s, subjectOf } from '../testing/example-sessions';

describe('a session with two doubts', () => {
  // A stop that replaces an estimate says its own doubt, and then releases that of the estimate.
  it('stays in quarantine when one of them is released', () => {
    const estimated = { ...s.quarantined(), reason: 'stop-estimated' };
    const released = { ...s.released(), reason: 'stop-estimated' };
    const subject = subjectOf([s.started(5000n), estimated, s.closed(), s.quarantined(), released]);
    expect(subject.quarantineReason).toBe('meter-ran-backwards');
  });

  it('leaves it with the last of them', () => {
    const estimated = { ...s.quarantined(), reason: 'stop-estimated' };
    const releases = [{ ...s.released(), reason: 'stop-estimated' }, s.released()];
    const subject = subjectOf([s.started(5000n), estimated, s.quarantined(), ...releases]);
    expect(subject.quarantineReason).toBeUndefined();
  });
});
