import type { CdrEvent, SessionEvent, TariffReference } from '@tallywatt/contracts';
import type { OcpiTariff } from '@tallywatt/tariffs';
import type { PinnedTariff } from './pinned-tariff';
import { isCdrDue, ratedSession, type RatedSession } from './rated-session';

/** Where one more fact has led a session. */
export type Progress = Readonly<{
  session: RatedSession;
  /**
   * The CDR, or why there is none; a credit CDR and the CDR in its place when a late fact changes
   * the bill. Empty when the fact changes nothing.
   */
  cdrs: readonly CdrEvent[];
  /** The fact came after the CDR. */
  isLate: boolean;
  /** The fact waits for this draw, and the session is as it was: see `advance`. */
  awaitsDraw?: Draw;
}>;

/** What a session has drawn in all of included energy, in mWh; undefined while nobody has said. */
export type Draws = (draw: Draw) => bigint | undefined;

/** A draw by the session it is for and by how often the energy of that was settled. */
export type Draw = Readonly<{ cpoId: string; sessionId: string; energyRevision: number }>;

/** Takes the next fact of a session and asks for its CDR if one is due. */
export const progressOf = (
  before: RatedSession,
  event: SessionEvent,
  pinnedTariff: (reference: TariffReference) => PinnedTariff,
  drawnMilliWh: Draws = () => undefined,
): Progress => {
  const isLate = before.status === 'rated';
  const session = ratedSession.evolve(before, event);
  if (!isCdrDue(session, event)) return { session, cdrs: [], isLate };
  const draw = drawOf(session);
  const includedEnergyMilliWh = draw === undefined ? undefined : drawnMilliWh(draw);
  if (draw !== undefined && includedEnergyMilliWh === undefined) {
    return { session: before, cdrs: [], isLate, awaitsDraw: draw };
  }
  const reference = pinnedReference(session);
  const pinned: PinnedTariff = reference === undefined ? { kind: 'none' } : pinnedTariff(reference);
  const command = { type: 'IssueCdr', pinned, because: reasonOf(event) } as const;
  const decision = ratedSession.decide(
    includedEnergyMilliWh === undefined ? command : { ...command, includedEnergyMilliWh },
    session,
  );
  if (decision.kind !== 'accepted') return { session, cdrs: [], isLate };
  const cdrs = decision.events;
  return { session: cdrs.reduce<RatedSession>(ratedSession.evolve, session), cdrs, isLate };
};

const drawOf = (session: RatedSession): Draw | undefined => {
  if (session.status === 'absent') return undefined;
  const { settledEnergy, started } = session.facts;
  if (settledEnergy === undefined) return undefined;
  const { cpoId, sessionId } = started;
  return { cpoId, sessionId, energyRevision: settledEnergy.revision };
};

/** Where some facts of one session have led it, as far as they could be taken. */
export type Advance<Fact> = Readonly<{
  session: RatedSession;
  /** The facts that were taken, each with what it led to. */
  steps: readonly Readonly<{ fact: Fact; cdrs: readonly CdrEvent[]; isLate: boolean }>[];
  /** The facts that could not, in order: the first waits for a draw, and none overtakes it. */
  waiting: readonly Fact[];
}>;

/**
 * Takes facts of a session in order, up to the first whose CDR needs a draw that nobody has told of.
 * Fact by fact, so that the CDRs are the same whenever the draws come.
 */
export const advance = <Fact extends Readonly<{ event: SessionEvent }>>(
  before: RatedSession,
  facts: readonly Fact[],
  pinnedTariff: (reference: TariffReference) => PinnedTariff,
  drawnMilliWh: Draws,
): Advance<Fact> => {
  let session = before;
  const steps: Advance<Fact>['steps'][number][] = [];
  for (const [index, fact] of facts.entries()) {
    const progress = progressOf(session, fact.event, pinnedTariff, drawnMilliWh);
    if (progress.awaitsDraw !== undefined) return { session, steps, waiting: facts.slice(index) };
    session = progress.session;
    steps.push({ fact, cdrs: progress.cdrs, isLate: progress.isLate });
  }
  return { session, steps, waiting: [] };
};

/**
 * Where the same fact leads if the session is priced under another tariff than the one its
 * decision names. For questions only: the CDRs still name the pinned version and are never issued.
 * What was drawn stays drawn: it is handed in as it was.
 */
export const progressUnder = (
  before: RatedSession,
  event: SessionEvent,
  tariff: OcpiTariff,
  drawnMilliWh?: Draws,
): Progress =>
  progressOf(
    before,
    event,
    ({ contentHash }) => ({ kind: 'found', contentHash, tariff }),
    drawnMilliWh,
  );

/** One sentence for whoever reads a credit CDR. */
const reasonOf = (event: SessionEvent): string => {
  switch (event.type) {
    case 'MeterValuesRecorded': {
      const [first] = event.readings;
      const of = first === undefined ? '' : ` of ${first.readAt}`;
      return `Meter readings${of} arrived after the CDR.`;
    }
    case 'ChargingStateChanged':
      return `The charging state of ${event.changedAt} arrived after the CDR.`;
    case 'StopCorrected':
      return `The stop was corrected: ${event.reason}`;
    default:
      return `${event.type} arrived after the CDR.`;
  }
};

/** The tariff version that the decision at the session's start names: it prices it to its end. */
export const pinnedReference = (session: RatedSession): TariffReference | undefined =>
  session.status === 'absent' ? undefined : session.facts.started.decision.tariff;
