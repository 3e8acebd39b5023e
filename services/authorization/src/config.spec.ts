import { environmentSchema } from './config';

const key = 'a secret of more than thirty-two characters';

describe('the environment', () => {
  it('needs only the key of the vault', () => {
    expect(environmentSchema.parse({ VAULT_KEY: key })).toMatchObject({
      AUTHORIZATION_GRPC_PORT: 9322,
      MEMBERSHIP_TIERS: new Map([['member', { unscaled: 10n, scale: 0 }]]),
      HOLD_AMOUNT: { unscaled: 50n, scale: 0 },
      ALLOW_WITHOUT_PAYMENT_METHOD: true,
    });
  });

  it('knows tiers that leave the price to the tariff', () => {
    const MEMBERSHIP_TIERS = '{"home":{}}';
    expect(environmentSchema.parse({ VAULT_KEY: key, MEMBERSHIP_TIERS })).toMatchObject({
      MEMBERSHIP_TIERS: new Map([['home', { unscaled: 0n, scale: 0 }]]),
    });
  });

  it.each([
    { VAULT_KEY: 'short' },
    { MEMBERSHIP_TIERS: 'member' },
    { MEMBERSHIP_TIERS: '{"member":{"discountPercent":"101"}}' },
    { MEMBERSHIP_TIERS: '{"retail":{"discountPercent":"1"}}' },
    { HOLD_AMOUNT: '0' },
    { HOLD_AMOUNT: '-5' },
    { ALLOW_WITHOUT_PAYMENT_METHOD: 'maybe' },
  ])('refuses %p by the name of the variable', (wrong) => {
    const result = environmentSchema.safeParse({ VAULT_KEY: key, ...wrong });
    expect(result.error?.issues[0]?.path).toEqual(Object.keys(wrong));
  });
});
