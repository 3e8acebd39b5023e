import { requestFault, type SigningRequest } from './signing-request';

const request: SigningRequest = {
  commonNames: ['CP-1'],
  organisations: ['Example'],
  key: { kind: 'EC', curve: 'prime256v1' },
  hash: 'SHA-256',
  isSigned: true,
};
const expected = { name: 'CP-1', organisation: 'Example' };

describe('a certificate signing request', () => {
  it('of the charger itself, signed with a strong key of its own, is well', () => {
    expect(requestFault(request, expected)).toBeUndefined();
    const rsa = { ...request, key: { kind: 'RSA', bits: 2_048 } } as const;
    expect(requestFault(rsa, expected)).toBeUndefined();
    expect(requestFault({ ...request, organisations: [] }, { name: 'CP-1' })).toBeUndefined();
  });

  it.each<[string, Partial<SigningRequest>, RegExp]>([
    ['of somebody else', { commonNames: ['CP-2'] }, /common name is "CP-2", not "CP-1"/],
    ['of another spelling', { commonNames: ['cp-1'] }, /common name/],
    ['of nobody', { commonNames: [] }, /common name is nothing/],
    ['of two', { commonNames: ['CP-1', 'CP-2'] }, /common name/],
    ['of another CPO', { organisations: ['Other'] }, /organisation is "Other"/],
    ['whose key it does not hold', { isSigned: false }, /not signed with its own key/],
    ['signed over SHA-1', { hash: 'SHA-1' }, /SHA-1/],
    ['with a short key', { key: { kind: 'RSA', bits: 1_024 } }, /1024 bits/],
    ['with a key that would take seconds', { key: { kind: 'RSA', bits: 16_384 } }, /16384/],
    ['on a weak curve', { key: { kind: 'EC', curve: 'secp192k1' } }, /secp192k1/],
    ['with a key of another kind', { key: { kind: 'other', name: 'dsa' } }, /dsa/],
  ])('%s is refused', (_, other, fault) =>
    expect(requestFault({ ...request, ...other }, expected)).toMatch(fault),
  );
});
