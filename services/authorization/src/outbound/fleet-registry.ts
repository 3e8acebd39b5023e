import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import {
  absentFleet,
  decide,
  evolve,
  revisionOf,
  type Fleet,
  type FleetCommand,
  type FleetEvent,
  type FleetTerms,
} from '../domain/fleet';
import type { FleetIndex } from './fleet-index';
import type { Vault } from './vault';

export type StoredFleet = Readonly<{
  cpoId: string;
  fleetRef: string;
  fleet: Exclude<Fleet, { status: 'absent' }>;
}>;

export type ChangedFleet = StoredFleet & Readonly<{ outcome: 'created' | 'changed' | 'unchanged' }>;

type FleetRow = {
  cpo_id: string;
  fleet_ref: string;
  revision: string;
  status: 'registered' | 'closed';
  plan: string;
  time_zone: string;
  fee_tariff_id: string | null;
};

const columns = 'cpo_id, fleet_ref, revision, status, plan, time_zone, fee_tariff_id';

/** Carries out what the operator says of fleets: state and events in one commit. */
export class FleetRegistry {
  constructor(
    private readonly eventLog: Pick<EventLog, 'append' | 'transaction'>,
    private readonly database: SqlClient,
    private readonly vault: Vault,
    private readonly index: FleetIndex,
  ) {}

  /** States a fleet, named by the operator's own id, as it shall be from now on. */
  async register(
    cpoId: string,
    fleetId: string,
    terms: FleetTerms,
    now: Instant,
  ): Promise<ChangedFleet> {
    const fleetRef = await this.vault.referenceOf(cpoId, 'fleet', fleetId);
    const changed = await this.change({ type: 'RegisterFleet', cpoId, fleetRef, now, terms });
    if (changed === undefined) throw new Error('a fleet that was registered is not there');
    return changed;
  }

  /** Undefined when there is no such fleet. */
  close(cpoId: string, fleetRef: string, now: Instant): Promise<ChangedFleet | undefined> {
    return this.change({ type: 'CloseFleet', cpoId, fleetRef, now });
  }

  async find(cpoId: string, fleetRef: string): Promise<StoredFleet | undefined> {
    const { rows } = await this.database.query<FleetRow>(
      `SELECT ${columns} FROM fleets WHERE cpo_id = $1 AND fleet_ref = $2::uuid`,
      [cpoId, fleetRef],
    );
    return rows[0] === undefined ? undefined : fromRow(rows[0]);
  }

  /** One CPO's fleets by reference, after the one named. */
  async fleetsAfter(
    cpoId: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly StoredFleet[]> {
    const { rows } = await this.database.query<FleetRow>(
      `SELECT ${columns} FROM fleets
       WHERE cpo_id = $1 AND ($2::uuid IS NULL OR fleet_ref > $2) ORDER BY fleet_ref LIMIT $3`,
      [cpoId, after ?? null, limit],
    );
    return rows.map(fromRow);
  }

  /** Loads every fleet of every CPO into the index that decisions read. */
  async loadIndex(): Promise<void> {
    const { rows } = await this.database.query<FleetRow>(`SELECT ${columns} FROM fleets`);
    for (const row of rows) this.index.load(fromRow(row));
  }

  private async change(command: FleetCommand): Promise<ChangedFleet | undefined> {
    const { cpoId, fleetRef, now } = command;
    const news: { event: FleetEvent; sequence: bigint }[] = [];
    const changed = await this.eventLog.transaction(async (tx) => {
      // With the tokens of the CPO: none is put into a fleet that is being closed.
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
        'authorization.accounts',
        cpoId,
      ]);
      const { rows } = await tx.query<FleetRow>(
        `SELECT ${columns} FROM fleets WHERE cpo_id = $1 AND fleet_ref = $2::uuid`,
        [cpoId, fleetRef],
      );
      const before: Fleet = rows[0] === undefined ? absentFleet : fromRow(rows[0]).fleet;
      const decision = decide(command, before);
      const events = decision.kind === 'accepted' ? decision.events : [];
      const fleet = events.reduce<Fleet>(evolve, before);
      if (fleet.status === 'absent') return undefined;
      if (events.length > 0) {
        await save(tx, { cpoId, fleetRef, fleet });
        const appended = await this.eventLog.append(
          tx,
          events.map((event) => ({ event, occurredAt: now })),
        );
        news.push(
          ...events.map((event, at) => ({ event, sequence: appended[at]?.sequence ?? 0n })),
        );
      }
      const outcome =
        revisionOf(before) === 0n ? 'created' : events.length > 0 ? 'changed' : 'unchanged';
      return { cpoId, fleetRef, fleet, outcome } as const;
    });
    // Committed: the next decision of this process shall know it.
    for (const { event, sequence } of news) this.index.apply(event, sequence);
    return changed;
  }
}

const save = async (tx: SqlClient, { cpoId, fleetRef, fleet }: StoredFleet): Promise<void> => {
  const { revision, status, terms } = fleet;
  await tx.query(
    `INSERT INTO fleets (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (cpo_id, fleet_ref) DO UPDATE SET revision = EXCLUDED.revision,
       status = EXCLUDED.status, plan = EXCLUDED.plan, time_zone = EXCLUDED.time_zone,
       fee_tariff_id = EXCLUDED.fee_tariff_id`,
    [
      cpoId,
      fleetRef,
      revision.toString(),
      status,
      terms.plan,
      terms.timeZone,
      terms.feeTariffId ?? null,
    ],
  );
};

const fromRow = (row: FleetRow): StoredFleet => ({
  cpoId: row.cpo_id,
  fleetRef: row.fleet_ref,
  fleet: {
    status: row.status,
    revision: BigInt(row.revision),
    terms: {
      plan: row.plan,
      timeZone: row.time_zone,
      ...(row.fee_tariff_id === null ? {} : { feeTariffId: row.fee_tariff_id }),
    },
  },
});
