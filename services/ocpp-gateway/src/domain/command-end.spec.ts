import { withoutTokens } from './command-end';

const start = {
  type: 'RemoteStart',
  token: 'AB+12',
  tokenType: 'ISO14443',
  tokenRef: 'r',
  decisionId: 'd',
} as const;

describe('the end of a command with a token', () => {
  it('does not repeat the token, in whatever letters the charger says it', () => {
    expect(
      withoutTokens(
        {
          kind: 'rejected',
          reason: 'error-of-charger',
          status: 'unknown-AB+12',
          detail: 'no such card: ab+12.',
          details: [{ name: 'additionalInfo', value: 'AB+12 is unknown' }, { name: 'reasonCode' }],
        },
        start,
      ),
    ).toEqual({
      kind: 'rejected',
      reason: 'error-of-charger',
      status: 'unknown-***',
      detail: 'no such card: ***.',
      details: [{ name: 'additionalInfo', value: '*** is unknown' }, { name: 'reasonCode' }],
    });
  });

  it('leaves out the longer of two tokens as a whole', () => {
    const entries = ['AB', 'ABCD'].map((token) => ({ token, tokenType: 'ISO14443' }) as const);
    const list = { type: 'LocalListUpdate', listVersion: 1, updateType: 'Full', entries } as const;
    const end = { kind: 'failed', reason: 'outcome-unknown', detail: 'not ABCD' } as const;
    expect(withoutTokens(end, list)).toEqual({ ...end, detail: 'not ***' });
  });

  it('says what the charger said where no token went out', () => {
    const end = {
      kind: 'accepted',
      status: 'Accepted',
      details: [{ name: 'a', value: 'b' }],
    } as const;
    expect(withoutTokens(end, { type: 'CacheClearing' })).toBe(end);
  });
});
