import { readCommand } from './command-line';

describe('the command line', () => {
  it('runs a thousand seeds when nothing is said', () =>
    expect(readCommand(['--threads', '3'])).toEqual({
      seeds: 1_000,
      first: 1,
      threads: 3,
      trace: false,
      keepGoing: false,
    }));

  it('runs on every processor when nothing is said', () =>
    expect(readCommand([]).threads).toBeGreaterThan(0));

  it('runs one seed when it is named', () =>
    expect(readCommand(['--seed', '42', '--trace'])).toMatchObject({
      seeds: 1,
      first: 42,
      trace: true,
    }));

  it.each([
    [['--seeds', '0']],
    [['--seed', 'x']],
    [['--threads', '0']],
    [['--defect', 'none-such']],
    [['--what']],
  ])('refuses %j', (args) => expect(() => readCommand(args)).toThrow());
});
