import { commandOf, UsageFault } from './command-line';

describe('a command line', () => {
  it('has usual values, and a seed that is made up', () => {
    const command = commandOf([]);
    expect(command).toMatchObject({ do: 'bench', sessions: 200, minutes: 4, settleMinutes: 5 });
    expect(command).toEqual({ ...command, seed: expect.stringMatching(/^[0-9a-f]{8}$/) });
  });

  it('reads what is given, after a separator too', () => {
    const words =
      '-- --sessions 1000 --minutes 20 --seed s --faults kill,webhook-late --mutate dedupe --report r.json';
    expect(commandOf(words.split(' '))).toEqual({
      do: 'bench',
      seed: 's',
      sessions: 1_000,
      minutes: 20,
      settleMinutes: 5,
      faults: ['kill', 'webhook-late'],
      mutation: 'dedupe',
      reportFile: 'r.json',
    });
    expect(commandOf(['--mutations', '--seed', 's'])).toEqual({ do: 'mutations', seed: 's' });
  });

  it.each([
    ['--sessions', '0'],
    ['--minutes', 'soon'],
    ['--faults', 'kill,earthquake'],
    ['--mutate', 'nothing'],
    ['--unheard-of', ''],
  ])('refuses %s %s', (...words) => {
    expect(() => commandOf(words)).toThrow(UsageFault);
  });
});
