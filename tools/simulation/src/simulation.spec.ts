import { defects, type Defect } from './defects';
import { namedCases } from './named-cases';
import { simulate } from './simulation';

const message = (seed: number, defect?: Defect): string | undefined =>
  simulate({ seed, defect }).violation?.message;

describe('the whole pipeline under faults', () => {
  // Bounded by time, so that a slow machine looks at fewer seeds and not longer at them.
  const budgetMs = 5_000;
  const patienceMs = 240_000;

  it(
    'holds every rule in the first seeds',
    () => {
      const untilMs = Date.now() + budgetMs;
      let sessions = 0;
      for (let seed = 1; seed <= 200 && (seed <= 20 || Date.now() < untilMs); seed += 1) {
        const result = simulate({ seed });
        expect({ seed, violation: result.violation?.message }).toEqual({ seed });
        sessions += result.sessions;
      }
      expect(sessions).toBeGreaterThan(40);
    },
    patienceMs,
  );

  it.each(namedCases.map(({ name, seed }) => ({ name, seed })))('$name', ({ seed }) =>
    expect(message(seed)).toBeUndefined(),
  );

  it('is the same run for the same seed', () => {
    const [once, again] = [simulate({ seed: 7, trace: true }), simulate({ seed: 7, trace: true })];
    expect(once.trace.length).toBeGreaterThan(100);
    expect(again).toEqual(once);
  });
});

describe('a planted defect is found', () => {
  const seedsMax = 200;
  const firstSeedThatFinds = (defect: Defect): number | undefined => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      if (message(seed, defect) !== undefined) return seed;
    }
    return undefined;
  };

  it.each(defects)('%s', (defect) => expect(firstSeedThatFinds(defect)).toBeDefined(), 240_000);
});
