import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, start, stop, values } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

/** Its time has come, on our clock. */
const makeDue = (chargePointId: string) =>
  stage.pool.query('UPDATE sessions SET watch_due_at = now() WHERE charge_point_id = $1', [
    chargePointId,
  ]);

const isAsked = async (chargePointId: string): Promise<boolean> => {
  const { rows } = await stage.pool.query(
    'SELECT 1 FROM sessions WHERE charge_point_id = $1 AND watch_asked_at IS NOT NULL',
    [chargePointId],
  );
  return rows.length > 0;
};

describe('a session of which nothing is heard', () => {
  it('has its charger asked, and goes on when that says something', async () => {
    const id = 'CP-QUIET';
    const asked: unknown[] = [];
    const { call } = await stage.newCharger(id, {
      handlers: {
        TriggerMessage: ({ params }) => {
          asked.push(params);
          return Promise.resolve({ status: 'Accepted' });
        },
      },
    });
    const { transactionId } = await call('StartTransaction', start());
    await makeDue(id);
    await eventually(() =>
      Promise.resolve(
        expect(asked).toEqual([
          { requestedMessage: 'StatusNotification', connectorId: 1 },
          { requestedMessage: 'MeterValues', connectorId: 1 },
        ]),
      ),
    );
    await call('MeterValues', values(transactionId, '2', 10));
    expect(await isAsked(id)).toBe(false);
    // Said before the charger was asked, its status has changed nothing: the car is still there.
    await makeDue(id);
    await eventually(async () => expect(await isAsked(id)).toBe(true));
    await makeDue(id);
    await eventually(() => Promise.resolve(expect(asked).toHaveLength(6)));
    expect(await stage.sessionsOf(id)).toMatchObject([{ status: 'active' }]);
  });

  it('ends as estimated when its connector is free, until its own stop comes', async () => {
    const id = 'CP-LOST-STOP';
    const { call } = await stage.newCharger(id);
    const { transactionId } = await call('StartTransaction', start());
    await call('MeterValues', values(transactionId, '2', 10));
    const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' };
    await call('StatusNotification', { ...status, timestamp: at(40) });
    const { rows } = await stage.pool.query<{ is_soon: boolean }>(
      `SELECT watch_due_at < now() + interval '6 minutes' AS is_soon
       FROM sessions WHERE charge_point_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ is_soon: true }]);
    await makeDue(id);
    await eventually(async () => expect(await isAsked(id)).toBe(true));
    await makeDue(id);
    const [session] = await eventually(async () => {
      const found = await stage.sessionsOf(id);
      expect(found).toMatchObject([{ status: 'closed', stoppedAt: at(10), energyWh: '1000' }]);
      return found;
    });
    const { body } = await stage.api(`/v1/sessions/${session?.id ?? ''}`);
    expect(body).toMatchObject({ isQuarantined: true, quarantine: [{ reason: 'stop-estimated' }] });
    await call('StopTransaction', stop(transactionId));
    await call('StopTransaction', stop(transactionId));
    expect(await stage.sessionsOf(id)).toMatchObject([
      { status: 'closed', stoppedAt: at(30), energyWh: '5000', isQuarantined: false },
    ]);
    expect(await stage.typesOf(session?.id ?? '')).toEqual([
      'SessionStarted',
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionQuarantined',
      'SessionClosed',
      'StopCorrected',
      'SessionReleased',
    ]);
  });
});
