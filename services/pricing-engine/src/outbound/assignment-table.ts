import {
  decodeMessage,
  encodeEvent,
  eventContracts,
  type TariffAssigned,
  type TariffAssignmentEvent,
  type TariffEvent,
  type TariffUnassigned,
} from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { AssignmentState } from '../domain/tariff-assignment';

type Row = Readonly<{ assigned_json: string | null; unassigned_json: string | null }>;

const columns = 'assigned_json, unassigned_json';

/**
 * Locks the assignments of a CPO against whoever else changes one: whether two of them tie depends
 * on both.
 */
export const lockAssignments = async (tx: SqlClient, cpoId: string): Promise<void> => {
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    'tariff-assignments',
    cpoId,
  ]);
};

/** Keeps what the log says of assignments; revisions count, not the order of arrival. */
export const keepAssignments = async (
  tx: SqlClient,
  events: readonly TariffEvent[],
): Promise<void> => {
  for (const event of events) {
    if (event.type === 'TariffAssigned') await keep(tx, 'assigned', event);
    if (event.type === 'TariffUnassigned') await keep(tx, 'unassigned', event);
  }
};

const keep = async (
  tx: SqlClient,
  said: 'assigned' | 'unassigned',
  event: TariffAssignmentEvent,
): Promise<void> => {
  await tx.query(
    `INSERT INTO tariff_assignments AS known (cpo_id, assignment_id, ${said}_revision, ${said}_json)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (cpo_id, assignment_id) DO UPDATE
       SET ${said}_revision = EXCLUDED.${said}_revision, ${said}_json = EXCLUDED.${said}_json
       WHERE coalesce(known.${said}_revision, 0) < EXCLUDED.${said}_revision`,
    [event.cpoId, event.assignmentId, event.revision.toString(), encodeEvent(event).value],
  );
};

/** What was last said of one assignment; nothing when it was never heard of. */
export const findAssignment = async (
  db: SqlClient,
  cpoId: string,
  assignmentId: string,
): Promise<AssignmentState> => {
  const { rows } = await db.query<Row>(
    `SELECT ${columns} FROM tariff_assignments WHERE cpo_id = $1 AND assignment_id = $2`,
    [cpoId, assignmentId],
  );
  return rows[0] === undefined ? {} : fromRow(rows[0]);
};

/** Every assignment of a CPO, ended ones included. */
export const allAssignments = async (db: SqlClient, cpoId: string): Promise<AssignmentState[]> => {
  const { rows } = await db.query<Row>(
    `SELECT ${columns} FROM tariff_assignments WHERE cpo_id = $1`,
    [cpoId],
  );
  return rows.map(fromRow);
};

/** The assignments of a CPO that stand and come after `afterId`, by id. */
export const listAssignments = async (
  db: SqlClient,
  cpoId: string,
  afterId: string,
  count: number,
): Promise<AssignmentState[]> => {
  const { rows } = await db.query<Row>(
    `SELECT ${columns} FROM tariff_assignments
     WHERE cpo_id = $1 AND assignment_id > $2
       AND assigned_revision > coalesce(unassigned_revision, 0)
     ORDER BY assignment_id LIMIT $3`,
    [cpoId, afterId, count],
  );
  return rows.map(fromRow);
};

const fromRow = ({ assigned_json, unassigned_json }: Row): AssignmentState => ({
  ...(assigned_json === null
    ? {}
    : { assigned: decoded('TariffAssigned', assigned_json) as TariffAssigned }),
  ...(unassigned_json === null
    ? {}
    : { unassigned: decoded('TariffUnassigned', unassigned_json) as TariffUnassigned }),
});

const decoded = (type: TariffAssignmentEvent['type'], json: string): TariffAssignmentEvent =>
  ({
    type,
    ...decodeMessage(eventContracts[type].message, JSON.parse(json)),
  }) as unknown as TariffAssignmentEvent;
