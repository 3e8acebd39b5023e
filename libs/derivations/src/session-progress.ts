import type { CdrEvent, SessionEvent, TariffReference } from '@tallywatt/contracts';
import { isCdrDue, ratedSession, type PinnedTariff, type RatedSession } from './rated-session';

/** Where one more fact has led a session. */
export type Progress = Readonly<{
  session: RatedSession;
  /** The CDR, or why there is none. */
  cdr?: CdrEvent;
  /** The fact came after the CDR: it is kept, and not billed. */
  isLate: boolean;
}>;

/** Takes the next fact of a session and asks for its CDR if one is due. */
export const progressOf = (
  before: RatedSession,
  event: SessionEvent,
  pinnedTariff: (reference: TariffReference) => PinnedTariff,
): Progress => {
  const session = ratedSession.evolve(before, event);
  if (!isCdrDue(session, event)) return { session, isLate: false };
  const reference = pinnedReference(session);
  const pinned: PinnedTariff = reference === undefined ? { kind: 'none' } : pinnedTariff(reference);
  const decision = ratedSession.decide({ type: 'IssueCdr', pinned }, session);
  if (decision.kind !== 'accepted') {
    const isLate = decision.kind === 'ignored' && decision.reason === 'cdr-already-issued';
    return { session, isLate };
  }
  const [cdr] = decision.events;
  const after = decision.events.reduce(ratedSession.evolve, session);
  return { session: after, isLate: false, ...(cdr === undefined ? {} : { cdr }) };
};

/** The tariff version that the decision at the session's start names, while it still matters. */
export const pinnedReference = (session: RatedSession): TariffReference | undefined =>
  session.status === 'unrated' || session.status === 'withheld'
    ? session.facts.started.decision.tariff
    : undefined;
