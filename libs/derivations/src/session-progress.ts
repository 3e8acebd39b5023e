import type { CdrEvent, SessionEvent, TariffReference } from '@tallywatt/contracts';
import { isCdrDue, ratedSession, type PinnedTariff, type RatedSession } from './rated-session';

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
}>;

/** Takes the next fact of a session and asks for its CDR if one is due. */
export const progressOf = (
  before: RatedSession,
  event: SessionEvent,
  pinnedTariff: (reference: TariffReference) => PinnedTariff,
): Progress => {
  const isLate = before.status === 'rated';
  const session = ratedSession.evolve(before, event);
  if (!isCdrDue(session, event)) return { session, cdrs: [], isLate };
  const reference = pinnedReference(session);
  const pinned: PinnedTariff = reference === undefined ? { kind: 'none' } : pinnedTariff(reference);
  const because = reasonOf(event);
  const decision = ratedSession.decide({ type: 'IssueCdr', pinned, because }, session);
  if (decision.kind !== 'accepted') return { session, cdrs: [], isLate };
  const cdrs = decision.events;
  return { session: cdrs.reduce<RatedSession>(ratedSession.evolve, session), cdrs, isLate };
};

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
