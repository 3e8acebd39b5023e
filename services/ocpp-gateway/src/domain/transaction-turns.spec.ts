import { at, event, now } from '../testing/transaction-story';
import { type Generation, generationOf, toldSinceIn } from './transaction-turns';

const clockless = '1970-01-01T00:01:00.000Z';
const started = event('Started', 0);
const first: Generation = { generation: 1, startedAt: at(0), isEnded: true };
const second: Generation = { generation: 2, startedAt: at(30), isEnded: false };

describe('the transaction of an event', () => {
  it.each([
    ['a name never heard', started, [], undefined, 1],
    ['a start that is resent', started, [first], 1, 1],
    ['a start that is resent after its name was used again', started, [first, second], 1, 1],
    ['a start with more words at the same time', started, [first], undefined, 1],
    [
      'a start that comes after what follows it',
      started,
      [{ generation: 1, isEnded: true }],
      undefined,
      1,
    ],
    [
      'a start after which all was said that is known',
      started,
      [{ generation: 1, isEnded: true, toldSince: at(6) }],
      undefined,
      1,
    ],
    [
      'a start under a name of which something was said before, and its start was not',
      event('Started', 0, { happenedAt: at(30) }),
      [{ generation: 1, isEnded: true, toldSince: at(6) }],
      undefined,
      2,
    ],
    [
      'the start of what came first, after one that is newer',
      started,
      [{ generation: 1, isEnded: true, toldSince: at(6) }, second],
      undefined,
      1,
    ],
    [
      'a name that is used again',
      event('Started', 0, { happenedAt: at(30) }),
      [first],
      undefined,
      2,
    ],
    [
      'what follows under a name used again',
      event('Updated', 1, { happenedAt: at(31) }),
      [first, second],
      undefined,
      2,
    ],
    [
      'what comes late of the one before',
      event('Updated', 9, { happenedAt: at(20) }),
      [first, second],
      undefined,
      1,
    ],
    [
      'what is resent of the one before',
      event('Updated', 9, { happenedAt: at(40) }),
      [first, second],
      1,
      1,
    ],
  ])('%s', (_, said, generations, heardIn, expected) => {
    expect(generationOf(said, generations, heardIn, now)).toBe(expected);
  });

  it('of a station without a clock is a new one once the one before has ended', () => {
    const said = event('Started', 0, { happenedAt: clockless });
    const known = { generation: 1, startedAt: clockless, isEnded: false };
    expect(generationOf(said, [known], 1, now)).toBe(1);
    expect(generationOf(said, [{ ...known, isEnded: true }], 1, now)).toBe(2);
    const later = event('Updated', 1, { happenedAt: clockless });
    const again = { ...known, generation: 2 };
    expect(generationOf(later, [{ ...known, isEnded: true }, again], 1, now)).toBe(2);
  });

  it('is told since the earliest event whose clock can be right', () => {
    const timeless = event('Updated', 1, { happenedAt: clockless });
    const told = [event('Ended', 7), timeless, event('Updated', 6)];
    expect(toldSinceIn(told, now)).toBe(at(6));
    expect(toldSinceIn([timeless], now)).toBeUndefined();
  });
});
