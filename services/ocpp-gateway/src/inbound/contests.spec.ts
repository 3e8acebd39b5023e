import { Contests } from './contests';

it('a contest is repeated from the fifth within ten minutes, of one charge point', () => {
  const contests = new Contests();
  const minutes = [0, 1, 2, 3].map((minute) => contests.note('cpo/CP', minute * 60_000));
  expect(minutes).toEqual(['single', 'single', 'single', 'single']);
  expect(contests.note('cpo/OTHER', 240_000)).toBe('single');
  expect(contests.note('cpo/CP', 240_000)).toBe('repeated');
  expect(contests.note('cpo/CP', 3_600_000)).toBe('single');
});
