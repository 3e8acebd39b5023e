import type { OcppVersion } from './charge-point-setting';
import type { Payload } from './message-lane';
import {
  changedRegisters,
  isReading,
  isStart,
  isStop,
  type Message,
  scaledRegister,
  signed,
  withInstants,
  withoutRegisters,
} from './wire-changes';

/** What a charger remembers of its own misbehaviour. */
export type Memory = Readonly<{ counts: Map<string, number>; cutConnection: () => void }>;

/** The messages that are said instead of one; the answer to the first counts. None: it is kept quiet. */
type Twist = (message: Message, memory: Memory) => readonly Message[];

type Misbehaviour = Readonly<{
  /** Its row in docs/field-failures.md. */
  failure: number;
  versions: readonly OcppVersion[];
  about: string;
  twist: Twist;
}>;

const both: readonly OcppVersion[] = ['1.6', '2.0.1'];
const only16: readonly OcppVersion[] = ['1.6'];
const only201: readonly OcppVersion[] = ['2.0.1'];

const changing =
  (isMeant: (message: Message) => boolean, change: (payload: Payload) => Payload): Twist =>
  (message) => [isMeant(message) ? { ...message, payload: change(message.payload) } : message];

const isOf = (action: string) => (message: Message) => message.action === action;

/** How often something has come up before. */
const times = ({ counts }: Memory, what: string): number => {
  const before = counts.get(what) ?? 0;
  counts.set(what, before + 1);
  return before;
};

const stopWith = (change: Payload): Twist =>
  changing(isOf('StopTransaction'), (payload) => ({ ...payload, ...change }));

const dayMs = 86_400_000;
/** From the year that sessions are simulated in to the beginning of all clocks. */
const to1970Ms = -Date.parse('2025-12-31T00:00:00Z');

const ocmf = (registerWh: number): string =>
  `OCMF|${JSON.stringify({ FV: '1.0', RD: [{ RV: registerWh / 1000, RU: 'kWh' }] })}|${JSON.stringify({ SD: '00' })}`;

/** What a charger can be told to do wrong, by name; the README lists them. */
export const misbehaviours = {
  'start-at-zero': {
    failure: 1,
    versions: both,
    about: 'the register of the start is 0, the readings after it are of the meter’s whole life',
    twist: changing(isStart, (payload) =>
      'meterStart' in payload ? { ...payload, meterStart: 0 } : changedRegisters(payload, () => 0),
    ),
  },
  'readings-without-register': {
    failure: 2,
    versions: both,
    about: 'readings between start and stop have power, but no energy',
    twist: changing(isReading, withoutRegisters),
  },
  'readings-without-transaction': {
    failure: 3,
    versions: only16,
    about: 'readings do not name their transaction',
    twist: changing(isOf('MeterValues'), ({ transactionId: _, ...rest }) => rest),
  },
  'no-stop': {
    failure: 6,
    versions: both,
    about: 'the stop is never said; the next session starts on the same connector',
    twist: (message) => (isStop(message) ? [] : [message]),
  },
  'second-stop-differs': {
    failure: 6,
    versions: both,
    about: 'the answered stop is said again, with 1 kWh more',
    twist: (message) => {
      if (!isStop(message)) return [message];
      const { meterStop } = message.payload;
      const more = changedRegisters(message.payload, (wh) => wh + 1_000);
      const stop = typeof meterStop === 'number' ? { meterStop: meterStop + 1_000 } : {};
      return [message, { ...message, payload: { ...more, ...stop } }];
    },
  },
  'stop-of-unknown-transaction': {
    failure: 7,
    versions: only16,
    about: 'the stop names a transaction that nobody has given',
    twist: stopWith({ transactionId: 1_999_999_999 }),
  },
  'stop-of-minus-one': {
    failure: 8,
    versions: only16,
    about: 'the stop names transaction -1, as after a start that was never answered',
    twist: stopWith({ transactionId: -1 }),
  },
  'stop-of-zero': {
    failure: 8,
    versions: only16,
    about: 'the stop names transaction 0',
    twist: stopWith({ transactionId: 0 }),
  },
  resend: {
    failure: 9,
    versions: both,
    about: 'everything about a transaction is said twice, under new message ids',
    twist: (message) =>
      isStart(message) || isReading(message) || isStop(message) ? [message, message] : [message],
  },
  'own-transaction-id': {
    failure: 10,
    versions: only16,
    about: 'readings and stop name an id of the charger’s own: epoch seconds',
    twist: changing(
      ({ payload }) => 'transactionId' in payload,
      (payload) => ({ ...payload, transactionId: 1_763_700_000 }),
    ),
  },
  'stop-register-minus-one': {
    failure: 11,
    versions: only16,
    about: 'the register of the stop is -1',
    twist: stopWith({ meterStop: -1 }),
  },
  'stop-register-zero': {
    failure: 11,
    versions: both,
    about: 'the register of the stop is 0',
    twist: changing(isStop, (payload) => ({
      ...changedRegisters(payload, () => 0, 'Transaction.End'),
      ...('meterStop' in payload ? { meterStop: 0 } : {}),
    })),
  },
  'register-runs-backwards': {
    failure: 11,
    versions: both,
    about: 'each second reading is 2 kWh below what it should be',
    twist: (message, memory) => {
      if (!isReading(message) || times(memory, 'readings') % 2 === 0) return [message];
      return [{ ...message, payload: changedRegisters(message.payload, (wh) => wh - 2_000) }];
    },
  },
  'kilowatt-hours-labelled-wh': {
    failure: 12,
    versions: both,
    about: 'readings are in kWh and say that they are in Wh',
    twist: changing(isReading, (payload) => scaledRegister(payload, undefined)),
  },
  'kilowatt-hours': {
    failure: 12,
    versions: both,
    about: 'readings are in kWh, and say so: no misbehaviour, and often read wrong',
    twist: changing(isReading, (payload) => scaledRegister(payload, 'kWh')),
  },
  'clock-of-1970': {
    failure: 13,
    versions: both,
    about: 'the clock began in 1970 when the charger was switched on',
    twist: ({ action, payload }) => [{ action, payload: withInstants(payload, to1970Ms) }],
  },
  'clock-of-the-future': {
    failure: 13,
    versions: both,
    about: 'the clock is 400 days ahead',
    twist: ({ action, payload }) => [{ action, payload: withInstants(payload, 400 * dayMs) }],
  },
  'sequence-gap': {
    failure: 13,
    versions: only201,
    about: 'one event in the middle of the transaction is never said, its number is missing',
    twist: (message, memory) =>
      isReading(message) && times(memory, 'readings') === 1 ? [] : [message],
  },
  'signed-readings': {
    failure: 21,
    versions: both,
    about:
      'readings have a signed value (OCMF, with a signature that is none) beside the plain one',
    twist: changing(isReading, (payload) => signed(payload, ocmf)),
  },
  'hangs-up-before-stop': {
    failure: 24,
    versions: both,
    about: 'the connection is lost when the stop is to be said; it is said after the next one',
    twist: (message, memory) => {
      if (!isStop(message) || times(memory, 'stops') > 0) return [message];
      memory.cutConnection();
      throw new Error('the connection is lost before the stop');
    },
  },
} as const satisfies Record<string, Misbehaviour>;

export type MisbehaviourName = keyof typeof misbehaviours;
export const misbehaviourNames = Object.keys(misbehaviours) as MisbehaviourName[];

/**
 * A way to call the server that says what the misbehaviours make of it, one after the other.
 *
 * @throws RangeError for one that the charger's version of OCPP cannot have.
 */
export const misbehaving = (
  names: readonly MisbehaviourName[],
  version: OcppVersion,
  cutConnection: () => void,
  call: (action: string, payload: Payload) => Promise<Payload>,
): ((action: string, payload: Payload) => Promise<Payload>) => {
  for (const name of names) {
    const { versions }: Misbehaviour = misbehaviours[name];
    if (!versions.includes(version)) {
      throw new RangeError(`${name} is no misbehaviour of OCPP ${version}`);
    }
  }
  if (names.length === 0) return call;
  const memory: Memory = { counts: new Map(), cutConnection };
  return async (action, payload) => {
    const said = names.reduce<readonly Message[]>(
      (messages, name) => messages.flatMap((message) => misbehaviours[name].twist(message, memory)),
      [{ action, payload }],
    );
    let answer: Payload | undefined;
    for (const message of said) {
      const given = await call(message.action, message.payload);
      answer ??= given;
    }
    return answer ?? {};
  };
};
