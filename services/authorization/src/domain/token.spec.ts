import type { TokenIssued } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import { absentToken, decide, evolve, type RegisterToken, type TokenEvent } from './token';

const { given } = specification({ initial: absentToken, decide, evolve });

const register: RegisterToken = {
  cpoId: 'north',
  tokenRef: 'token-1',
  status: 'valid',
  facts: { tokenType: 'RFID', driverRef: 'driver-1', paymentMethodId: 'pm_card_visa' },
};
const issued: TokenIssued = {
  type: 'TokenIssued',
  cpoId: 'north',
  tokenRef: 'token-1',
  ...register.facts,
};
const blocked: TokenEvent = {
  type: 'TokenBlocked',
  cpoId: 'north',
  tokenRef: 'token-1',
  reason: 'blocked-by-operator',
};
const block: RegisterToken = { ...register, status: 'blocked' };
const otherCard: RegisterToken = {
  ...register,
  facts: { ...register.facts, paymentMethodId: 'pm_card_mastercard' },
};

describe('an absent token', () => {
  it('is issued', () => given().when(register).then(issued));
  it('is issued and then blocked when it starts out blocked', () =>
    given().when(block).then(issued, blocked));
});

describe('a valid token', () => {
  it('stays as it is when nothing is new', () =>
    given(issued).when(register).thenIgnored('token-unchanged'));
  it('is blocked', () => given(issued).when(block).then(blocked));
  it('is issued again with another card', () =>
    given(issued)
      .when(otherCard)
      .then({ ...issued, paymentMethodId: 'pm_card_mastercard' }));
  it('loses the expiry that is not said again', () =>
    given({ ...issued, expiresAt: '2027-01-01T00:00:00.000Z' })
      .when(register)
      .then(issued));
});

describe('a blocked token', () => {
  it('stays blocked when nothing is new', () =>
    given(issued, blocked).when(block).thenIgnored('token-unchanged'));
  it('is issued again to lift the block', () => given(issued, blocked).when(register).then(issued));
  it('takes new facts and stays blocked', () =>
    given(issued, blocked)
      .when({ ...otherCard, status: 'blocked' })
      .then({ ...issued, paymentMethodId: 'pm_card_mastercard' }, blocked));
});
