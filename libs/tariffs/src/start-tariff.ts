import {
  assignmentMismatch,
  roamingGroupOf,
  type AssignmentMismatch,
  type SessionStart,
  type TariffAssignment,
} from './tariff-assignment';
import { tariffInForce, type TariffVersions, type VersionReference } from './tariff-versions';

/** What a start's tariff is chosen from. */
export type TariffOffer = Readonly<{
  /** In order of precedence. */
  assignments: readonly TariffAssignment[];
  /** What prices a start that no assignment holds. */
  chargePointTariffId: string;
  versionsOf: (tariffId: string) => TariffVersions | undefined;
}>;

/** The version that prices a session to its end, and what chose it. */
export type StartTariff = Readonly<{
  reference: VersionReference;
  /** Left out for the charge point's own tariff. */
  assignment?: TariffAssignment;
}>;

/** Why a tariff does not price a start. */
export type TariffVerdict =
  | AssignmentMismatch
  | 'tariff-not-in-force'
  /** Assigned, and in another currency than the location: it cannot price there. */
  | 'currency-differs'
  /** A charge point's own tariff, for the driver of another network. */
  | 'not-for-roaming'
  | 'another-comes-first';

/** One tariff that was looked at, and what came of it. */
export type TariffCandidate = Readonly<{
  tariffId: string;
  assignment?: TariffAssignment;
  reference?: VersionReference;
  verdict: 'prices-the-start' | TariffVerdict;
}>;

/**
 * The version that prices a session from its start to its end: of the first assignment that holds
 * the start and whose tariff is in force there, else of the charge point's own tariff. Nothing when
 * that is not in force either, or the driver is another network's: then the session has no price.
 */
export const startTariff = (offer: TariffOffer, start: SessionStart): StartTariff | undefined => {
  for (const assignment of offer.assignments) {
    const { verdict, reference } = judged(assignment, offer, start);
    if (verdict === 'prices-the-start' && reference !== undefined) return { reference, assignment };
  }
  if (roamingGroupOf(start) !== undefined) return undefined;
  const own = tariffInForce(offer.versionsOf(offer.chargePointTariffId), start.at);
  return own === undefined ? undefined : { reference: own.reference };
};

/** Every tariff that could have been chosen, in order of precedence, and why it was not. */
export const explainStartTariff = (
  offer: TariffOffer,
  start: SessionStart,
): readonly TariffCandidate[] => {
  const { chargePointTariffId: tariffId } = offer;
  const candidates: readonly TariffCandidate[] = [
    ...offer.assignments.map((assignment) => judged(assignment, offer, start)),
    judgedOwn(tariffId, offer, start),
  ];
  const first = candidates.findIndex(({ verdict }) => verdict === 'prices-the-start');
  return candidates.map((candidate, index) =>
    candidate.verdict === 'prices-the-start' && index !== first
      ? { ...candidate, verdict: 'another-comes-first' }
      : candidate,
  );
};

const judgedOwn = (
  tariffId: string,
  { versionsOf }: TariffOffer,
  start: SessionStart,
): TariffCandidate => {
  const own = tariffInForce(versionsOf(tariffId), start.at);
  if (own === undefined) return { tariffId, verdict: 'tariff-not-in-force' };
  const { reference } = own;
  const isRoaming = roamingGroupOf(start) !== undefined;
  return { tariffId, reference, verdict: isRoaming ? 'not-for-roaming' : 'prices-the-start' };
};

const judged = (
  assignment: TariffAssignment,
  { versionsOf }: TariffOffer,
  start: SessionStart,
): TariffCandidate => {
  const { tariffId } = assignment;
  const mismatch = assignmentMismatch(assignment, start);
  if (mismatch !== undefined) return { tariffId, assignment, verdict: mismatch };
  const version = tariffInForce(versionsOf(tariffId), start.at);
  if (version === undefined) return { tariffId, assignment, verdict: 'tariff-not-in-force' };
  const { reference, currency } = version;
  const verdict = currency === start.currency ? 'prices-the-start' : 'currency-differs';
  return { tariffId, assignment, reference, verdict };
};
