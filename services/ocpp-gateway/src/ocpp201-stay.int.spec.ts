import { eventually } from '@tallywatt/testing';
import { at, GatewayStage } from './testing/gateway-stage';
import { idToken, ocpp201, pluggedIn, unplugged } from './testing/ocpp201-words';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

describe('a stay with idle time', () => {
  const idle = { idToken: idToken('IDLE') };
  const cableIn = { transactionInfo: { stoppedReason: 'Local', chargingState: 'EVConnected' } };
  const later = (minute: number, said: object) => ({ ...said, timestamp: at(minute) });
  const begin = async (id: string) => {
    const { call } = await stage.newCharger(id, ocpp201);
    const beganAt = async (minute: number) =>
      (await stage.sessionsOf(id)).find(
        (session) => 'startedAt' in session && session.startedAt === at(minute),
      );
    const status = (connectorStatus: string, minute: number) =>
      call('StatusNotification', {
        timestamp: at(minute),
        connectorStatus,
        evseId: 1,
        connectorId: 1,
      });
    return { say: (said: object) => call('TransactionEvent', said), status, beganAt };
  };

  it('ends when its connector was free, though its stop came after that', async () => {
    const { say, status, beganAt } = await begin('ST-OVERTAKEN');
    await say(pluggedIn('TX-1', idle));
    await status('Available', 15);
    await status('Occupied', 20);
    await say(unplugged('TX-1', 1, cableIn));
    expect(await beganAt(0)).toMatchObject({ closedBy: 'available', closedAt: at(15) });
    await say(later(55, pluggedIn('TX-2', idle)));
    expect(await beganAt(55)).toMatchObject({ status: 'active' });
  });

  it('ends before the next one, though its stop waited for what was missing', async () => {
    const { say, status, beganAt } = await begin('ST-WAITED');
    await say(pluggedIn('TX-1', idle));
    await say(later(10, unplugged('TX-1', 2, cableIn)));
    await status('Available', 12);
    await status('Occupied', 14);
    await say(later(15, pluggedIn('TX-2', idle)));
    await stage.pool.query(`UPDATE station_transactions SET attention_at = now()
      WHERE attention_at IS NOT NULL`);
    const first = { closedBy: 'available', closedAt: at(12) };
    await eventually(async () => expect(await beganAt(0)).toMatchObject(first));
    await say(later(50, unplugged('TX-2', 1)));
    expect(await beganAt(15)).toMatchObject({ closedAt: at(50) });
  });

  it('ends with the next one where nobody said that its connector was free', async () => {
    const { say, beganAt } = await begin('ST-UNSAID');
    await say(pluggedIn('TX-1', idle));
    await say(later(30, pluggedIn('TX-2', idle)));
    await say(unplugged('TX-1', 1, cableIn));
    expect(await beganAt(0)).toMatchObject({ closedBy: 'next-start', closedAt: at(30) });
  });

  it('does not end with an older one that is told late', async () => {
    const { say, status, beganAt } = await begin('ST-OLDER');
    await say(later(30, pluggedIn('TX-2', idle)));
    await say(later(40, unplugged('TX-2', 1, cableIn)));
    await say(pluggedIn('TX-1', idle));
    await say(unplugged('TX-1', 1, cableIn));
    expect(await beganAt(0)).toMatchObject({ closedBy: 'next-start', closedAt: at(30) });
    await status('Available', 59);
    expect(await beganAt(30)).toMatchObject({ closedBy: 'available', closedAt: at(59) });
  });
});
