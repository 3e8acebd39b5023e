import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, registration, start, stop, values } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const isLookedFor = (chargePointId: string) =>
  eventually(async () => {
    const { rows } = await stage.pool.query<{ waits: boolean }>(
      'SELECT due_at IS NULL AS waits FROM orphan_matchings WHERE charge_point_id = $1',
      [chargePointId],
    );
    expect(rows).toEqual([{ waits: true }]);
  });

const makeDue = (chargePointId: string) =>
  stage.pool.query(
    "UPDATE sessions SET watch_due_at = now() WHERE charge_point_id = $1 AND status = 'active'",
    [chargePointId],
  );

/** How often the charger has been asked after its sessions. */
const askedTimes = async (chargePointId: string): Promise<number> => {
  const { rows } = await stage.pool.query<{ asked: number }>(
    `SELECT count(*)::int AS asked FROM charger_commands
     WHERE charge_point_id = $1 AND requested_by = 'session-watch'`,
    [chargePointId],
  );
  return (rows[0]?.asked ?? 0) / 2;
};

/** Looked at once more: asked again, or ended. */
const lookedAgain = async (chargePointId: string, asked: number): Promise<void> => {
  await makeDue(chargePointId);
  await eventually(async () => {
    const isOver = (await stage.sessionsOf(chargePointId)).every(
      ({ status }) => status !== 'active',
    );
    expect(isOver || (await askedTimes(chargePointId)) > asked).toBe(true);
  });
};

describe('a stop that names no session', () => {
  // The charger knows the number of its session, so -1 is of another.
  it('does not end a session whose number its charger has said', async () => {
    const id = 'CP-KNOWS-ITS-NUMBER';
    const connectors = [
      { id: 1, powerKwMax: 11 },
      { id: 2, powerKwMax: 11 },
    ];
    await stage.api('/v1/charge-points', { ...registration(id), connectors });
    const { call } = await stage.dial(id);
    const { transactionId } = await call('StartTransaction', start());
    await call('MeterValues', values(transactionId, '2', 10));
    // Of connector 2, whose start never came: one meter for both, and unplugged without a card.
    await call('StopTransaction', stop(-1, { timestamp: at(12), meterStop: 2_300 }));
    await isLookedFor(id);
    expect(await stage.sessionsOf(id)).toMatchObject([{ status: 'active' }]);
    await call('StopTransaction', stop(transactionId));
    expect(await stage.sessionsOf(id)).toMatchObject([{ status: 'closed', energyWh: '5000' }]);
  });

  // No session began before what waits: 1970 is before them all.
  it('and no time finds its session by its tag, as ADR 31 says', async () => {
    const id = 'CP-NO-CLOCK-STOP';
    const { call } = await stage.newCharger(id);
    await call('StartTransaction', start());
    const timestamp = '1970-01-01T00:10:00.000Z';
    await call('StopTransaction', stop(-1, { idTag: 'GOOD', timestamp }));
    await isLookedFor(id);
    expect(await stage.sessionsOf(id)).toMatchObject([
      { status: 'closed', energyWh: '5000', isQuarantined: true },
    ]);
  });
});

describe('a session that says nothing by nature', () => {
  // A reconnect, or the first seconds of a new gateway process, is not an absence.
  it('is not ended because its charger reconnects while it is looked at', async () => {
    const id = 'CP-RECONNECTS';
    const { call } = await stage.newCharger(id);
    await call('StartTransaction', start());
    await lookedAgain(id, 0);
    await call('Heartbeat', {});
    await stage.hangUp();
    await lookedAgain(id, 1);
    expect(await stage.sessionsOf(id)).toMatchObject([{ status: 'active' }]);
  });

  // Every earlier session of the connector began after 1970.
  it('and has no clock is not ended because of the session before it', async () => {
    const id = 'CP-NO-CLOCK-START';
    const { call } = await stage.newCharger(id);
    const { transactionId } = await call('StartTransaction', start());
    await call('StopTransaction', stop(transactionId));
    await call('StartTransaction', start('GOOD', { timestamp: '1970-01-01T00:00:10.000Z' }));
    await lookedAgain(id, 0);
    await lookedAgain(id, 1);
    const running = (await stage.sessionsOf(id)).filter(({ status }) => status === 'active');
    expect(running).toHaveLength(1);
  });
});
