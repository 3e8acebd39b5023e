import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import { example as s, recordedAt, settledSession, subjectOf } from '../testing/example-sessions';
import { decide, noVerdict } from './findings';
import { match } from './match';
import { defaultPatience, lookAgainAt, overdueOf } from './overdue';

const secondsLater = (seconds: number): string =>
  instantFromEpochMs(parseInstant(recordedAt) + seconds * 1_000);

const subject = subjectOf([s.started(5000n), s.held(5000n), s.closed()]);
const result = match(subject, new Map());
const foundAt = (now: string) => {
  const overdue = overdueOf(subject, result, noVerdict, defaultPatience, now);
  return { overdue, verdict: decide(subject, result, overdue, noVerdict, now).verdict };
};

describe('a hop that is awaited', () => {
  it('may take its time', () => expect(foundAt(secondsLater(600)).overdue).toEqual([]));
  it('is overdue after it, since the last fact', () =>
    expect(foundAt(secondsLater(600.001)).overdue).toEqual([
      { awaited: 'cdr', sinceAt: recordedAt },
    ]));
  it('is looked at again when its time is up', () =>
    expect(lookAgainAt(subject, result, noVerdict, defaultPatience)).toBe(secondsLater(600.001)));
  it('is never overdue by the facts alone, which may be read late', () =>
    expect(overdueOf(subject, result, noVerdict, defaultPatience)).toEqual([]));
  it('is not looked at again once it is found', () => {
    const { verdict } = foundAt(secondsLater(601));
    expect(lookAgainAt(subject, result, verdict, defaultPatience)).toBeUndefined();
  });
  it('stays overdue when others speak', () => {
    const { verdict } = foundAt(secondsLater(601));
    const later = subjectOf([s.started(5000n), s.held(5000n), s.closed(), s.held(5000n)]);
    expect(overdueOf(later, match(later, new Map()), verdict, defaultPatience)).toMatchObject([
      { awaited: 'cdr' },
    ]);
  });
  it('leaves the others their own time', () => {
    const sold = subjectOf(settledSession(s).filter(({ type }) => type !== 'PayoutCreated'));
    const priced = subjectOf([s.started(), s.closed(), s.cdr(300n)]);
    expect(lookAgainAt(sold, match(sold, new Map()), noVerdict, defaultPatience)).toBe(
      secondsLater(14 * 86_400 + 0.001),
    );
    const short = { ...defaultPatience, payment: 60 };
    expect(lookAgainAt(priced, match(priced, new Map()), noVerdict, short)).toBe(
      secondsLater(60.001),
    );
  });
});

it('nothing is awaited of a subject that agrees', () => {
  const free = subjectOf([s.started(), s.closed(), s.cdr(0n)]);
  expect(lookAgainAt(free, match(free, new Map()), noVerdict, defaultPatience)).toBeUndefined();
});
