import type { TokenEvent } from '../domain/token';
import { TokenIndex } from './token-index';

const issued: TokenEvent = {
  type: 'TokenIssued',
  cpoId: 'north',
  tokenRef: 'token-1',
  tokenType: 'RFID',
};
const blocked: TokenEvent = {
  type: 'TokenBlocked',
  cpoId: 'north',
  tokenRef: 'token-1',
  reason: 'blocked-by-operator',
};

describe('the token index', () => {
  it('is not taken back by the echo of what this process committed', () => {
    const index = new TokenIndex();
    index.apply(issued, 1n);
    index.apply(blocked, 2n);
    index.apply(issued, 1n);
    expect(index.find('north', 'token-1').status).toBe('blocked');
  });

  it('goes on from a stored token with what others committed', () => {
    const index = new TokenIndex();
    index.load({
      cpoId: 'north',
      tokenRef: 'token-1',
      version: 1n,
      issuedAt: '2026-06-01T10:00:00.000Z',
      token: { status: 'valid', facts: { tokenType: 'RFID' } },
    });
    index.apply(issued, 1n);
    index.apply(blocked, 2n);
    expect(index.find('north', 'token-1').status).toBe('blocked');
    expect(index.find('south', 'token-1').status).toBe('absent');
  });
});
