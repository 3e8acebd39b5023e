import { readCommandLine } from './command-line';

const now = new Date('2026-11-20T16:00:00Z');
const least = ['--url', 'ws://127.0.0.1:9310/ocpp/', '--id', 'CP-1', '--token', 'TAG-1'];
const read = (...more: string[]) => readCommandLine([...least, ...more], now);

describe('the command line', () => {
  it('needs a server, a charger and a token', () => {
    expect(read()).toMatchObject({
      kind: 'run',
      fleet: {
        url: 'ws://127.0.0.1:9310/ocpp',
        chargers: ['CP-1'],
        tokens: ['TAG-1'],
        sessionsPerCharger: 1,
        virtualClock: { start: now, speed: 600 },
      },
    });
  });

  it('hands on what a session shall be', () => {
    expect(
      read('--energy-wh', '5000', '--idle-minutes', '0', '--duplicate-stop', '--no-authorize'),
    ).toMatchObject({
      fleet: {
        session: {
          energyWh: 5_000n,
          idleMinutesAfter: 0,
          duplicateStop: true,
          authorizeFirst: false,
        },
      },
    });
  });

  it('hands on what a charger shall do wrong, where its version can', () => {
    expect(read('--misbehave', 'resend', '--misbehave', 'no-stop')).toMatchObject({
      fleet: { misbehaviours: ['resend', 'no-stop'] },
    });
    expect(read()).not.toHaveProperty('fleet.misbehaviours');
    expect(read('--misbehave', 'list')).toEqual({ kind: 'misbehaviours' });
    expect(read('--misbehave', 'dance')).toMatchObject({ kind: 'wrong' });
    expect(read('--misbehave', 'sequence-gap')).toEqual({
      kind: 'wrong',
      message: '--misbehave sequence-gap is of OCPP 2.0.1 only',
    });
    expect(read('--ocpp', 'both', '--misbehave', 'stop-of-zero').kind).toBe('wrong');
  });

  it('lets each second charger speak 2.0.1, or all', () => {
    const version = (...more: string[]) => {
      const line = read('--id', 'CP-2', ...more);
      return ['CP-1', 'CP-2'].map((id) => line.kind === 'run' && line.fleet.ocppVersionOf?.(id));
    };
    expect(version()).toEqual(['1.6', '1.6']);
    expect(version('--ocpp', 'both')).toEqual(['1.6', '2.0.1']);
    expect(version('--ocpp', '2.0.1')).toEqual(['2.0.1', '2.0.1']);
  });

  it.each([
    [['--ocpp', '1.5'], '--ocpp must be 1.6, 2.0.1 or both: 1.5'],
    [['--sessions', '0'], '--sessions must be a whole number from 1: 0'],
    [['--speed', 'fast'], '--speed must be above 0: fast'],
    [['--start', 'noon'], '--start is not an instant: noon'],
    [['--curve', 'sine'], '--curve must be ac or dc: sine'],
    [['--energy', '1'], "Unknown option '--energy'"],
  ])('%j is wrong', (args, message) => {
    expect(read(...args)).toEqual({ kind: 'wrong', message: expect.stringContaining(message) });
  });

  it('says which of the three is missing, and helps', () => {
    expect(readCommandLine([], now)).toEqual({ kind: 'wrong', message: '--url is missing' });
    expect(readCommandLine(['--help'], now)).toEqual({ kind: 'help' });
  });
});
