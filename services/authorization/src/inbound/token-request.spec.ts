import { Problem } from '@tallywatt/service-kit';
import { tokensRequestPipe, type TokensRequest } from './token-request';

const pipe = tokensRequestPipe(
  new Map([
    ['member', { unscaled: 10n, scale: 0 }],
    ['gold', { unscaled: 125n, scale: 1 }],
  ]),
);
const read = (body: unknown): TokensRequest => pipe.transform(body, { type: 'body' });
const faultsOf = (body: unknown): readonly string[] => {
  try {
    read(body);
  } catch (error) {
    if (error instanceof Problem) {
      expect(error.details.status).toBe(422);
      return (error.details.faults ?? []).map(({ path, message }) => `${path}: ${message}`);
    }
    throw error;
  }
  throw new Error('the request was taken');
};
const minimal = { uid: '04A1B2C3', type: 'RFID', status: 'valid' };

describe('a token in a request', () => {
  it('needs no more than uid, type and status', () => {
    expect(read(minimal)).toEqual({
      isList: false,
      tokens: [{ uid: '04A1B2C3', tokenType: 'RFID', status: 'valid' }],
    });
  });

  it('takes the words of OCPI in either case and those of OCPP', () => {
    const [token] = read({ ...minimal, type: 'ad_hoc_user', status: 'Accepted' }).tokens;
    expect(token).toMatchObject({ tokenType: 'AD_HOC_USER', status: 'valid' });
    expect(read({ ...minimal, status: 'Blocked' }).tokens[0]?.status).toBe('blocked');
  });

  it('takes a payment method as an id or as an object with one', () => {
    const text = read({ ...minimal, paymentMethod: 'pm_card_visa' }).tokens[0];
    const object = read({ ...minimal, paymentMethod: { id: 'pm_card_visa' } }).tokens[0];
    expect(text?.paymentMethodId).toBe('pm_card_visa');
    expect(object).toEqual(text);
  });

  it('takes a membership by name, with the discount of the policy', () => {
    expect(read({ ...minimal, membership: 'gold' }).tokens[0]?.membership).toEqual({
      tier: 'gold',
      discountPercent: { unscaled: 125n, scale: 1 },
    });
  });

  it('takes a membership with terms of its own, exactly as written', () => {
    const membership = {
      tier: 'fleet',
      discountPercent: 0.1,
      validUntil: '2027-01-01T01:00+01:00',
    };
    expect(faultsOf({ ...minimal, membership })[0]).toMatch(/^\$\.membership\.validUntil: /);
    const good = { ...membership, validUntil: '2027-01-01T01:00:00+01:00' };
    expect(read({ ...minimal, membership: good }).tokens[0]?.membership).toEqual({
      tier: 'fleet',
      discountPercent: { unscaled: 1n, scale: 1 },
      validUntil: '2027-01-01T00:00:00.000Z',
    });
  });

  it('takes null for not given', () => {
    expect(read({ ...minimal, driverId: null, membership: null, expiresAt: null })).toEqual(
      read(minimal),
    );
  });
});

describe('a token that somebody else pays for', () => {
  const roaming = { countryCode: 'nl', partyId: 'abc', whitelist: 'allowed' };

  it('names the home network as OCPI does, in either case', () =>
    expect(read({ ...minimal, roaming }).tokens[0]?.roaming).toEqual({
      partyId: 'NLABC',
      whitelist: 'ALLOWED',
    }));

  it("names a fleet by the operator's own id", () =>
    expect(read({ ...minimal, fleetId: 'acme' }).tokens[0]?.fleetId).toBe('acme'));

  it.each([
    [{ roaming, driverId: 'd-1' }, '$.driverId'],
    [{ roaming, paymentMethod: 'pm_card_visa' }, '$.paymentMethod'],
    [{ roaming, fleetId: 'acme' }, '$.fleetId'],
    [{ fleetId: 'acme', membership: 'gold' }, '$.membership'],
    [{ fleetId: 'acme', paymentMethod: 'pm_card_visa' }, '$.paymentMethod'],
    [{ roaming: { ...roaming, whitelist: 'SOMETIMES' } }, '$.roaming.whitelist'],
    [{ roaming: { ...roaming, partyId: 'ABCD' } }, '$.roaming.partyId'],
  ])('has no other payer beside: %p', (changed, path) => {
    const faults = faultsOf({ ...minimal, ...changed });
    expect(faults).toHaveLength(1);
    expect(faults[0]?.startsWith(`${path}: `)).toBe(true);
  });
});

describe('a faulty token', () => {
  it('is told all faults at once, by path', () => {
    const body = { uid: '', type: 'CARD', status: 'lost', expiresAt: 'soon', colour: 'red' };
    const faults = faultsOf(body);
    for (const path of ['$.uid: ', '$.type: ', '$.status: ', '$.expiresAt: ', '$: ']) {
      expect(faults.some((fault) => fault.startsWith(path))).toBe(true);
    }
  });

  it('is told the known tiers', () => {
    expect(faultsOf({ ...minimal, membership: 'platinum' })).toEqual([
      "$.membership.tier: 'platinum' is no membership tier; known are: member, gold",
    ]);
  });

  it.each([-1, 100.5, '1e1', 'ten', '0.1234567'])('may not have a discount of %p', (percent) => {
    const membership = { tier: 'member', discountPercent: percent };
    expect(faultsOf({ ...minimal, membership })).toEqual([
      '$.membership.discountPercent: must be from 0 to 100, at most 6 decimal places',
    ]);
  });

  it('never brings a card number', () => {
    expect(faultsOf({ ...minimal, paymentMethod: '4242 4242 4242 4242' })[0]).toMatch(
      /^\$\.paymentMethod: .*never a card number$/,
    );
  });
});

describe('a list of tokens', () => {
  it('is read as one', () => {
    const request = read([minimal, { ...minimal, uid: '04A1B2C4' }]);
    expect(request.isList).toBe(true);
    expect(request.tokens).toHaveLength(2);
  });

  it('names the position of a fault', () => {
    expect(faultsOf([minimal, { ...minimal, uid: 'x'.repeat(37) }])).toEqual([
      '$[1].uid: must have at most 36 characters (OCPI CiString(36))',
    ]);
  });

  it('may not name a uid twice, in whatever case', () => {
    expect(faultsOf([minimal, { ...minimal, uid: '04a1b2c3' }])).toEqual([
      '$[1].uid: is the token of $[0] again',
    ]);
  });
});
