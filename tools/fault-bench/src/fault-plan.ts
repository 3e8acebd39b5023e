import { seededRandom, type SeededRandom } from '@tallywatt/charge-point-simulator';
import { serviceNames, type ServiceName } from '@tallywatt/demonstration';
import { adoptionStep, namedSteps } from './named-steps';

/** Everything the bench can do to the system; `README.md` says what each does. */
export const faultKinds = [
  'kill',
  'crash-at-step',
  'freeze',
  'freeze-with-twin',
  'database-lost',
  'kafka-kill',
  'acknowledgement-cut',
  'postgres-stop',
  'slow-commits',
  'processor-timeout',
  'processor-500',
  'processor-429',
  'processor-409',
  'webhook-doubled',
  'webhook-shuffled',
  'webhook-late',
  'webhook-lost',
  'webhook-forged',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A named step, and at which time of passing it. */
export type CrashStep = Readonly<{ step: string; time: number }>;

/** What each kind takes besides its kind; times are real milliseconds. */
export type FaultAction =
  | Readonly<{ kind: 'kill'; service: ServiceName; downMs: number }>
  | Readonly<{
      kind: 'crash-at-step' | 'database-lost';
      service: ServiceName;
      /** It dies at the first, is started again, dies at the next, and so on. */
      steps: readonly CrashStep[];
    }>
  | Readonly<{ kind: 'freeze' | 'freeze-with-twin'; service: ServiceName; frozenMs: number }>
  | Readonly<{ kind: 'kafka-kill' | 'postgres-stop'; downMs: number }>
  | Readonly<{ kind: 'acknowledgement-cut'; times: number }>
  | Readonly<{ kind: 'slow-commits'; lastingMs: number }>
  | Readonly<{
      kind: 'processor-timeout' | 'processor-500' | 'processor-429' | 'processor-409';
      path: string;
      times: number;
    }>
  | Readonly<{
      kind: 'webhook-doubled' | 'webhook-shuffled' | 'webhook-late' | 'webhook-lost';
      eventType: string;
      /** One for each event that it happens to; only late and shuffled ones are delayed. */
      delaySeconds: readonly number[];
    }>
  | Readonly<{ kind: 'webhook-forged'; forgery: Forgery }>;

export const forgeries = ['unsigned', 'wrong-secret', 'too-old', 'altered'] as const;
export type Forgery = (typeof forgeries)[number];

/** Faults of one line follow each other; those of different lines overlap. */
export const faultLines = ['alone', 'service-1', 'service-2', 'server', 'processor'] as const;
export type FaultLine = (typeof faultLines)[number];

export type PlannedFault = Readonly<{
  number: number;
  line: FaultLine;
  atSeconds: number;
  action: FaultAction;
}>;

export type FaultPlanOptions = Readonly<{
  seed: string;
  seconds: number;
  kinds?: readonly FaultKind[];
  /** Only these are killed, frozen or robbed of their database. */
  services?: readonly ServiceName[];
}>;

const serviceKinds: readonly FaultKind[] = [
  'crash-at-step',
  'kill',
  'freeze',
  'freeze-with-twin',
  'database-lost',
];
const serverKinds: readonly FaultKind[] = [
  'kafka-kill',
  'acknowledgement-cut',
  'postgres-stop',
  'slow-commits',
];
const processorKinds: readonly FaultKind[] = faultKinds.filter(
  (kind) => kind.startsWith('processor') || kind.startsWith('webhook'),
);

/** Deaths in a row of one service: each start but the last is made for the next death. */
const stepsInARow = 3;

/** What a fault and the recovery from it take, about, in seconds. */
const usualSeconds: Readonly<Record<FaultKind, number>> = {
  kill: 10,
  'crash-at-step': 40,
  freeze: 17,
  'freeze-with-twin': 24,
  'database-lost': 16,
  'kafka-kill': 13,
  'acknowledgement-cut': 4,
  'postgres-stop': 7,
  'slow-commits': 8,
  'processor-timeout': 3,
  'processor-500': 3,
  'processor-429': 3,
  'processor-409': 3,
  'webhook-doubled': 3,
  'webhook-shuffled': 3,
  'webhook-late': 3,
  'webhook-lost': 3,
  'webhook-forged': 2,
};

/** Those with a consumer of whose partitions a second process can take over some. */
export const consumingServices: readonly ServiceName[] = [
  'pricing-engine',
  'payment-capture',
  'ledger',
  'reconciliation',
];
/** What they have is computed from topics: a witness would lose what it has not published. */
export const derivingServices: readonly ServiceName[] = [
  'pricing-engine',
  'ledger',
  'reconciliation',
];
const processorPaths = [
  '/v1/payment_intents',
  '/v1/payment_intents/*/capture',
  '/v1/payment_intents/*/cancel',
  '/v1/refunds',
  '/v1/*',
];
const eventTypes = ['*', 'charge.*', 'payment_intent.*', 'refund.*'];

/** Gives values in rounds, each in a new order, so that none is forgotten for long. */
const rounds = <T>(values: readonly T[], random: SeededRandom): (() => T) => {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...values];
    const [next] = left.splice(random.integer(0, left.length - 1), 1);
    if (next === undefined) throw new RangeError('nothing to choose from');
    return next;
  };
};

type Crashes = Readonly<{ service: ServiceName; steps: readonly CrashStep[] }>;

/** Every named step once, a few of one service at a time, in an order of its own in each round. */
const crashMaker = (random: SeededRandom, services: readonly ServiceName[]): (() => Crashes) => {
  const round = (): Crashes[] =>
    services.flatMap((service) => {
      const nextStep = rounds(namedSteps[service], random);
      const crashes = namedSteps[service].map(() => ({
        step: nextStep(),
        // Reconciliation has something to say only of a session in nine, until the payouts come.
        time: service === 'reconciliation' ? 1 : random.integer(1, 2),
      }));
      const rows = Math.ceil(crashes.length / stepsInARow);
      return Array.from({ length: rows }, (_, row) => ({
        service,
        steps: crashes.filter((__, index) => index % rows === row),
      }));
    });
  let left: Crashes[] = [];
  return () => {
    if (left.length === 0) left = round();
    const [next] = left.splice(random.integer(0, left.length - 1), 1);
    if (next === undefined) throw new RangeError('no service to crash');
    return next;
  };
};

/** Makes actions of a kind; services, steps and paths come in turn. */
const actionMaker = (
  random: SeededRandom,
  services: readonly ServiceName[],
): ((kind: FaultKind) => FaultAction) => {
  const wanted = (of: readonly ServiceName[]) => of.filter((name) => services.includes(name));
  const nextService = rounds(services, random);
  const nextCrashes = crashMaker(random, services);
  const nextConsuming = rounds(wanted(consumingServices), random);
  const nextDeriving = rounds(wanted(derivingServices), random);
  const nextPath = rounds(processorPaths, random);
  const nextForgery = rounds(forgeries, random);
  const delays = (from: number, to: number): number[] =>
    Array.from({ length: random.integer(3, 8) }, () => random.integer(from, to));
  return (kind) => {
    switch (kind) {
      case 'kill':
        return { kind, service: nextService(), downMs: random.integer(0, 2_000) };
      case 'crash-at-step':
        return { kind, ...nextCrashes() };
      case 'freeze':
        return { kind, service: nextService(), frozenMs: random.integer(11_500, 15_000) };
      case 'freeze-with-twin':
        return { kind, service: nextConsuming(), frozenMs: random.integer(12_500, 16_000) };
      case 'database-lost':
        return { kind, service: nextDeriving(), steps: [{ step: adoptionStep, time: 1 }] };
      case 'kafka-kill':
      case 'postgres-stop':
        return { kind, downMs: random.integer(0, 3_000) };
      case 'acknowledgement-cut':
        return { kind, times: random.integer(1, 6) };
      case 'slow-commits':
        return { kind, lastingMs: random.integer(4_000, 9_000) };
      case 'processor-timeout':
      case 'processor-500':
      case 'processor-429':
      case 'processor-409':
        return { kind, path: nextPath(), times: random.integer(1, 4) };
      case 'webhook-shuffled':
        return { kind, eventType: random.pick(eventTypes), delaySeconds: delays(0, 6) };
      case 'webhook-late':
        return { kind, eventType: random.pick(eventTypes), delaySeconds: delays(15, 60) };
      case 'webhook-doubled':
      case 'webhook-lost':
        return { kind, eventType: random.pick(eventTypes), delaySeconds: delays(0, 0) };
      case 'webhook-forged':
        return { kind, forgery: nextForgery() };
    }
  };
};

const hasTarget = (kind: FaultKind, services: readonly ServiceName[]): boolean => {
  if (kind === 'freeze-with-twin') return consumingServices.some((name) => services.includes(name));
  if (kind === 'database-lost') return derivingServices.some((name) => services.includes(name));
  return services.length > 0 || !serviceKinds.includes(kind);
};

type Stretch = Readonly<{ line: FaultLine; from: number; to: number; kinds: readonly FaultKind[] }>;

/** Most faults of services are named steps: there are so many of those. */
const withSteps = (kinds: readonly FaultKind[]): readonly FaultKind[] =>
  kinds.includes('crash-at-step') && kinds.length > 1
    ? kinds.flatMap((kind) => (kind === 'crash-at-step' ? Array<FaultKind>(6).fill(kind) : [kind]))
    : kinds;

const restSeconds = (random: SeededRandom): number => 0.5 + 2.5 * random.next();

/**
 * All faults of a run, from the seed alone: one at a time for the first quarter, then lines of faults
 * that overlap. None begins in the last seconds, so that each has sessions to meet.
 */
export const planFaults = ({
  seed,
  seconds,
  kinds = faultKinds,
  services = serviceNames,
}: FaultPlanOptions): PlannedFault[] => {
  const random = seededRandom(`${seed}/faults`);
  const makeAction = actionMaker(random, services);
  const wanted = (of: readonly FaultKind[]): readonly FaultKind[] =>
    of.filter((kind) => kinds.includes(kind) && hasTarget(kind, services));
  const aloneSeconds = seconds / 4;
  const last = seconds - Math.min(5, seconds / 10);
  const stretches: readonly Stretch[] = [
    { line: 'alone', from: Math.min(3, aloneSeconds), to: aloneSeconds, kinds: wanted(faultKinds) },
    { line: 'service-1', from: aloneSeconds, to: last, kinds: withSteps(wanted(serviceKinds)) },
    { line: 'service-2', from: aloneSeconds + 4, to: last, kinds: withSteps(wanted(serviceKinds)) },
    { line: 'server', from: aloneSeconds + 2, to: last, kinds: wanted(serverKinds) },
    { line: 'processor', from: aloneSeconds, to: last, kinds: wanted(processorKinds) },
  ];
  const planned: Omit<PlannedFault, 'number'>[] = [];
  for (const { line, from, to, kinds: possible } of stretches) {
    if (possible.length === 0) continue;
    const nextKind = rounds(possible, random);
    for (let at = from; at < to;) {
      const kind = nextKind();
      planned.push({ line, atSeconds: Math.round(at * 10) / 10, action: makeAction(kind) });
      at += usualSeconds[kind] + restSeconds(random);
    }
  }
  return planned
    .sort((one, other) => one.atSeconds - other.atSeconds)
    .map((fault, index): PlannedFault => ({ ...fault, number: index + 1 }));
};
