import { FrameBudget } from './frame-limit';

describe('a budget of frames', () => {
  const spent = (budget: FrameBudget, atMs: number, wanted: number): number =>
    Array.from({ length: wanted }).filter(() => budget.spend(atMs)).length;

  it('is a burst, and so many a second after it', () => {
    const budget = new FrameBudget({ perSecond: 10, burst: 5 }, 0);
    expect(spent(budget, 0, 9)).toBe(5);
    expect(spent(budget, 200, 9)).toBe(2);
    expect(spent(budget, 10_200, 99)).toBe(5);
  });

  it('does not shrink when the clock is set back', () => {
    const budget = new FrameBudget({ perSecond: 10, burst: 5 }, 1_000);
    expect(spent(budget, 0, 9)).toBe(5);
    expect(spent(budget, 100, 9)).toBe(1);
  });
});
