import type { AllowanceEvent } from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decider, type Decision } from '@tallywatt/decider';
import type { SessionFacts } from './session-facts';
import { allowancePeriod } from './settled-energy';

/** What one session has drawn, and for which settlement of its energy. */
export type SessionDraw = Readonly<{ energyRevision: number; drawnMilliWh: bigint }>;

/**
 * The included energy of one driver in one calendar month. How much that is, the tariff of each
 * session says for itself: the pot is one, however many tariffs fill it.
 */
export type Allowance = Readonly<{
  /** By all sessions of the month together, less what they returned. */
  drawnMilliWh: bigint;
  /** By session id. */
  sessions: ReadonlyMap<string, SessionDraw>;
}>;

/** The energy of a session was settled, or settled anew: let it draw. */
export type DrawAllowance = Readonly<{
  type: 'DrawAllowance';
  cpoId: string;
  subjectRef: string;
  /** The calendar month it draws from, `YYYY-MM`. */
  period: string;
  sessionId: string;
  energyRevision: number;
  sessionEnergyMilliWh: bigint;
  /** What the tariff of the session includes for the month. */
  monthlyMilliWh: bigint;
}>;

/**
 * A session draws what it took, as far as something is left of its month. First come, first served,
 * in the order in which sessions are settled. What was drawn stays drawn: a later session takes it
 * from nobody, and a session gives back only what it did not take.
 */
const decide = (
  command: DrawAllowance,
  { drawnMilliWh, sessions }: Allowance,
): Decision<AllowanceEvent, 'energy-already-drawn-for'> => {
  const { type: _, ...stream } = command;
  const { sessionId, energyRevision, sessionEnergyMilliWh, monthlyMilliWh } = command;
  const { energyRevision: lastRevision, drawnMilliWh: own } = sessions.get(sessionId) ?? noDraw;
  if (energyRevision <= lastRevision) return ignore('energy-already-drawn-for');
  const byOthers = drawnMilliWh - own;
  const open = atLeast(monthlyMilliWh - byOthers, own);
  const sessionDrawnMilliWh = sessionEnergyMilliWh < open ? sessionEnergyMilliWh : open;
  const change = sessionDrawnMilliWh - own;
  const leftMilliWh = atLeast(monthlyMilliWh - byOthers - sessionDrawnMilliWh, 0n);
  const drawn = { ...stream, sessionDrawnMilliWh, leftMilliWh };
  return change < 0n
    ? accept({ type: 'AllowanceReturned', ...drawn, returnedMilliWh: -change })
    : accept({ type: 'AllowanceDrawn', ...drawn, drawnMilliWh: change });
};

const noDraw: SessionDraw = { energyRevision: 0, drawnMilliWh: 0n };

const atLeast = (energyMilliWh: bigint, leastMilliWh: bigint): bigint =>
  energyMilliWh < leastMilliWh ? leastMilliWh : energyMilliWh;

const evolve = ({ drawnMilliWh, sessions }: Allowance, event: AllowanceEvent): Allowance => {
  const { sessionId, energyRevision, sessionDrawnMilliWh } = event;
  const draw = { energyRevision, drawnMilliWh: sessionDrawnMilliWh };
  return {
    drawnMilliWh: drawnMilliWh + changeOf(event),
    sessions: new Map([...sessions, [sessionId, draw]]),
  };
};

const changeOf = (event: AllowanceEvent): bigint => {
  switch (event.type) {
    case 'AllowanceDrawn':
      return event.drawnMilliWh;
    case 'AllowanceReturned':
      return -event.returnedMilliWh;
    default:
      return unreachable(event);
  }
};

export const allowance = {
  initial: { drawnMilliWh: 0n, sessions: new Map() } as Allowance,
  decide,
  evolve,
} satisfies Decider<DrawAllowance, Allowance, AllowanceEvent, 'energy-already-drawn-for'>;

/** The draw that one more fact of a session asks for: its energy was settled by it. */
export const drawDue = (
  before: SessionFacts | undefined,
  after: SessionFacts,
): DrawAllowance | undefined => {
  const { settledEnergy, started } = after;
  const { cpoId, sessionId } = started;
  const { includedEnergy } = started.decision;
  const period = allowancePeriod(started);
  if (settledEnergy === undefined || includedEnergy === undefined || period === undefined) {
    return undefined;
  }
  const { revision: energyRevision, energyMilliWh: sessionEnergyMilliWh } = settledEnergy;
  if (energyRevision === before?.settledEnergy?.revision) return undefined;
  return {
    type: 'DrawAllowance',
    cpoId,
    ...includedEnergy,
    period,
    sessionId,
    energyRevision,
    sessionEnergyMilliWh,
  };
};
