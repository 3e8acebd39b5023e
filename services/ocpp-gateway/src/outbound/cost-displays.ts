import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { ChargingSession } from '../domain/charging-session';
import { costNumber, replacesCost, type SessionCost, showsTheSame } from '../domain/session-cost';
import type { ChargerConnections, OpenCharger } from './charger-connections';
import type { Station } from './session-store';
import { decodeState } from './state-codec';

/** What a display is told of a session besides its cost. */
export type ShownSession = Readonly<{
  ocppTransactionId: string;
  meterStartMilliWh: bigint;
  /** Connected, and no energy can flow. */
  isIdle: boolean;
  /** Its billing has ended: only the final cost is still shown. */
  isClosed: boolean;
}>;

/** `unsupported`: by this charger, whatever its registration says. */
export type ShowOutcome = 'shown' | 'not-shown' | 'unsupported';

type Entry = {
  cost: SessionCost;
  shown?: SessionCost;
  ocppTransactionId?: string;
};
/** One charger's display. */
type Board = {
  readonly station: Station;
  readonly connectionId: string;
  /** Newest last. */
  readonly entries: Map<string, Entry>;
  notBeforeMs: number;
  isBusy: boolean;
  isUnsupported: boolean;
};
type Due = Readonly<{ board: Board; entry: Entry; charger: OpenCharger }>;

/** As many sessions of one charger at most are remembered. */
const sessionsMax = 200;

const keyOf = ({ cpoId, chargePointId }: Station): string => `${cpoId}/${chargePointId}`;

/**
 * Has running and final costs shown by the chargers of this process that can: the newest wins, a
 * charger is told one thing at a time and running costs not too often, and nothing after the final one.
 * It lives in memory: a cost is of use now or never, and the next estimate brings another.
 */
export class CostDisplays {
  private readonly boards = new Map<string, Board>();
  private readonly showing = new Set<Promise<void>>();

  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      connections: Pick<ChargerConnections, 'find'>;
      /** The least time between two running costs on one display. */
      gapMs: number;
      logger: Pick<Logger, 'warn'>;
    }>,
  ) {}

  /** Takes what pricing has said; whatever is of no charger of this process is another's. */
  note(cost: SessionCost): void {
    const charger = this.parts.connections.find(cost);
    if (charger === undefined) return;
    const board = this.boardOf(cost, charger.connectionId);
    if (board.isUnsupported) return;
    const known = board.entries.get(cost.sessionId);
    if (!replacesCost(cost, known?.cost)) return;
    board.entries.delete(cost.sessionId);
    board.entries.set(cost.sessionId, { ...known, cost });
    const [oldest] = board.entries.keys();
    if (board.entries.size > sessionsMax && oldest !== undefined) board.entries.delete(oldest);
  }

  /**
   * What a running transaction costs as far as it is known here, in whole units of its currency;
   * undefined where nothing is, which is not the same as nothing to pay.
   */
  totalCostOf(station: Station, ocppTransactionId: string): number | undefined {
    const board = this.boards.get(keyOf(station));
    if (board === undefined) return undefined;
    for (const { cost, ocppTransactionId: id } of board.entries.values()) {
      if (id === ocppTransactionId) return costNumber(cost.totalInclTaxMinor, cost.currency);
    }
    return undefined;
  }

  /** One look: what is due is sent, and goes on by itself. */
  async run(nowMs: number): Promise<void> {
    const due: Due[] = [];
    for (const [key, board] of this.boards) {
      const charger = this.parts.connections.find(board.station);
      if (charger?.connectionId !== board.connectionId) {
        this.boards.delete(key);
        continue;
      }
      const entry = nextOf(board, nowMs);
      if (entry === undefined) continue;
      // Asked each time: the operator may have registered another display, or none.
      if (await charger.mayShow(entry.cost)) due.push({ board, entry, charger });
      else board.entries.delete(entry.cost.sessionId);
    }
    if (due.length === 0) return;
    const sessions = await findShown(
      this.parts.sql,
      due.map(({ entry }) => entry.cost),
    );
    for (const one of due) this.show(one, sessions.get(one.entry.cost.sessionId), nowMs);
  }

  /** Resolves when what was sent is answered. */
  async drained(): Promise<void> {
    await Promise.all(this.showing);
  }

  private show({ board, entry, charger }: Due, session: ShownSession | undefined, nowMs: number) {
    const { cost } = entry;
    const isFinal = cost.sequence === 'final';
    if (session === undefined || (session.isClosed && !isFinal)) {
      board.entries.delete(cost.sessionId);
      return;
    }
    entry.shown = cost;
    entry.ocppTransactionId = session.ocppTransactionId;
    if (isFinal) board.entries.delete(cost.sessionId);
    else board.notBeforeMs = nowMs + this.parts.gapMs;
    board.isBusy = true;
    const showing = charger
      .showCost(cost, session)
      .then((outcome) => {
        if (outcome === 'unsupported') this.giveUp(board);
      })
      .finally(() => {
        board.isBusy = false;
        this.showing.delete(showing);
      });
    this.showing.add(showing);
  }

  private giveUp(board: Board): void {
    board.isUnsupported = true;
    board.entries.clear();
    this.parts.logger.warn(
      { ...board.station },
      'the charger shows no costs, though registered so',
    );
  }

  private boardOf({ cpoId, chargePointId }: Station, connectionId: string): Board {
    const station = { cpoId, chargePointId };
    const known = this.boards.get(keyOf(station));
    if (known?.connectionId === connectionId) return known;
    const state = { notBeforeMs: 0, isBusy: false, isUnsupported: false };
    const board: Board = { station, connectionId, entries: new Map(), ...state };
    this.boards.set(keyOf(station), board);
    return board;
  }
}

/** A final cost before any other, else the one that has waited longest. */
const nextOf = (board: Board, nowMs: number): Entry | undefined => {
  if (board.isBusy || board.isUnsupported) return undefined;
  const news = [...board.entries.values()].filter(({ cost, shown }) => !showsTheSame(cost, shown));
  const final = news.find(({ cost }) => cost.sequence === 'final');
  return final ?? (nowMs >= board.notBeforeMs ? news[0] : undefined);
};

type Row = {
  session_id: string;
  ocpp_transaction_id: string;
  status: ChargingSession['status'];
  state: string;
};

const shownOf = ({ ocpp_transaction_id: ocppTransactionId, status, state }: Row): ShownSession => {
  const session = decodeState<ChargingSession>(state);
  if (session.status === 'absent') throw new Error('a session that is stored has begun');
  const { meterStartMilliWh, chargingState = 'Charging' } = session;
  const isIdle = status !== 'active' || chargingState !== 'Charging';
  return { ocppTransactionId, meterStartMilliWh, isIdle, isClosed: status === 'closed' };
};

/** Sessions by their id, of their own charge points only. */
const findShown = async (
  sql: SqlClient,
  costs: readonly SessionCost[],
): Promise<Map<string, ShownSession>> => {
  const { rows } = await sql.query<Row>(
    `SELECT s.session_id, s.status, s.state,
       coalesce(s.station_transaction_id, s.transaction_id::text) AS ocpp_transaction_id
     FROM unnest($1::text[], $2::text[], $3::uuid[]) AS asked (cpo_id, charge_point_id, session_id)
     JOIN sessions s USING (cpo_id, charge_point_id, session_id)`,
    [
      costs.map(({ cpoId }) => cpoId),
      costs.map(({ chargePointId }) => chargePointId),
      costs.map(({ sessionId }) => sessionId),
    ],
  );
  return new Map(rows.map((row) => [row.session_id, shownOf(row)]));
};

/** Whether any charge point is registered with a display: else nobody need follow what sessions cost. */
export const anyCostDisplay = async (sql: SqlClient): Promise<boolean> => {
  const { rows } = await sql.query<{ any: boolean }>(
    `SELECT EXISTS (SELECT FROM charge_points WHERE cost_display <> 'none') AS any`,
  );
  return rows[0]?.any === true;
};
