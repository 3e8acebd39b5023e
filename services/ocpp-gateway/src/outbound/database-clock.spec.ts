import { DatabaseClock } from './database-clock';

const at = (second: string) => `2026-11-22T10:00:${second}Z` as const;

describe('the clock of the database', () => {
  it('is told from ours by how they differ', () => {
    const clock = new DatabaseClock();
    expect(clock.at(at('00.000'))).toEqual(new Date(at('00.000')));
    clock.told(1_000_000, 1_060_050, 1_000_100);
    expect(clock.at(at('00.000'))).toEqual(new Date('2026-11-22T10:01:00.000Z'));
  });

  it('is believed by the answer that came soonest, of those of a minute', () => {
    const clock = new DatabaseClock();
    clock.told(1_000_000, 1_000_510, 1_000_020);
    clock.told(1_003_000, 1_005_000, 1_004_000);
    expect(clock.at(at('00.000'))).toEqual(new Date(at('00.500')));
    clock.told(1_060_000, 1_061_000, 1_061_000);
    expect(clock.at(at('00.000'))).toEqual(new Date(at('00.500')));
    clock.told(1_063_000, 1_063_700, 1_063_400);
    expect(clock.at(at('00.000'))).toEqual(new Date(at('00.500')));
  });
});
