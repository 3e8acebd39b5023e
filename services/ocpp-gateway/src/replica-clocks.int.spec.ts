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
    const other = '00000000-0000-4000-8000-0000000000ee';
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
