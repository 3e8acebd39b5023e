import type { CdrEvent, SessionEvent, SessionStarted, TariffReference } from '@tallywatt/contracts';
import type { OcpiTariff } from '@tallywatt/tariffs';
import { isTimeZone, localParts, parseInstant } from '@tallywatt/time';
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

/**
 * Where the same fact leads if the session is priced under another tariff than the one its
 * decision names. For questions only: the CDRs still name the pinned version and are never issued.
 */
export const progressUnder = (
  before: RatedSession,
  event: SessionEvent,
  tariff: OcpiTariff,
): Progress =>
  progressOf(before, event, ({ contentHash }) => ({ kind: 'found', contentHash, tariff }));

/** The day on which a session started in its location's calendar; undefined where that has none. */
export const localStartDay = ({
  startedAt,
  location,
}: Pick<SessionStarted, 'startedAt' | 'location'>): string | undefined =>
  isTimeZone(location.timeZone)
    ? localParts(parseInstant(startedAt), location.timeZone).date
    : undefined;

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
