import type { TariffAssignmentEvent } from '@tallywatt/contracts';
import {
  standingAssignments,
  withAssigned,
  withUnassigned,
  type AssignmentHistory,
  type TariffAssignment,
} from '@tallywatt/tariffs';

/** Where, for whom and when tariffs hold, in this process, fed from `pricing.tariffs.v1`. */
export class AssignmentCache {
  private readonly histories = new Map<string, Map<string, AssignmentHistory>>();
  private readonly standing = new Map<string, readonly TariffAssignment[]>();

  apply(event: TariffAssignmentEvent): void {
    const { cpoId, assignmentId } = event;
    const histories = this.histories.get(cpoId) ?? new Map<string, AssignmentHistory>();
    this.histories.set(cpoId, histories);
    const known = histories.get(assignmentId) ?? {};
    histories.set(
      assignmentId,
      event.type === 'TariffAssigned' ? withAssigned(known, event) : withUnassigned(known, event),
    );
    this.standing.delete(cpoId);
  }

  /** Those of a CPO in order of precedence: sorted when asked first, decisions are many. */
  of(cpoId: string): readonly TariffAssignment[] {
    const known = this.standing.get(cpoId);
    if (known !== undefined) return known;
    const sorted = standingAssignments(this.histories.get(cpoId)?.values() ?? []);
    this.standing.set(cpoId, sorted);
    return sorted;
  }
}
