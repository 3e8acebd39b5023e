import { sealWith } from './sealed-parameters';

const seal = sealWith(Buffer.alloc(32, 7));

it('gives back what it was given, under its own command only', () => {
  const sealed = seal.seal('one', 'idTag 0815');
  expect(sealed.includes('0815')).toBe(false);
  expect(seal.open('one', sealed)).toBe('idTag 0815');
  expect(() => seal.open('two', sealed)).toThrow();
  expect(() => sealWith(Buffer.alloc(32, 8)).open('one', sealed)).toThrow();
});

it('marks equal texts alike, and only under one key', () => {
  expect(seal.markOf('a')).toBe(seal.markOf('a'));
  expect(seal.markOf('a')).not.toBe(seal.markOf('b'));
  expect(seal.markOf('a')).not.toBe(sealWith(Buffer.alloc(32, 8)).markOf('a'));
});
