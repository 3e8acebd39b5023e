import type { CommandOutcome, CommandRequested } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { ChargerCommand } from '../domain/charger-command';
import type { CommandEnd } from '../domain/command-end';
import { shownOf } from '../domain/shown-command';
import type { Appends } from './group-append';
import type { Seal } from './sealed-parameters';
import { decodeState, encodeState } from './state-codec';

export type CommandWish = Readonly<{
  cpoId: string;
  chargePointId: string;
  /** Named by who asks, so that asking again is no second command. */
  commandId: string;
  command: ChargerCommand;
  /** What was asked for, word for word: the same words are the same command. */
  asked: string;
  /** Mark of the token that it is for, if it is for one. */
  tokenMark?: string;
  requestedBy: string;
  /** Sent when the charger comes, if it is away. */
  waitsForCharger: boolean;
}>;

/** `differs`: the id was used for something else. */
export type RequestOutcome = 'requested' | 'repeated' | 'differs';

export type OpenCommand = Readonly<{
  cpoId: string;
  commandId: string;
  chargePointId: string;
  name: ChargerCommand['type'];
}>;
export type DueCommand = OpenCommand & Readonly<{ connectionId: string }>;

/** A command to be sent, and the number by which the charger may name it later. */
export type ClaimedCommand = Readonly<{ command: ChargerCommand; requestId: number }>;

/** How long a command waits: for a charger that is away, or behind others for one that is there. */
const patience = { away: '24 hours', here: '5 minutes' };
/** Whoever stands at the charger waits minutes: nobody's session starts, nor cable comes off, hours later. */
const urgent: readonly ChargerCommand['type'][] = ['RemoteStart', 'ConnectorUnlock'];

const patienceFor = ({ type }: ChargerCommand, waitsForCharger: boolean): string =>
  waitsForCharger && !urgent.includes(type) ? patience.away : patience.here;

type Row = { cpo_id: string; command_id: string; charge_point_id: string; command: string };

const fromRow = (row: Row): OpenCommand => ({
  cpoId: row.cpo_id,
  commandId: row.command_id,
  chargePointId: row.charge_point_id,
  name: row.command as ChargerCommand['type'],
});

/**
 * Commands to chargers: recorded before they are sent, claimed for one connection by the process that
 * holds it, sent once, and concluded once (ADR 29). Every process on the database works on the same
 * rows, so whichever was asked, the one with the socket sends.
 */
export class ChargerCommands {
  constructor(
    private readonly eventLog: Appends,
    private readonly seal: Seal,
    /** The process whose chargers' commands are looked for. */
    private readonly replicaId: string,
  ) {}

  /** Whether a command id was used before, and for the same words; undefined when it was not. */
  async recall(
    sql: SqlClient,
    wish: Pick<CommandWish, 'cpoId' | 'chargePointId' | 'commandId' | 'asked'>,
  ): Promise<Exclude<RequestOutcome, 'requested'> | undefined> {
    const { rows } = await sql.query<{ request_mark: string }>(
      'SELECT request_mark FROM charger_commands WHERE cpo_id = $1 AND command_id = $2',
      [wish.cpoId, wish.commandId],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    return row.request_mark === this.markOf(wish) ? 'repeated' : 'differs';
  }

  async request(tx: SqlClient, wish: CommandWish, now: Instant): Promise<RequestOutcome> {
    const { cpoId, chargePointId, commandId, command, requestedBy, waitsForCharger } = wish;
    const { type, ...parameters } = shownOf(command);
    const { rowCount } = await tx.query(
      `INSERT INTO charger_commands (cpo_id, command_id, charge_point_id, command, parameters,
         sealed, request_mark, requested_by, requested_at, waits_for_charger, token_mark, status,
         expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting',
         least(now() + $12::interval, $13::timestamptz))
       ON CONFLICT DO NOTHING`,
      [
        cpoId,
        commandId,
        chargePointId,
        command.type,
        shownText(parameters),
        this.seal.seal(commandId, encodeState(command)),
        this.markOf(wish),
        requestedBy,
        now,
        waitsForCharger,
        wish.tokenMark ?? null,
        patienceFor(command, waitsForCharger),
        // A reservation that is over is not made any more; without one, the patience alone counts.
        command.type === 'Reservation' ? command.expiresAt : null,
      ],
    );
    if (rowCount === 0) return (await this.recall(tx, wish)) ?? 'differs';
    const identity = { cpoId, commandId, chargePointId, requestedBy };
    const event = { type, ...parameters, ...identity } as CommandRequested;
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: commandId }]);
    return 'requested';
  }

  /** The next command of each charger of this process that is not at another one. */
  async due(sql: SqlClient): Promise<DueCommand[]> {
    const { rows } = await sql.query<Row & { connection_id: string }>(
      `SELECT DISTINCT ON (c.cpo_id, c.charge_point_id, k.connection_id) c.*, k.connection_id
       FROM charger_commands c JOIN connections k USING (cpo_id, charge_point_id)
       WHERE c.status = 'waiting' AND c.expires_at > now() AND k.disconnected_at IS NULL
         AND k.replica_id = $1 AND NOT EXISTS (
           SELECT 1 FROM charger_commands s
           WHERE s.cpo_id = c.cpo_id AND s.charge_point_id = c.charge_point_id
             AND s.status = 'sent' AND s.connection_id = k.connection_id)
       ORDER BY c.cpo_id, c.charge_point_id, k.connection_id, c.ordinal LIMIT 500`,
      [this.replicaId],
    );
    return rows.map((row) => ({ ...fromRow(row), connectionId: row.connection_id }));
  }

  /** Takes a command for a connection; undefined when it was taken before. */
  async claim(
    tx: SqlClient,
    { cpoId, commandId, connectionId }: DueCommand,
  ): Promise<ClaimedCommand | undefined> {
    const { rows } = await tx.query<{ sealed: Buffer; request_id: number }>(
      `UPDATE charger_commands SET status = 'sent', connection_id = $3, sent_at = now()
       WHERE cpo_id = $1 AND command_id = $2 AND status = 'waiting' AND expires_at > now()
       RETURNING sealed, request_id`,
      [cpoId, commandId, connectionId],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const command = decodeState<ChargerCommand>(this.seal.open(commandId, row.sealed));
    return { command, requestId: row.request_id };
  }

  /** It was claimed, and the socket was gone before it could be sent. */
  async release(tx: SqlClient, { cpoId, commandId, connectionId }: DueCommand): Promise<void> {
    await tx.query(
      `UPDATE charger_commands SET status = 'waiting', connection_id = NULL, sent_at = NULL
       WHERE cpo_id = $1 AND command_id = $2 AND status = 'sent' AND connection_id = $3`,
      [cpoId, commandId, connectionId],
    );
  }

  /**
   * Writes down how it ended; what is encrypted of it is forgotten.
   *
   * @returns false when it had ended before.
   */
  async conclude(
    tx: SqlClient,
    open: OpenCommand,
    end: CommandEnd,
    now: Instant,
  ): Promise<boolean> {
    const { cpoId, commandId, chargePointId, name } = open;
    const { rowCount } = await tx.query(
      `UPDATE charger_commands
       SET status = $3, outcome = $4, concluded_at = $5, sealed = NULL
       WHERE cpo_id = $1 AND command_id = $2 AND status IN ('waiting', 'sent')`,
      [cpoId, commandId, end.kind, JSON.stringify(end), now],
    );
    if (rowCount === 0) return false;
    const event = outcomeOf({ cpoId, commandId, chargePointId, command: name }, end);
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: commandId }]);
    return true;
  }

  private markOf({ chargePointId, asked }: Pick<CommandWish, 'chargePointId' | 'asked'>): string {
    return this.seal.markOf(`${chargePointId}\n${asked}`);
  }

  /** Commands that nobody will send any more, and those of which no answer can come any more. */
  async overdue(sql: SqlClient): Promise<readonly (OpenCommand & { end: CommandEnd })[]> {
    const { rows } = await sql.query<Row & { status: string; connection_id: string | null }>(
      `SELECT c.* FROM charger_commands c
       WHERE (c.status = 'waiting' AND (c.expires_at < now()
           OR NOT c.waits_for_charger AND c.created_at < now() - interval '3 seconds'
             AND NOT EXISTS (
               SELECT 1 FROM connections k
               WHERE k.cpo_id = c.cpo_id AND k.charge_point_id = c.charge_point_id
                 AND k.disconnected_at IS NULL)))
         OR (c.status = 'sent' AND (c.sent_at < now() - interval '10 minutes'
           OR c.sent_at < now() - interval '1 minute' AND EXISTS (
             SELECT 1 FROM connections k
             WHERE k.cpo_id = c.cpo_id AND k.connection_id = c.connection_id
               AND k.disconnected_at IS NOT NULL)))
       ORDER BY c.ordinal LIMIT 200`,
    );
    return rows.map((row) => ({
      ...fromRow(row),
      end: row.status === 'sent' ? noWordLeft : nobodyThere,
    }));
  }
}

const shownText = (parameters: object): string =>
  JSON.stringify(parameters, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

const noWordLeft: CommandEnd = {
  kind: 'failed',
  reason: 'outcome-unknown',
  detail: 'it was sent, and the gateway that sent it ended before there was an answer',
};

const nobodyThere: CommandEnd = {
  kind: 'failed',
  reason: 'charger-away',
  detail: 'it was not sent: the charger was away until it was too late',
};

const outcomeOf = (
  identity: Pick<CommandOutcome, 'cpoId' | 'commandId' | 'chargePointId' | 'command'>,
  end: CommandEnd,
): CommandOutcome => {
  const { kind, ...rest } = end;
  const type = {
    accepted: 'CommandAccepted',
    rejected: 'CommandRejected',
    failed: 'CommandFailed',
  };
  return { type: type[kind], ...identity, ...rest } as CommandOutcome;
};
