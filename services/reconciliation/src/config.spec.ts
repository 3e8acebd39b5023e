import { environment } from './config';

const faultsOf = (variables: Record<string, string>): string[] =>
  environment.safeParse(variables).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('the environment', () => {
  it('has a default for everything', () =>
    expect(environment.parse({})).toMatchObject({
      PATIENCE_SECONDS: { cdr: 600, payout: 1_209_600 },
      DAY_CLOSE_AFTER_HOURS: 6,
      SWEEP_INTERVAL_SECONDS: 15,
    }));
  it('changes the patience with one hop and keeps the others', () =>
    expect(environment.parse({ PATIENCE_SECONDS: '{"cdr":5}' }).PATIENCE_SECONDS).toMatchObject({
      cdr: 5,
      payment: 600,
    }));
  it.each(['{', '[]', '{"cdr":0}', '{"cdr":1.5}', '{"cdr":"5"}', '{"cdr":1e12}', '{"cdrs":5}'])(
    'refuses the patience %s',
    (text) => expect(faultsOf({ PATIENCE_SECONDS: text })).toEqual(['PATIENCE_SECONDS']),
  );
  it.each(['-1', '721', 'soon'])('refuses to close days after %s hours', (text) =>
    expect(faultsOf({ DAY_CLOSE_AFTER_HOURS: text })).toEqual(['DAY_CLOSE_AFTER_HOURS']),
  );
});
