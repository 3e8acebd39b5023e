import { median, percentile, rounded, spreadOf } from './statistics';

describe('statistics', () => {
  it('takes the nearest rank as percentile', () => {
    const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentile(samples, 0.5)).toBe(100);
    expect(percentile(samples, 0.99)).toBe(198);
    expect(percentile(samples, 1)).toBe(200);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('takes the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 5, 2])).toBe(3.5);
  });

  it('does not reorder what it was given', () => {
    const samples = [3, 1, 2];
    expect(spreadOf(samples)).toEqual({ median: 2, min: 1, max: 3 });
    expect(samples).toEqual([3, 1, 2]);
  });

  it('has no answer for nothing', () => {
    expect(() => median([])).toThrow('nothing');
    expect(() => percentile([], 0.5)).toThrow('nothing');
  });

  it('keeps four digits', () =>
    expect([0.123456, 123_456].map(rounded)).toEqual([0.1235, 123_500]));
});
