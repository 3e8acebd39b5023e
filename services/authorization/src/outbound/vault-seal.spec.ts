import { SealBroken, VaultSeal } from './vault-seal';

const seal = new VaultSeal('a secret of more than thirty-two characters');

describe('the seal of the vault', () => {
  it('opens what it sealed', () => {
    expect(seal.open('north/token/1', seal.seal('north/token/1', 'DEADBEEF'))).toBe('DEADBEEF');
  });

  it('never seals the same text to the same bytes', () => {
    const first = seal.seal('north/token/1', 'DEADBEEF');
    expect(seal.seal('north/token/1', 'DEADBEEF').equals(first)).toBe(false);
    expect(first.includes(Buffer.from('DEADBEEF'))).toBe(false);
  });

  it('does not open in another place, when touched, or under another key', () => {
    const sealed = seal.seal('north/token/1', 'DEADBEEF');
    expect(() => seal.open('north/token/2', sealed)).toThrow(SealBroken);
    const touched = Buffer.from(sealed);
    touched.writeUInt8(touched.readUInt8(30) ^ 1, 30);
    expect(() => seal.open('north/token/1', touched)).toThrow(SealBroken);
    const other = new VaultSeal('another secret of more than thirty-two characters');
    expect(() => other.open('north/token/1', sealed)).toThrow(SealBroken);
  });
});

describe('the lookup of an identifier', () => {
  const found = (cpoId: string, kind: 'token' | 'driver', identifier: string): string =>
    seal.lookup(cpoId, kind, identifier).toString('hex');

  it('takes a token uid in either case for the same', () => {
    expect(found('north', 'token', 'deadBEEF')).toBe(found('north', 'token', 'DEADbeef'));
  });

  it('keeps tenants, kinds and drivers apart', () => {
    const distinct = new Set([
      found('north', 'token', 'A1'),
      found('south', 'token', 'A1'),
      found('north', 'driver', 'A1'),
      found('north', 'driver', 'a1'),
    ]);
    expect(distinct.size).toBe(4);
  });
});
