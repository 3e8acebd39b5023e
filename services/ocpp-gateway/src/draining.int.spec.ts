import { eventually } from '@tallywatt/testing';
import { GatewayStage, type OtherGateway, start, stop } from './testing/gateway-stage';

let stage: GatewayStage;
const chargerCount = 8;
const drainSeconds = 4;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterAll(async () => {
  await stage?.hangUp();
  await stage?.stop();
});

const readinessOf = async ({ url }: OtherGateway) => {
  const response = await fetch(`${url}/health/ready`);
  const { checks } = (await response.json()) as { checks: Record<string, string> };
  return { status: response.status, shutdown: checks['shutdown'] };
};

type Farewell = Readonly<{ code: number; atMs: number }>;

describe('a process that is told to stop', () => {
  it('says so, answers what it has heard, and sends its chargers away one after the other', async () => {
    const other = await stage.startOther(undefined, {
      // Long enough for a busy machine to do all that follows until the first one is sent away.
      OCPP_DRAIN_WAIT_SECONDS: '12',
      OCPP_DRAIN_SECONDS: String(drainSeconds),
    });
    const { ocppPort } = other;
    const ids = Array.from({ length: chargerCount }, (_, n) => `CP-DRAINED-${n}`);
    const chargers = await Promise.all(ids.map((id) => stage.newCharger(id, { ocppPort })));
    const farewells = chargers.map(
      ({ client }) =>
        new Promise<Farewell>((resolve) =>
          client.once('close', ({ code }: { code: number }) =>
            resolve({ code, atMs: performance.now() }),
          ),
        ),
    );
    const stopped = other.stop();
    await eventually(async () =>
      expect(await readinessOf(other)).toEqual({ status: 503, shutdown: 'under way' }),
    );
    // A load balancer may not have noticed yet.
    const late = await stage.newCharger('CP-LATE', { ocppPort });
    expect(await late.call('Heartbeat', {})).toHaveProperty('currentTime');

    // So are those that it has.
    const answers: { transactionId: number }[] = await Promise.all(
      chargers.map(({ call }) => call('StartTransaction', start())),
    );
    const leaving = await Promise.all(farewells);
    await stopped;
    expect(leaving.map(({ code }) => code)).toEqual(Array<number>(chargerCount).fill(1012));
    const times = leaving.map(({ atMs }) => atMs);
    const spreadMs = Math.max(...times) - Math.min(...times);
    expect(spreadMs).toBeGreaterThan((drainSeconds * 1_000) / 2);

    for (const [n, id] of ids.entries()) {
      const { call } = await stage.dial(id);
      expect(await call('StartTransaction', start())).toEqual(answers[n]);
      await call('StopTransaction', stop(answers[n]?.transactionId ?? 0));
      const sessions = await stage.sessionsOf(id);
      expect(sessions).toMatchObject([{ status: 'closed', energyWh: '5000' }]);
    }
    const isOurs = new Set([...ids, 'CP-LATE']);
    await eventually(async () => {
      const ends = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationDisconnected' && isOurs.has(event.chargePointId),
      );
      const causes = ends.map(({ event }) => 'cause' in event && event.cause);
      expect(causes).toEqual(Array<string>(chargerCount + 1).fill('shutdown'));
    });
    const { rows } = await stage.pool.query('SELECT name FROM gateway_replicas');
    expect(rows).toHaveLength(1);
  });
});
