import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import { createLogger } from '@tallywatt/service-kit';
import { eventually } from '@tallywatt/testing';
import { Pool } from 'pg';
import { at, GatewayStage, start, stop } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

describe('an operator', () => {
  const outcomes = async (chargePointId: string, count: number) =>
    eventually(async () => {
      const found = await stage.inKafka(
        'charging.commands.v1',
        (event) => 'chargePointId' in event && event.chargePointId === chargePointId,
      );
      expect(found).toHaveLength(count);
      return found.map(({ event }) => ('reason' in event ? event.reason : event.type));
    });

  it('stops a session through its own charge point only', async () => {
    const { call, client } = await stage.newCharger('CP-REMOTE');
    await stage.newCharger('CP-OTHER');
    client.handle('RemoteStopTransaction', () => Promise.resolve({ status: 'Rejected' }));
    const { transactionId } = await call('StartTransaction', start());
    const [session] = await stage.sessionsOf('CP-REMOTE');
    const body = { sessionId: session?.id };
    const path = (id: string): string => `/v1/charge-points/${id}/remote-stop`;
    expect((await stage.api(path('CP-OTHER'), body)).status).toBe(404);
    expect((await stage.api(path('CP-REMOTE'), body)).status).toBe(202);
    expect(await outcomes('CP-REMOTE', 2)).toEqual(['operator', 'rejected-by-charger']);
    await call('StopTransaction', stop(transactionId));
    expect((await stage.api(path('CP-REMOTE'), body)).body).toMatchObject({ status: 'rejected' });
    expect((await outcomes('CP-REMOTE', 4)).slice(2)).toEqual(['operator', 'session-over']);
  });
});

describe('a declined card', () => {
  it('stops the session at the charger, when it is there', async () => {
    const { call, client } = await stage.newCharger('CP-DECLINED');
    await call('StartTransaction', start());
    const [session] = await stage.sessionsOf('CP-DECLINED');
    await client.close({ force: true });
    await eventually(async () =>
      expect((await stage.api('/v1/charge-points/CP-DECLINED')).body).toMatchObject({
        isConnected: false,
      }),
    );
    const database = await stage.servers.createDatabase('payments');
    const paymentsPool = new Pool({ connectionString: database });
    const payments = createEventLog({
      service: 'payment-capture',
      streamsAreNew: true,
      pool: paymentsPool,
      brokers: [stage.servers.kafkaBrokers],
      logger: createLogger('payments', 'silent'),
    });
    await paymentsPool.query(eventLogMigrations);
    payments.startRelay();
    const event = {
      type: 'PaymentPreauthorizationDeclined',
      cpoId: 'default',
      paymentId: 'P-1',
      sessionId: session?.id ?? '',
      amount: { amountMinor: 5_000n, currency: 'EUR' },
      declineCode: 'card_declined',
      detail: 'declined',
      chargePointId: 'CP-DECLINED',
    } as const;
    await payments.transaction((tx) => payments.append(tx, [{ event, occurredAt: at(1) }]));
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        `SELECT 1 FROM remote_commands WHERE status = 'pending'`,
      );
      expect(rows).toHaveLength(1);
    });
    const asked: unknown[] = [];
    // It may be asked as soon as it is back.
    const handlers = {
      RemoteStopTransaction: async ({ params }: { params?: unknown }) => {
        asked.push(params);
        return { status: 'Accepted' };
      },
    };
    await stage.dial('CP-DECLINED', { handlers });
    const types = await eventually(async () => {
      const found = await stage.inKafka(
        'charging.commands.v1',
        (command) => 'chargePointId' in command && command.chargePointId === 'CP-DECLINED',
      );
      expect(found).toHaveLength(2);
      return found.map((recorded) => recorded.event.type);
    });
    expect(types).toEqual(['RemoteStopRequested', 'RemoteStopAccepted']);
    expect(asked).toEqual([{ transactionId: expect.any(Number) }]);
    await payments.stop();
    await paymentsPool.end();
  });
});
