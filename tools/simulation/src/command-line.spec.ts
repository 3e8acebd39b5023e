import { readCommand } from './command-line';

describe('the command line', () => {
  it('runs a thousand seeds when nothing is said', () =>
    expect(readCommand([])).toEqual({ seeds: 1_000, first: 1, trace: false, keepGoing: false }));

  it('runs one seed when it is named', () =>
    expect(readCommand(['--seed', '42', '--trace'])).toMatchObject({
      seeds: 1,
      first: 42,
      trace: true,
    }));

  it.each([[['--seeds', '0']], [['--seed', 'x']], [['--defect', 'none-such']], [['--what']]])(
    'refuses %j',
    (args) => expect(() => readCommand(args)).toThrow(),
  );
});
