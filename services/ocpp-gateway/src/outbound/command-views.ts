import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { CommandEnd } from '../domain/command-end';

/** A command as an operator sees it. */
export type CommandView = Readonly<{
  id: string;
  chargePointId: string;
  command: string;
  /** But for what may be known to nobody, such as tokens. */
  parameters: Readonly<Record<string, unknown>>;
  /** waiting | sent | accepted | rejected | failed */
  status: string;
  requestedBy: string;
  requestedAt: Instant;
  sentAt: Instant | null;
  concludedAt: Instant | null;
  outcome: Omit<CommandEnd, 'kind'> | null;
}>;

export type ListedCommand = Readonly<{ ordinal: string; view: CommandView }>;

type Row = {
  ordinal: string;
  command_id: string;
  charge_point_id: string;
  command: string;
  parameters: Record<string, unknown>;
  status: string;
  requested_by: string;
  requested_at: string;
  sent_at: Date | null;
  concluded_at: string | null;
  outcome: CommandEnd | null;
};

const viewOf = (row: Row): CommandView => {
  const { kind: _, ...outcome } = row.outcome ?? { kind: undefined };
  return {
    id: row.command_id,
    chargePointId: row.charge_point_id,
    command: row.command,
    parameters: row.parameters,
    status: row.status,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    sentAt: row.sent_at?.toISOString() ?? null,
    concludedAt: row.concluded_at,
    outcome: row.outcome === null ? null : outcome,
  };
};

export const findCommand = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  commandId: string,
): Promise<CommandView | undefined> => {
  const { rows } = await sql.query<Row>(
    `SELECT * FROM charger_commands
     WHERE cpo_id = $1 AND charge_point_id = $2 AND command_id = $3`,
    [cpoId, chargePointId, commandId],
  );
  return rows.map(viewOf)[0];
};

/** Newest first; one more than the limit, so that a page knows whether another follows. */
export const listCommands = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  before: string | undefined,
  limit: number,
): Promise<ListedCommand[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT * FROM charger_commands
     WHERE cpo_id = $1 AND charge_point_id = $2 AND ($3::bigint IS NULL OR ordinal < $3)
     ORDER BY ordinal DESC LIMIT $4`,
    [cpoId, chargePointId, before ?? null, limit + 1],
  );
  return rows.map((row) => ({ ordinal: row.ordinal, view: viewOf(row) }));
};

/** What a charge point is connected as; undefined when it is away. */
export type Presence = Readonly<{ ocppVersion: string | null }>;

/** Whether a charger is connected to any of the processes on this database, and in which version. */
export const presenceOf = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
): Promise<Presence | undefined> => {
  const { rows } = await sql.query<{ ocpp_version: string | null }>(
    `SELECT ocpp_version FROM connections
     WHERE cpo_id = $1 AND charge_point_id = $2 AND disconnected_at IS NULL
     ORDER BY connected_at DESC LIMIT 1`,
    [cpoId, chargePointId],
  );
  const [row] = rows;
  return row === undefined ? undefined : { ocppVersion: row.ocpp_version };
};

/** What the charger knows a reservation by; undefined when the charge point was asked for none. */
export const findReservation = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  commandId: string,
): Promise<number | undefined> => {
  const { rows } = await sql.query<{ request_id: number }>(
    `SELECT request_id FROM charger_commands
     WHERE cpo_id = $1 AND charge_point_id = $2 AND command_id = $3 AND command = 'Reservation'`,
    [cpoId, chargePointId, commandId],
  );
  return rows[0]?.request_id;
};

/** The transaction that a session is to its charger; undefined when the charge point has it not. */
export const findTransaction = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  sessionId: string,
): Promise<string | undefined> => {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT coalesce(station_transaction_id, transaction_id::text) AS id FROM sessions
     WHERE cpo_id = $1 AND charge_point_id = $2 AND session_id = $3`,
    [cpoId, chargePointId, sessionId],
  );
  return rows[0]?.id;
};
