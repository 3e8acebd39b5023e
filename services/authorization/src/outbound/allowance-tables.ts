import type { AllowanceEvent, RecordedEvent } from '@tallywatt/contracts';
import { allowance, type Allowance, type SessionDraw } from '@tallywatt/derivations';
import type { Restore, SqlClient } from '@tallywatt/event-log';

/** Whose energy of which month, and the session that draws from it. */
export type DrawPlace = Readonly<{
  cpoId: string;
  subjectRef: string;
  period: string;
  sessionId: string;
}>;

const monthOf = ({ cpoId, subjectRef, period }: Omit<DrawPlace, 'sessionId'>): string =>
  `${cpoId}/${subjectRef}/${period}`;

/**
 * Allowances of some months, locked until the transaction ends: of all their sessions only those
 * that are asked for, which is what a decision about these needs.
 */
export class OpenAllowances {
  private readonly changed = new Map<string, DrawPlace>();

  private constructor(private readonly states: Map<string, Allowance>) {}

  /** Locks in one order for all, so that two batches do not wait for each other. */
  static async of(tx: SqlClient, places: readonly DrawPlace[]): Promise<OpenAllowances> {
    const months = [...new Map(places.map((place) => [monthOf(place), place]))]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, place]) => place);
    const totals = await tx.query<MonthRow>(
      `INSERT INTO allowances AS a (cpo_id, subject_ref, period, drawn_milli_wh)
       SELECT cpo_id, subject_ref, period, 0
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
         AS u (cpo_id, subject_ref, period, n) ORDER BY n
       ON CONFLICT (cpo_id, subject_ref, period)
         DO UPDATE SET drawn_milli_wh = a.drawn_milli_wh
       RETURNING cpo_id, subject_ref, period, drawn_milli_wh`,
      monthColumns(months),
    );
    const draws = await tx.query<DrawRow>(
      `SELECT cpo_id, subject_ref, period, session_id, energy_revision, d.drawn_milli_wh
       FROM unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
       JOIN allowance_draws d USING (cpo_id, session_id)`,
      [places.map(({ cpoId }) => cpoId), places.map(({ sessionId }) => sessionId)],
    );
    const sessions = new Map<string, Map<string, SessionDraw>>();
    for (const row of draws.rows) {
      const month = monthOf(placeFromRow(row));
      const known = sessions.get(month) ?? new Map<string, SessionDraw>();
      known.set(row.session_id, {
        energyRevision: row.energy_revision,
        drawnMilliWh: BigInt(row.drawn_milli_wh),
      });
      sessions.set(month, known);
    }
    return new OpenAllowances(
      new Map(
        totals.rows.map((row) => {
          const month = monthOf(placeFromRow(row));
          const drawnMilliWh = BigInt(row.drawn_milli_wh);
          return [month, { drawnMilliWh, sessions: sessions.get(month) ?? new Map() }];
        }),
      ),
    );
  }

  at(place: DrawPlace): Allowance {
    return this.states.get(monthOf(place)) ?? allowance.initial;
  }

  apply(event: AllowanceEvent): void {
    this.states.set(monthOf(event), allowance.evolve(this.at(event), event));
    this.changed.set(`${event.cpoId}/${event.sessionId}`, event);
  }

  /** Writes what was applied. */
  async save(tx: SqlClient): Promise<void> {
    const places = [...this.changed.values()];
    if (places.length === 0) return;
    const months = [...new Map(places.map((place) => [monthOf(place), place])).values()];
    await tx.query(
      `UPDATE allowances a SET drawn_milli_wh = u.drawn_milli_wh
       FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
         AS u (cpo_id, subject_ref, period, drawn_milli_wh)
       WHERE (a.cpo_id, a.subject_ref, a.period) = (u.cpo_id, u.subject_ref, u.period)`,
      [...monthColumns(months), months.map((month) => this.at(month).drawnMilliWh.toString())],
    );
    const draws = places.map((place) => this.at(place).sessions.get(place.sessionId));
    await tx.query(
      `INSERT INTO allowance_draws (cpo_id, subject_ref, period, session_id, energy_revision,
         drawn_milli_wh)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[],
         $6::bigint[])
       ON CONFLICT (cpo_id, session_id) DO UPDATE
         SET energy_revision = EXCLUDED.energy_revision,
             drawn_milli_wh = EXCLUDED.drawn_milli_wh`,
      [
        ...monthColumns(places),
        places.map(({ sessionId }) => sessionId),
        draws.map((draw) => draw?.energyRevision),
        draws.map((draw) => draw?.drawnMilliWh.toString()),
      ],
    );
  }
}

type MonthRow = Readonly<{
  cpo_id: string;
  subject_ref: string;
  period: string;
  drawn_milli_wh: string;
}>;
type DrawRow = MonthRow & Readonly<{ session_id: string; energy_revision: number }>;

const placeFromRow = (row: MonthRow) => ({
  cpoId: row.cpo_id,
  subjectRef: row.subject_ref,
  period: row.period,
});

const monthColumns = (places: readonly Omit<DrawPlace, 'sessionId'>[]): string[][] => [
  places.map(({ cpoId }) => cpoId),
  places.map(({ subjectRef }) => subjectRef),
  places.map(({ period }) => period),
];

/** Fills the tables of a new database with what was drawn; adds nothing to one that knows it. */
export const restoreAllowances: Restore = async (own, tx) => {
  for await (const recorded of own('access.allowances.v1')) {
    const events = (recorded as readonly RecordedEvent<AllowanceEvent>[]).map(({ event }) => event);
    const open = await OpenAllowances.of(tx, events);
    for (const event of events) {
      const known = open.at(event).sessions.get(event.sessionId);
      if ((known?.energyRevision ?? 0) < event.energyRevision) open.apply(event);
    }
    await open.save(tx);
  }
};
