import type { TariffAssigned, TariffAssignmentEvent, TariffUnassigned } from '@tallywatt/contracts';
import type { EventLog } from '@tallywatt/event-log';
import { Problem, type Fault } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { assignmentWarnings, expiredWarnings } from '../domain/assignment-warnings';
import {
  standing,
  tariffAssignment,
  type AssignmentCommand,
  type AssignmentState,
  type AssignmentTerms,
} from '../domain/tariff-assignment';
import {
  allAssignments,
  findAssignment,
  keepAssignments,
  lockAssignments,
} from '../outbound/assignment-table';
import { loadTariffVersions } from '../outbound/tariff-offer';
import { findVersion } from '../outbound/tariff-tables';

export type Assigned = Readonly<{
  assigned: TariffAssigned;
  /** False: the assignment says the same already. */
  isNew: boolean;
  warnings: readonly Fault[];
}>;

export type Ended = Readonly<{ assigned: TariffAssigned; unassigned: TariffUnassigned }>;

type Asked = Readonly<{ cpoId: string; assignmentId: string; by: string }>;

/** Where tariffs are assigned, and assignments ended. */
export class AssignmentDesk {
  constructor(private readonly eventLog: EventLog) {}

  /** @throws Problem 422 when the tariff was never published. */
  async assign(asked: Asked, terms: AssignmentTerms): Promise<Assigned> {
    const { cpoId, assignmentId } = asked;
    return this.eventLog.transaction(async (tx) => {
      await lockAssignments(tx, cpoId);
      const { tariffId } = terms;
      if ((await findVersion(tx, { cpoId, tariffId })) === undefined) throw unknownTariff(tariffId);
      const before = await findAssignment(tx, cpoId, assignmentId);
      const { state, events } = await this.carryOut(
        tx,
        { type: 'AssignTariff', terms },
        asked,
        before,
      );
      const assigned = standing(state);
      if (assigned === undefined) throw new Error(`assignment ${assignmentId} does not stand`);
      const tariffs = await loadTariffVersions(tx, cpoId, [tariffId]);
      const others = (await allAssignments(tx, cpoId)).flatMap((other) => standing(other) ?? []);
      return {
        assigned,
        isNew: events.length > 0,
        warnings: [
          ...expiredWarnings(tariffId, tariffs.get(tariffId), instantFromEpochMs(Date.now())),
          ...assignmentWarnings(assigned, others),
        ],
      };
    });
  }

  /** Ends an assignment, now or before; nothing when it was never heard of. */
  async unassign(asked: Asked): Promise<Ended | undefined> {
    return this.eventLog.transaction(async (tx) => {
      await lockAssignments(tx, asked.cpoId);
      const before = await findAssignment(tx, asked.cpoId, asked.assignmentId);
      const { state } = await this.carryOut(tx, { type: 'UnassignTariff' }, asked, before);
      const { assigned, unassigned } = state;
      return assigned === undefined || unassigned === undefined
        ? undefined
        : { assigned, unassigned };
    });
  }

  private async carryOut(
    tx: Parameters<Parameters<EventLog['transaction']>[0]>[0],
    what:
      | Readonly<{ type: 'AssignTariff'; terms: AssignmentTerms }>
      | Readonly<{ type: 'UnassignTariff' }>,
    asked: Asked,
    before: AssignmentState,
  ): Promise<Readonly<{ state: AssignmentState; events: readonly TariffAssignmentEvent[] }>> {
    const now = instantFromEpochMs(Date.now());
    const command: AssignmentCommand = { ...what, ...asked, now };
    const decision = tariffAssignment.decide(command, before);
    const events = decision.kind === 'accepted' ? decision.events : [];
    await this.eventLog.append(
      tx,
      events.map((event) => ({ event, occurredAt: now })),
      { recordedAt: now },
    );
    await keepAssignments(tx, events);
    return { state: events.reduce(tariffAssignment.evolve, before), events };
  }
}

const unknownTariff = (tariffId: string): Problem => {
  const fault = { path: '$.tariffId', message: `tariff ${tariffId} was never published` };
  return new Problem({
    status: 422,
    type: 'tariff-unknown',
    title: 'There is no such tariff to assign',
    detail: `${fault.path}: ${fault.message}`,
    faults: [fault],
  });
};
