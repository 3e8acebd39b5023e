import type { TariffAssigned, TariffAssignmentEvent, TariffUnassigned } from '@tallywatt/contracts';
import {
  accept,
  ignore,
  refuse,
  unreachable,
  type Decider,
  type Decision,
} from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';

/** What was last said of one assignment; each of the two by its highest revision. */
export type AssignmentState = Readonly<{
  assigned?: TariffAssigned;
  unassigned?: TariffUnassigned;
}>;

/** Where, for whom and when; lists sorted, each name once. */
export type AssignmentTerms = Omit<
  TariffAssigned,
  'type' | 'cpoId' | 'assignmentId' | 'revision' | 'assignedAt' | 'assignedBy'
>;

type Said = Readonly<{ cpoId: string; assignmentId: string; now: Instant; by: string }>;
export type AssignTariff = Said & Readonly<{ type: 'AssignTariff'; terms: AssignmentTerms }>;
export type UnassignTariff = Said & Readonly<{ type: 'UnassignTariff' }>;
export type AssignmentCommand = AssignTariff | UnassignTariff;

export type AssignmentReason =
  'assignment-unknown' | 'assignment-unchanged' | 'assignment-already-ended';

/** The assignment while it stands: it was said later that it holds than that it does not. */
export const standing = ({ assigned, unassigned }: AssignmentState): TariffAssigned | undefined =>
  assigned !== undefined && assigned.revision > (unassigned?.revision ?? 0n) ? assigned : undefined;

const evolve = (state: AssignmentState, event: TariffAssignmentEvent): AssignmentState => {
  switch (event.type) {
    case 'TariffAssigned':
      return event.revision > (state.assigned?.revision ?? 0n)
        ? { ...state, assigned: event }
        : state;
    case 'TariffUnassigned':
      return event.revision > (state.unassigned?.revision ?? 0n)
        ? { ...state, unassigned: event }
        : state;
    default:
      return unreachable(event);
  }
};

const decide = (
  command: AssignmentCommand,
  state: AssignmentState,
): Decision<TariffAssignmentEvent, AssignmentReason> => {
  const { cpoId, assignmentId, now, by } = command;
  const revision = nextRevision(state);
  const holding = standing(state);
  switch (command.type) {
    case 'AssignTariff': {
      const { terms } = command;
      return holding !== undefined && saysTheSame(holding, terms)
        ? ignore('assignment-unchanged')
        : accept({
            type: 'TariffAssigned',
            cpoId,
            assignmentId,
            revision,
            ...terms,
            assignedAt: now,
            assignedBy: by,
          });
    }
    case 'UnassignTariff': {
      if (state.assigned === undefined) return refuse('assignment-unknown');
      if (holding === undefined) return ignore('assignment-already-ended');
      const { tariffId } = holding;
      return accept({
        type: 'TariffUnassigned',
        cpoId,
        tariffId,
        assignmentId,
        revision,
        unassignedAt: now,
        unassignedBy: by,
      });
    }
    default:
      return unreachable(command);
  }
};

const nextRevision = ({ assigned, unassigned }: AssignmentState): bigint => {
  const [one, other] = [assigned?.revision ?? 0n, unassigned?.revision ?? 0n];
  return (one > other ? one : other) + 1n;
};

const saysTheSame = (assigned: TariffAssigned, terms: AssignmentTerms): boolean =>
  Object.keys({ ...termsOf(assigned), ...terms }).every((name) => {
    const key = name as keyof AssignmentTerms;
    return JSON.stringify(assigned[key]) === JSON.stringify(terms[key]);
  });

const termsOf = ({
  type: _type,
  cpoId: _cpoId,
  assignmentId: _assignmentId,
  revision: _revision,
  assignedAt: _assignedAt,
  assignedBy: _assignedBy,
  ...terms
}: TariffAssigned): AssignmentTerms => terms;

/** One assignment, whichever tariffs it has named. */
export const tariffAssignment = {
  initial: {},
  decide,
  evolve,
} satisfies Decider<AssignmentCommand, AssignmentState, TariffAssignmentEvent, AssignmentReason>;
