import { seededRandom, type SeededRandom } from '@tallywatt/charge-point-simulator';
import type { TariffName } from './bench-tariffs';

/** Every kind of session the bench runs; `README.md` says what each is about. */
export const sessionKinds = [
  'retail',
  'member',
  'time-of-use',
  'time-of-use-measured',
  'time-of-use-member',
  'idle-after-grace',
  'idle-within-grace',
  'declined-card',
  'free-tariff',
  'duplicate-stop',
  'reconnect',
  'offline',
  'refund',
  'full-refund',
  'zero-energy',
  'above-hold',
  'unknown-token',
  'not-accepted',
] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** Whose token is shown: what stands behind it. */
export type Holder = 'visa' | 'mastercard' | 'member' | 'declined' | 'unauthenticated' | 'unknown';

/** What one car and its driver are going to do. Amounts of energy are whole Wh. */
export type PlannedSession = Readonly<{
  id: string;
  kind: SessionKind;
  tariff: TariffName;
  holder: Holder;
  connectorId: number;
  /** Wall clock in Berlin, minutes after midnight. */
  startsAtMinute: number;
  energyWh: number;
  idleMinutes: number;
  /** Seconds of virtual time between two readings; 0 sends none. */
  readingEverySeconds: number;
  clockAligned: boolean;
  /** Real milliseconds after the session begins at which its connection breaks. */
  cutsAfterMs: readonly number[];
  refund: 'none' | 'part' | 'all';
}>;

/** One stay of a charger on the line: sessions side by side on connectors, or one after the other. */
export type Visit = Readonly<{
  number: number;
  chargePointId: string;
  /** Seconds of real time after the beginning. */
  atSeconds: number;
  sessions: readonly PlannedSession[];
  inTurn: boolean;
}>;

export type PlannedChargePoint = Readonly<{ id: string; tariff: TariffName }>;

export type SessionPlan = Readonly<{
  chargePoints: readonly PlannedChargePoint[];
  visits: readonly Visit[];
}>;

export type SessionPlanOptions = Readonly<{ seed: string; sessions: number; seconds: number }>;

/** A visit takes some ten seconds, and longer while something is down. */
const visitSecondsUsual = 22;
const evening = 21 * 60;
const morning = 7 * 60;

const tariffOf = (kind: SessionKind): TariffName => {
  if (kind.startsWith('time-of-use')) return 'dayNight';
  if (kind.startsWith('idle')) return 'idle';
  return kind === 'free-tariff' ? 'free' : 'flat';
};

const holderOf = (kind: SessionKind, random: SeededRandom): Holder => {
  switch (kind) {
    case 'member':
    case 'time-of-use-member':
      return 'member';
    case 'declined-card':
      return random.pick(['declined', 'unauthenticated']);
    case 'unknown-token':
    case 'not-accepted':
      return 'unknown';
    default:
      return random.pick(['visa', 'mastercard']);
  }
};

const energyOf = (kind: SessionKind, random: SeededRandom): number => {
  if (kind === 'zero-energy') return 0;
  // At 0.45 EUR and 19 % tax a hold of 50.00 EUR covers 92 kWh.
  if (kind === 'above-hold') return random.integer(96_000, 120_000);
  // Long enough for the charger to be told to stop.
  if (kind === 'declined-card') return random.integer(25_000, 40_000);
  // A quarter of an hour and more: it is still charging when the price changes.
  if (kind.startsWith('time-of-use')) return random.integer(6_000, 13_000);
  return random.integer(2_500, 11_000);
};

const startOf = (kind: SessionKind, random: SeededRandom): number =>
  kind.startsWith('time-of-use')
    ? random.pick([evening, morning]) - random.integer(2, 14)
    : random.integer(9 * 60, 17 * 60);

const idleOf = (kind: SessionKind, random: SeededRandom): number => {
  if (kind === 'idle-after-grace') return random.integer(14, 45);
  return kind === 'idle-within-grace' ? random.integer(2, 10) : random.integer(1, 4);
};

const sessionOf = (number: number, kind: SessionKind, random: SeededRandom): PlannedSession => ({
  id: `S${String(number).padStart(4, '0')}`,
  kind,
  tariff: tariffOf(kind),
  holder: holderOf(kind, random),
  connectorId: kind === 'above-hold' ? 3 : random.integer(1, 2),
  startsAtMinute: startOf(kind, random),
  energyWh: energyOf(kind, random),
  idleMinutes: idleOf(kind, random),
  readingEverySeconds: kind === 'time-of-use-measured' ? 900 : random.integer(300, 900),
  clockAligned: kind === 'time-of-use-measured',
  cutsAfterMs:
    kind === 'reconnect'
      ? Array.from({ length: random.integer(1, 3) }, () => random.integer(50, 2_500)).sort(
          (one, other) => one - other,
        )
      : [],
  refund: kind === 'refund' ? 'part' : kind === 'full-refund' ? 'all' : 'none',
});

const shuffled = <T>(values: readonly T[], random: SeededRandom): T[] => {
  const left = [...values];
  const mixed: T[] = [];
  while (left.length > 0) mixed.push(...left.splice(random.integer(0, left.length - 1), 1));
  return mixed;
};

/** Rounds of all kinds, so that even a short plan has as many of them as it has sessions. */
const kindsFor = (count: number, random: SeededRandom): SessionKind[] => {
  const kinds: SessionKind[] = [];
  while (kinds.length < count) kinds.push(...shuffled(sessionKinds, random));
  return kinds.slice(0, count);
};

type Group = Readonly<{ sessions: readonly PlannedSession[]; inTurn: boolean }>;

/** These need the charger for themselves: its line, its meter or its power is a special one. */
const alone: ReadonlySet<SessionKind> = new Set(['offline', 'zero-energy', 'reconnect']);

/** The second comes soon after the first, so that no charger stands about for virtual hours. */
const together = (first: PlannedSession, second: PlannedSession, random: SeededRandom): Group => {
  // One after the other, the second would be too late for the boundary.
  const mustOverlap = first.tariff === 'dayNight';
  const connectorId =
    mustOverlap && first.connectorId === second.connectorId
      ? 3 - first.connectorId
      : second.connectorId;
  const startsAtMinute = first.startsAtMinute + (mustOverlap ? 0 : random.integer(0, 10));
  return {
    sessions: [first, { ...second, connectorId, startsAtMinute }],
    inTurn: connectorId === first.connectorId,
  };
};

/** Puts sessions of one tariff together: most alone, some side by side, some one after another. */
const grouped = (sessions: readonly PlannedSession[], random: SeededRandom): Group[] => {
  const groups: Group[] = [];
  const waiting = new Map<TariffName, PlannedSession>();
  for (const session of sessions) {
    const other = waiting.get(session.tariff);
    if (alone.has(session.kind)) {
      groups.push({ sessions: [session], inTurn: false });
    } else if (other !== undefined) {
      waiting.delete(session.tariff);
      groups.push(together(other, session, random));
    } else if (random.next() < 0.4) {
      waiting.set(session.tariff, session);
    } else {
      groups.push({ sessions: [session], inTurn: false });
    }
  }
  for (const session of waiting.values()) groups.push({ sessions: [session], inTurn: false });
  return groups;
};

const chargePointsFor = (groups: readonly Group[], seconds: number): PlannedChargePoint[] => {
  const perTariff = new Map<TariffName, number>();
  for (const { sessions } of groups) {
    const tariff = sessions[0]?.tariff ?? 'flat';
    perTariff.set(tariff, (perTariff.get(tariff) ?? 0) + 1);
  }
  return [...perTariff].flatMap(([tariff, visits]) => {
    const count = Math.max(1, Math.ceil((visits * visitSecondsUsual) / seconds));
    return Array.from({ length: count }, (_, index) => ({
      id: `BENCH-${tariff}-${index + 1}`,
      tariff,
    }));
  });
};

/** All sessions of a run, from the seed alone. */
export const planSessions = ({ seed, sessions, seconds }: SessionPlanOptions): SessionPlan => {
  const random = seededRandom(`${seed}/sessions`);
  const planned = kindsFor(sessions, random).map((kind, index) =>
    sessionOf(index + 1, kind, random),
  );
  const groups = grouped(planned, random);
  const chargePoints = chargePointsFor(groups, seconds);
  const turns = new Map<TariffName, number>();
  const visits = groups.map((group, index): Visit => {
    const tariff = group.sessions[0]?.tariff ?? 'flat';
    const possible = chargePoints.filter((point) => point.tariff === tariff);
    const turn = turns.get(tariff) ?? 0;
    turns.set(tariff, turn + 1);
    return {
      ...group,
      number: index + 1,
      chargePointId: possible[turn % possible.length]?.id ?? '',
      atSeconds: Math.floor((index * seconds) / groups.length) + random.next(),
    };
  });
  return { chargePoints, visits };
};
