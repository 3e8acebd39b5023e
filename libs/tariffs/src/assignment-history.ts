import type { Instant } from '@tallywatt/time';
import { byPrecedence, type TariffAssignment } from './tariff-assignment';

/** What has been said of one assignment: the last of either kind. */
export type AssignmentHistory = Readonly<{
  assigned?: TariffAssignment;
  unassigned?: Readonly<{ revision: bigint; unassignedAt: Instant }>;
}>;

/** Folds a word about an assignment; revisions count, not the order of arrival. */
export const withAssigned = (
  history: AssignmentHistory,
  assigned: TariffAssignment,
): AssignmentHistory =>
  assigned.revision > (history.assigned?.revision ?? 0n) ? { ...history, assigned } : history;

/** Folds that an assignment ended; revisions count, not the order of arrival. */
export const withUnassigned = (
  history: AssignmentHistory,
  unassigned: Required<AssignmentHistory>['unassigned'],
): AssignmentHistory =>
  unassigned.revision > (history.unassigned?.revision ?? 0n) ? { ...history, unassigned } : history;

/**
 * The assignment as it stands. One that ended still holds starts from before, which a charger that
 * was offline may claim later.
 */
export const standingAssignment = ({
  assigned,
  unassigned,
}: AssignmentHistory): TariffAssignment | undefined => {
  if (assigned === undefined || unassigned === undefined) return assigned;
  if (unassigned.revision < assigned.revision) return assigned;
  const { unassignedAt } = unassigned;
  const { validUntil } = assigned;
  const endsBefore = validUntil !== undefined && validUntil < unassignedAt;
  return endsBefore ? assigned : { ...assigned, validUntil: unassignedAt };
};

/** The assignments that stand, in order of precedence. */
export const standingAssignments = (
  histories: Iterable<AssignmentHistory>,
): readonly TariffAssignment[] =>
  [...histories].flatMap((history) => standingAssignment(history) ?? []).sort(byPrecedence);
