import {
  canonicalJson,
  type ChargingState,
  type ClockCorrection,
  sha256Hex,
} from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import type { SessionCommand } from './charging-session';
import type { Doubt } from './session-doubts';
import { beginningOf, type NewStart, type Station } from './session-message';
import type { StoredSession } from './session-record';
import {
  claimedEventAt,
  type Grant,
  type HeardEvent,
  type TransactionEvent,
} from './transaction-event';
import type { TurnedEvent } from './transaction-turns';

/** All that a session begins with: a start, a token that was decided on, a connector, a register. */
export type Beginning = Readonly<{
  /** The station's first event: its time names the session, whenever the token comes. */
  first: HeardEvent;
  /** When token and connector were there: before that nobody owes anything for time. */
  startedAt: Instant;
  /** What the station claimed for that, where it cannot have been right. */
  clockCorrection?: ClockCorrection;
  /** 0 when the station never said which. */
  connectorId: number;
  tokenMark: string;
  grant: Grant;
  meterStartMilliWh: bigint;
  chargingState?: ChargingState;
  /** How many of the events taken have told their charging state with that. */
  statesTold: number;
  doubts: readonly Doubt[];
}>;

/** Names a session by the station's transaction id and its first event. */
export const transactionFingerprint = (transactionId: string, startedAt: Instant): string =>
  sha256Hex(canonicalJson(['station-transaction', transactionId, startedAt]));

type Register = Readonly<{ milliWh: bigint; doubts: readonly Doubt[] }>;

export const registersOf = ({ readings }: TransactionEvent) =>
  readings.flatMap(({ context, registerMilliWh, implausibleReason }) =>
    registerMilliWh === undefined || implausibleReason !== undefined
      ? []
      : [{ context, milliWh: registerMilliWh }],
  );

/** A state in which energy may have flowed before the event that follows. */
const mayFlow = ({ chargingState }: TransactionEvent): boolean =>
  chargingState === 'Charging' ||
  chargingState === 'SuspendedEV' ||
  chargingState === 'SuspendedEVSE';

/**
 * The register that the transaction began with: the station's own Transaction.Begin, else the first
 * register said before energy can have flowed. A later one is a guess, and says so.
 */
export const startRegisterIn = (events: readonly HeardEvent[]): Register | undefined => {
  for (const [index, event] of events.entries()) {
    const registers = registersOf(event);
    const begin = registers.find(({ context }) => context === 'Transaction.Begin');
    const register = begin ?? registers[0];
    if (register === undefined) continue;
    const before = events.slice(0, index);
    const isStateKnown = [...before, event].some(
      ({ chargingState }) => chargingState !== undefined,
    );
    const isExact =
      begin !== undefined ||
      event.eventType === 'Started' ||
      (isStateKnown && event.eventType === 'Updated' && !before.some(mayFlow));
    if (isExact) return { milliWh: register.milliWh, doubts: [] };
    const detail = `the first register, of event ${event.seqNo}, came after energy may have flowed`;
    return { milliWh: register.milliWh, doubts: [{ reason: 'start-register-unknown', detail }] };
  }
  return undefined;
};

/** A session that ended without any register is kept as one that waits for a person. */
const noRegister: Register = {
  milliWh: 0n,
  doubts: [{ reason: 'start-register-unknown', detail: 'no event of it had a register' }],
};

export const hasEnded = (events: readonly TransactionEvent[]): boolean =>
  events.some(({ eventType }) => eventType === 'Ended');

/**
 * The first token that may charge. One that may not begins a session only when nothing better came
 * until the end: a driver who is refused tries another card.
 */
const tokenIn = (
  taken: readonly TurnedEvent[],
  heard: readonly HeardEvent[],
  isEnded: boolean,
): Readonly<{ index: number; event: TurnedEvent; grant: Grant }> | undefined => {
  const tokens = taken.flatMap((event, index) => {
    if (event.tokenMark === undefined) return [];
    // One decision per token and transaction: an event that overtook may have asked for it.
    const isSame = (other: HeardEvent): boolean => other.tokenMark === event.tokenMark;
    const grant = heard.find((other) => isSame(other) && other.grant !== undefined)?.grant;
    return grant === undefined ? [] : [{ index, event, grant }];
  });
  const accepted = tokens.find(({ grant }) => grant.decision.status === 'Accepted');
  return accepted ?? (isEnded ? tokens[0] : undefined);
};

/**
 * The beginning of a session in the events taken so far, from the first one on, or undefined while
 * it cannot begin. It rests on the least that is needed, so that it is the same whether the rest has
 * come by then. `nobody` is what was decided about no token at all: with it, a transaction that has
 * ended begins too.
 */
export const beginningIn = (
  taken: readonly TurnedEvent[],
  heard: readonly HeardEvent[],
  nobody?: Grant,
  isEnded = hasEnded(taken),
): Beginning | undefined => {
  const [first] = taken;
  if (first === undefined) return undefined;
  const token = tokenIn(taken, heard, isEnded);
  const grant = token?.grant ?? (isEnded ? nobody : undefined);
  const register = startRegisterIn(taken) ?? (isEnded ? noRegister : undefined);
  if (grant === undefined || register === undefined) return undefined;
  // A card may be shown before the cable is in: then the EVSE comes later than the token.
  const plugIndex = taken.findIndex(({ connectorId }) => connectorId !== undefined);
  if (plugIndex < 0 && !isEnded) return undefined;
  const statesTold = token === undefined ? 1 : Math.max(token.index, plugIndex) + 1;
  const states = taken.slice(0, statesTold).flatMap(({ chargingState }) => chargingState ?? []);
  const chargingState = states.at(-1);
  const { happenedAt: startedAt, clockCorrection } = taken[statesTold - 1] ?? first;
  return {
    first,
    startedAt,
    ...(clockCorrection === undefined ? {} : { clockCorrection }),
    connectorId: taken[plugIndex]?.connectorId ?? 0,
    tokenMark: token?.event.tokenMark ?? '',
    grant,
    meterStartMilliWh: register.milliWh,
    ...(chargingState === undefined ? {} : { chargingState }),
    statesTold,
    doubts: register.doubts,
  };
};

/** Who speaks of which transaction, and when we heard it. */
export type Speaker = Station & Readonly<{ transactionId: string; now: Instant }>;

type PlaceFacts = Pick<
  NewStart['facts'],
  'ocppVersion' | 'powerWMax' | 'location' | 'remoteStartCommandId'
>;

/** The pinned tariff may be another connector's, where tariffs are assigned by connector. */
const placeDoubts = ({ grant, connectorId }: Beginning, isPricedByConnector: boolean): Doubt[] => {
  if (!isPricedByConnector || grant.connectorId === connectorId) return [];
  const detail = `decided before it was known that it is at connector ${connectorId}`;
  return [{ reason: 'tariff-unknown', detail }];
};

/** The session that a transaction becomes, and the commands that begin it. */
export const sessionOf = (
  speaker: Speaker,
  beginning: Beginning,
  occurrence: number,
  place: PlaceFacts,
  isPricedByConnector: boolean,
): Readonly<{ session: StoredSession; commands: readonly SessionCommand[] }> => {
  const { cpoId, chargePointId, transactionId, now } = speaker;
  const { first, startedAt, connectorId, tokenMark, grant, meterStartMilliWh, doubts } = beginning;
  const { clockSkewMs } = first;
  const { clockCorrection } = beginning;
  const note = clockCorrection === undefined ? {} : { clockCorrection };
  const { session, command } = beginningOf(
    {
      station: { cpoId, chargePointId },
      words: { connectorId, tokenMark, meterStartMilliWh, startedAt },
      now,
      idTagInfo: grant.idTagInfo,
      facts: {
        ...place,
        ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
        decision: grant.decision,
        ...note,
      },
    },
    occurrence,
    transactionId,
    transactionFingerprint(transactionId, claimedEventAt(first)),
  );
  const { chargingState: reported } = beginning;
  const state = { now, changedAt: startedAt, ...note, isInTurn: true } as const;
  return {
    session,
    commands: [
      { ...command, doubts: [...doubts, ...placeDoubts(beginning, isPricedByConnector)] },
      ...(reported === undefined
        ? []
        : [{ type: 'RecordChargingState', reported, ...state } as const]),
    ],
  };
};
