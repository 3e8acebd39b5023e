import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  // Longer than the test: this process cannot say yet that it has been steady for so long.
  stage = await GatewayStage.start(undefined, { OCPP_REPLICA_LEASE_SECONDS: '600' });
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const connectionsOf = async (id: string) =>
  (
    await stage.pool.query<{ disconnected_at: string | null; cause: string | null }>(
      `SELECT disconnected_at, cause FROM connections WHERE charge_point_id = $1
       ORDER BY connected_at`,
      [id],
    )
  ).rows;

/** As after an outage: no lease could be renewed. */
const leasesRunOut = (): Promise<unknown> =>
  stage.pool.query(
    `UPDATE gateway_replicas SET lease_until = now() - interval '1 second', alive_at = $1`,
    [at(0)],
  );

const otherId = '00000000-0000-4000-8000-0000000000ee';

/** A connection to another process, that began at a time by its clock, and one by the database's. */
const heldElsewhere = async (id: string, connectedAt: string, begunAt?: string) => {
  await stage.api('/v1/charge-points', registration(id));
  await stage.pool.query(
    `INSERT INTO gateway_replicas (replica_id, name, alive_at, lease_until, renewed_at)
     VALUES ($1, 'other', $2, now() + interval '1 hour', now())
     ON CONFLICT (replica_id) DO UPDATE SET lease_until = EXCLUDED.lease_until, renewed_at = now()`,
    [otherId, at(0)],
  );
  await stage.pool.query(
    `INSERT INTO connections
       (cpo_id, connection_id, charge_point_id, connected_at, replica_id, begun_at)
     VALUES ('default', gen_random_uuid(), $1, $2, $3, $4)`,
    [id, connectedAt, otherId, begunAt ?? null],
  );
};
const afterMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const ownStandsAt = (id: string) =>
  eventually(async () => {
    const { rows } = await stage.pool.query<{ cause: string | null }>(
      `SELECT cause FROM connections WHERE charge_point_id = $1 AND replica_id <> $2`,
      [id, otherId],
    );
    expect(rows).toHaveLength(1);
    return rows[0]?.cause;
  });

describe('a charger that comes to us from a process whose clock is ahead', () => {
  it.each([
    ['CP-AHEAD', () => afterMs(-5_000)],
    // As processes of the version before leave it unsaid.
    ['CP-UNSAID', () => undefined],
  ])('%s is let in', async (id, begunAt) => {
    await heldElsewhere(id, afterMs(60_000), begunAt());
    await stage.dial(id);
    expect(await ownStandsAt(id)).toBeNull();
  });
});

describe('a charger that comes to a process which has just begun', () => {
  it('was cut off by the crash of another, where the database was there all the time', async () => {
    const id = 'CP-CRASHED';
    await heldElsewhere(id, at(0), at(0));
    await stage.pool.query(
      `UPDATE gateway_replicas SET lease_until = now() - interval '1 second' WHERE replica_id = $1`,
      [otherId],
    );
    await stage.dial(id);
    await ownStandsAt(id);
    const [held] = await connectionsOf(id);
    expect(held).toEqual({ cause: 'gateway-crashed', disconnected_at: at(0) });
  });
});

describe('a charger that comes again after the database was away', () => {
  it('has not been cut off by a crash of the process that it comes to again', async () => {
    const id = 'CP-OUTAGE';
    await stage.newCharger(id);
    await eventually(async () => expect(await connectionsOf(id)).toHaveLength(1));
    await leasesRunOut();
    await stage.dial(id);
    await eventually(async () => expect(await connectionsOf(id)).toHaveLength(2));
    expect((await connectionsOf(id))[0]?.cause).toBe('replaced');
  });

  it('has not been cut off by a crash of another, as far as one can say that was not steady', async () => {
    const id = 'CP-OTHER';
    await stage.api('/v1/charge-points', registration(id));
    const other = '00000000-0000-4000-8000-0000000000ef';
    await stage.pool.query(
      `INSERT INTO gateway_replicas (replica_id, name, alive_at, lease_until)
       VALUES ($1, 'other', $2, now())`,
      [other, at(0)],
    );
    await stage.pool.query(
      `INSERT INTO connections (cpo_id, connection_id, charge_point_id, connected_at, replica_id)
       VALUES ('default', gen_random_uuid(), $1, $2, $3)`,
      [id, at(0), other],
    );
    await leasesRunOut();
    await stage.dial(id);
    await eventually(async () => expect(await connectionsOf(id)).toHaveLength(2));
    expect((await connectionsOf(id))[0]?.cause).toBe('replaced');
  });
});
