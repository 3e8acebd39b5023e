import { parseArgs } from 'node:util';
import type { OcppVersion } from './charge-point-setting';
import type { FleetSetting } from './fleet';
import { type MisbehaviourName, misbehaviourNames, misbehaviours } from './misbehaviour';

export const HELP = `Simulated OCPP chargers.

  node dist/main.js --url ws://127.0.0.1:9310/ocpp --id CP-1 --token TAG-1 [options]

Who
  --url URL              server, without the charge point id (required)
  --id ID                a charge point; may be repeated (required)
  --password TEXT        HTTP basic auth, the same for all
  --ocpp 1.6|2.0.1|both  version; both: each second charger speaks 2.0.1        [1.6]
  --token ID             a driver's token; may be repeated, each session picks one (required)
  --connectors N         connectors of each charge point, all used at once      [1]
  --power-kw N           what a connector can give                              [22]

What
  --sessions N           sessions of each connector                             [1]
  --curve ac|dc          how power runs                                         [ac]
  --energy-wh N          charge this much; without it a seeded amount
  --duration-minutes N   charge this long
  --meter-interval N     seconds between readings                               [900]
  --clock-aligned        readings at multiples of the interval
  --suspended-minutes N  the full car stays connected before the stop           [0]
  --idle-minutes N       the connector stays occupied after the stop; without it seeded
  --duplicate-stop       send each StopTransaction twice
  --no-authorize         start without asking first
  --misbehave NAME       do this wrong; may be repeated; list: print what there is

When
  --start INSTANT        virtual time begins here                               [now]
  --speed N              virtual seconds per real second                        [600]
  --real-time            no virtual time
  --seed TEXT            same seed and start, same sessions                     [1]

  --verbose              print every message on standard error
  --help

Each finished session is one line of JSON on standard output. A server takes the same session for a
resent one: give another --start or --seed to get new sessions from the same charge points.
`;

export type CommandLine =
  | Readonly<{ kind: 'help' }>
  | Readonly<{ kind: 'misbehaviours' }>
  | Readonly<{ kind: 'wrong'; message: string }>
  | Readonly<{ kind: 'run'; fleet: FleetSetting; verbose: boolean }>;

/** Reads the arguments after the program's name; `now` is where virtual time begins by default. */
export const readCommandLine = (args: readonly string[], now: Date): CommandLine => {
  try {
    return readValues(args, now);
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
};

const readValues = (args: readonly string[], now: Date): CommandLine => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
  if (values.help) return { kind: 'help' };
  if (values.misbehave?.includes('list')) return { kind: 'misbehaviours' };
  const { password, curve } = values;
  if (!values.url) throw new Error('--url is missing');
  if (!/^wss?:\/\//.test(values.url))
    throw new Error(`--url must be ws:// or wss://: ${values.url}`);
  if (!values.id?.length) throw new Error('--id is missing');
  if (!values.token?.length) throw new Error('--token is missing');
  const { ocpp } = values;
  if (ocpp !== '1.6' && ocpp !== '2.0.1' && ocpp !== 'both') {
    throw new Error(`--ocpp must be 1.6, 2.0.1 or both: ${ocpp}`);
  }
  if (curve !== 'ac' && curve !== 'dc') throw new Error(`--curve must be ac or dc: ${curve}`);
  const misbehave = values.misbehave?.map((name) => misbehaviourOf(name, ocpp)) ?? [];
  const start = values.start === undefined ? now : new Date(values.start);
  if (Number.isNaN(start.getTime())) throw new Error(`--start is not an instant: ${values.start}`);
  const energyWh = whole('--energy-wh', values['energy-wh'], 1);
  const durationMinutes = whole('--duration-minutes', values['duration-minutes'], 1);
  const idleMinutesAfter = whole('--idle-minutes', values['idle-minutes'], 0);
  const fleet: FleetSetting = {
    url: values.url.replace(/\/+$/, ''),
    chargers: values.id,
    ocppVersionOf: (id) =>
      ocpp === 'both' ? ((values.id?.indexOf(id) ?? 0) % 2 === 0 ? '1.6' : '2.0.1') : ocpp,
    sessionsPerCharger: whole('--sessions', values.sessions, 1) ?? 1,
    seed: values.seed,
    tokens: values.token,
    virtualClock: values['real-time'] ? 'real' : { start, speed: above0('--speed', values.speed) },
    ...(password === undefined ? {} : { passwordOf: () => password }),
    ...(misbehave.length === 0 ? {} : { misbehaviours: misbehave }),
    powerKwMax: above0('--power-kw', values['power-kw']),
    connectorsPerCharger: whole('--connectors', values.connectors, 1) ?? 1,
    curve,
    session: {
      meterIntervalSeconds: whole('--meter-interval', values['meter-interval'], 0) ?? 900,
      suspendedEvMinutes: whole('--suspended-minutes', values['suspended-minutes'], 0) ?? 0,
      clockAligned: values['clock-aligned'],
      duplicateStop: values['duplicate-stop'],
      authorizeFirst: !values['no-authorize'],
      ...(energyWh === undefined ? {} : { energyWh: BigInt(energyWh) }),
      ...(durationMinutes === undefined ? {} : { durationMinutes }),
      ...(idleMinutesAfter === undefined ? {} : { idleMinutesAfter }),
    },
  };
  return { kind: 'run', fleet, verbose: values.verbose };
};

const OPTIONS = {
  url: { type: 'string' },
  id: { type: 'string', multiple: true },
  password: { type: 'string' },
  ocpp: { type: 'string', default: '1.6' },
  token: { type: 'string', multiple: true },
  connectors: { type: 'string', default: '1' },
  'power-kw': { type: 'string', default: '22' },
  sessions: { type: 'string', default: '1' },
  curve: { type: 'string', default: 'ac' },
  'energy-wh': { type: 'string' },
  'duration-minutes': { type: 'string' },
  'meter-interval': { type: 'string', default: '900' },
  'clock-aligned': { type: 'boolean', default: false },
  'suspended-minutes': { type: 'string', default: '0' },
  'idle-minutes': { type: 'string' },
  'duplicate-stop': { type: 'boolean', default: false },
  misbehave: { type: 'string', multiple: true },
  'no-authorize': { type: 'boolean', default: false },
  start: { type: 'string' },
  speed: { type: 'string', default: '600' },
  'real-time': { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const misbehaviourOf = (text: string, ocpp: OcppVersion | 'both'): MisbehaviourName => {
  const name = misbehaviourNames.find((one) => one === text);
  if (name === undefined) throw new Error(`--misbehave ${text}: see --misbehave list`);
  const versions: readonly OcppVersion[] = misbehaviours[name].versions;
  const needed: readonly OcppVersion[] = ocpp === 'both' ? ['1.6', '2.0.1'] : [ocpp];
  if (needed.every((version) => versions.includes(version))) return name;
  throw new Error(`--misbehave ${name} is of OCPP ${versions.join(' and ')} only`);
};

/** The misbehaviours, one a line. */
export const misbehaviourList = (): string =>
  misbehaviourNames
    .map((name) => {
      const { versions, about } = misbehaviours[name];
      return `${name.padEnd(29)} ${versions.join(', ').padEnd(11)} ${about}\n`;
    })
    .join('');

const whole = (name: string, text: string | undefined, min: number): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < min) {
    throw new Error(`${name} must be a whole number from ${min}: ${text}`);
  }
  return Number(text);
};

const above0 = (name: string, text: string): number => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`${name} must be above 0: ${text}`);
  return value;
};
