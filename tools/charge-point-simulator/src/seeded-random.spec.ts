import { seededRandom } from './seeded-random';

const drawn = (seed: string) => {
  const random = seededRandom(seed);
  return Array.from({ length: 50 }, () => random.integer(1, 6));
};

describe('seeded chance', () => {
  it('repeats itself for the same seed and not for another', () => {
    expect(drawn('1/CP-1')).toEqual(drawn('1/CP-1'));
    expect(drawn('1/CP-1')).not.toEqual(drawn('1/CP-2'));
  });

  it('stays within its bounds and reaches them', () => {
    expect([...new Set(drawn('dice'))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses to pick from nothing', () => {
    expect(() => seededRandom('x').pick([])).toThrow('empty list');
  });
});
