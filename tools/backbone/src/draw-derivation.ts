import {
  encodeEvent,
  type AllowanceEvent,
  type EventMetadata,
  type RecordedEvent,
  type SessionEvent,
} from '@tallywatt/contracts';
import {
  afterFact,
  allowance,
  drawDue,
  factsOf,
  type Allowance,
  type DrawAllowance,
  type SessionFacts,
} from '@tallywatt/derivations';
import { differences } from './difference';

/** A draw that a fact of a session asks for. */
export type DueDraw = Readonly<{ command: DrawAllowance; cause: EventMetadata }>;

const placeOf = ({ cpoId, sessionId, energyRevision }: AllowanceEvent | DrawAllowance): string =>
  `${cpoId}/${sessionId}/${energyRevision}`;

const monthOf = ({ cpoId, subjectRef, period }: AllowanceEvent): string =>
  `${cpoId}/${subjectRef}/${period}`;

/** Included energy as it follows from sessions and from the order in which each month was drawn. */
export class DrawDerivation {
  private readonly sessions = new Map<string, SessionFacts>();
  private readonly months = new Map<string, Allowance>();
  /** What sessions ask for and no record has said yet. */
  private readonly due = new Map<string, DueDraw>();

  /** Sessions first: what they ask for is known before a draw is judged. */
  takeSession({ event, metadata }: RecordedEvent<SessionEvent>): void {
    const key = `${event.cpoId}/${event.sessionId}`;
    const before = this.sessions.get(key);
    if (before === undefined && event.type !== 'SessionStarted') return;
    const facts = before === undefined ? undefined : afterFact(before, event);
    const after = facts ?? (event.type === 'SessionStarted' ? factsOf(event) : undefined);
    if (after?.started.decision.includedEnergy === undefined) return;
    this.sessions.set(key, after);
    const command = drawDue(before, after);
    if (command !== undefined) this.due.set(placeOf(command), { command, cause: metadata });
  }

  /** The next draw of its month, of a session that is followed. @returns what is wrong with it. */
  takeDraw({ event, metadata }: RecordedEvent<AllowanceEvent>): readonly string[] {
    const due = this.due.get(placeOf(event));
    const month = this.months.get(monthOf(event)) ?? allowance.initial;
    this.takeOther(event);
    if (due === undefined) return ['no fact of its session asks for it'];
    this.due.delete(placeOf(event));
    const decision = allowance.decide(due.command, month);
    if (decision.kind !== 'accepted') return [`the session has drawn: ${decision.reason}`];
    const faults: string[] = [];
    if (!decision.events.some((one) => encodeEvent(one).contentHash === metadata.contentHash)) {
      faults.push(...decision.events.flatMap((derived) => differences(event, derived)));
    }
    if (metadata.causationId !== due.cause.id) {
      faults.push(`it names ${metadata.causationId} as its cause, it follows from ${due.cause.id}`);
    }
    return faults;
  }

  /** A draw of the month that is not judged: what it left counts for the next. */
  takeOther(event: AllowanceEvent): void {
    const month = this.months.get(monthOf(event)) ?? allowance.initial;
    this.months.set(monthOf(event), allowance.evolve(month, event));
  }

  /** Draws that should be there and are not. */
  missing(): readonly DueDraw[] {
    return [...this.due.values()];
  }
}

/** What is wrong with the draws of one session, and the record that is. */
export type DrawFault = Readonly<{ detail: string; of?: RecordedEvent }>;

/** Holds what a session drew against its facts and what others had drawn of the month before. */
export const drawFaults = (
  {
    sessions,
    draws,
  }: Readonly<{
    sessions: readonly RecordedEvent<SessionEvent>[];
    draws: readonly RecordedEvent<AllowanceEvent>[];
  }>,
  sessionId: string,
): readonly DrawFault[] => {
  const derivation = new DrawDerivation();
  for (const recorded of sessions) derivation.takeSession(recorded);
  const faults = draws.flatMap((of): DrawFault[] => {
    if (of.event.sessionId === sessionId) {
      return derivation.takeDraw(of).map((detail) => ({ detail, of }));
    }
    derivation.takeOther(of.event);
    return [];
  });
  const missing = derivation
    .missing()
    .map(({ cause }) => ({ detail: `event ${cause.id} asks for a draw, which no record says` }));
  return [...faults, ...missing];
};
