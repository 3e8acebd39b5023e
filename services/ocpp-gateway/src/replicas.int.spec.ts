import { eventually } from '@tallywatt/testing';
import {
  at,
  GatewayStage,
  type OtherGateway,
  registration,
  start,
  stop,
  values,
} from './testing/gateway-stage';
import { lockStations } from './outbound/station-lock';
import { idToken, metered, ocpp201, pluggedIn, unplugged, updated } from './testing/ocpp201-words';

let stage: GatewayStage;
let other: OtherGateway;

beforeAll(async () => {
  stage = await GatewayStage.start();
  other = await stage.startOther();
});
afterEach(() => stage?.hangUp());
afterAll(async () => {
  await other?.stop();
  await stage?.stop();
});

/** What the log says of a charge point's connections, in order. */
const connectionStory = async (chargePointId: string): Promise<unknown[]> => {
  const found = await stage.inKafka(
    'charging.stations.v1',
    (event) =>
      'connectionId' in event && 'chargePointId' in event && event.chargePointId === chargePointId,
  );
  return found.map(({ event }) => ('cause' in event ? event.cause : event.type));
};

const sessionStory = async (sessionId: string | undefined): Promise<string[]> => {
  const found = await stage.inKafka(
    'charging.sessions.v1',
    (event) => 'sessionId' in event && event.sessionId === sessionId,
  );
  return found.map(({ event }) => event.type);
};

describe('a charger that comes again through another process', () => {
  it('goes on with its session, and its first connection is ended at the process that has it', async () => {
    const id = 'CP-MOVES';
    const here = await stage.newCharger(id);
    const closed = new Promise((resolve) => here.client.once('close', resolve));
    const first = await here.call('StartTransaction', start());
    const there = await stage.dial(id, { ocppPort: other.ocppPort });
    // It did not hear the answer, or so it believes.
    expect(await there.call('StartTransaction', start())).toEqual(first);
    await closed;
    const metrics = await (await fetch(`${other.url}/metrics`)).text();
    expect(metrics).toMatch(/contested_total\{contest="single"\} 1/);
    await there.call('MeterValues', values(first.transactionId, '2.5', 10));
    expect((await stage.api(`/v1/charge-points/${id}`)).body).toMatchObject({ isConnected: true });
    const back = await stage.dial(id);
    expect(await back.call('StopTransaction', stop(first.transactionId))).toEqual({});
    const [session, ...others] = await stage.sessionsOf(id);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'closed', energyWh: '5000', closedAt: at(30) });
    await eventually(async () => {
      expect(await sessionStory(session?.id)).toEqual([
        'SessionStarted',
        'MeterValuesRecorded',
        'SessionStopped',
        'SessionClosed',
      ]);
      expect(await connectionStory(id)).toEqual([
        'StationConnected',
        'replaced',
        'StationConnected',
        'replaced',
        'StationConnected',
      ]);
    });
  });

  it('goes on, too, where it names its transactions itself', async () => {
    const id = 'ST-MOVES';
    const token = { idToken: idToken('GOOD') };
    const here = await stage.newCharger(id, ocpp201);
    const answer = await here.call('TransactionEvent', pluggedIn('TX-1', token));
    await here.call('TransactionEvent', updated('TX-1', 1, metered(1_800, 10)));
    const there = await stage.dial(id, { ...ocpp201, ocppPort: other.ocppPort });
    expect(await there.call('TransactionEvent', pluggedIn('TX-1', token))).toEqual(answer);
    await there.call('TransactionEvent', updated('TX-1', 1, metered(1_800, 10)));
    await there.call('TransactionEvent', unplugged('TX-1', 2));
    const [session, ...others] = await stage.sessionsOf(id);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'closed', energyWh: '1500', duplicatesSeen: 2 });
  });

  it('begins one session when it says so through two processes at once', async () => {
    const count = 25;
    const ids = Array.from({ length: count }, (_, n) => `CP-BOTH-${n}`);
    const chargers = await Promise.all(
      ids.map(async (id) => {
        const here = await stage.newCharger(id);
        // Before the first process hears of the second connection it works on what it has.
        const said = here.call('StartTransaction', start()).catch(() => undefined);
        const there = await stage.dial(id, { ocppPort: other.ocppPort });
        return { id, answers: [said, there.call('StartTransaction', start())] as const };
      }),
    );
    for (const { id, answers } of chargers) {
      const [one, two] = await Promise.all(answers);
      if (one !== undefined) expect(two).toEqual(one);
      const [session, ...others] = await stage.sessionsOf(id);
      expect(others).toEqual([]);
      expect(await stage.typesOf(session?.id ?? '')).toEqual(['SessionStarted']);
    }
  });
});

describe('a charge point that a process holds which stands still', () => {
  it('is heard again after a while, and keeps no other one waiting', async () => {
    const ids = Array.from({ length: 8 }, (_, n) => `CP-FROZEN-${n}`);
    const chargers = await Promise.all(ids.map((id) => stage.newCharger(id)));
    const neighbour = await stage.newCharger('CP-BESIDE');
    // As one that was stopped (SIGSTOP) in the middle of a group commit leaves it.
    const frozen = await stage.pool.connect();
    const ended = new Promise((resolve) => frozen.on('error', resolve));
    await frozen.query('BEGIN');
    const held = await eventually(async () => {
      const elsewhere = await lockStations(
        frozen,
        ids.map((id) => `default/${id}`),
      );
      expect([...elsewhere]).toEqual([]);
      return Date.now();
    });
    const late = chargers.map(({ call }) => call('StartTransaction', start()));
    const beside = await neighbour.call('StartTransaction', start());
    expect(beside).toHaveProperty('transactionId');
    // The database ends such a transaction after ten seconds.
    expect(Date.now() - held).toBeLessThan(9_000);
    await ended;
    for (const answer of await Promise.all(late)) expect(answer).toHaveProperty('transactionId');
    frozen.release(true);
  });
});

describe('a remote stop', () => {
  it('is sent by the process that has the charger, whichever was asked', async () => {
    const id = 'CP-ASKED';
    await stage.api('/v1/charge-points', registration(id));
    const asked: unknown[] = [];
    const handlers = {
      RemoteStopTransaction: ({ params }: { params?: unknown }) => {
        asked.push(params);
        return Promise.resolve({ status: 'Accepted' });
      },
    };
    const { call } = await stage.dial(id, { ocppPort: other.ocppPort, handlers });
    const { transactionId } = await call('StartTransaction', start());
    const [session] = await stage.sessionsOf(id);
    await stage.api(`/v1/charge-points/${id}/remote-stop`, { sessionId: session?.id });
    await eventually(() => expect(asked).toEqual([{ transactionId }]));
  });
});

describe('what a process that died has left open', () => {
  it('is ended once by another, where it was last known to live', async () => {
    await stage.api('/v1/charge-points', registration('CP-LEFT'));
    const replica = '00000000-0000-4000-8000-0000000000dd';
    await stage.pool.query(
      `INSERT INTO connections (cpo_id, connection_id, charge_point_id, connected_at, replica_id)
       VALUES ('default', gen_random_uuid(), 'CP-LEFT', $1, $2)`,
      [at(0), replica],
    );
    await stage.pool.query(
      `INSERT INTO gateway_replicas (replica_id, name, alive_at, lease_until)
       VALUES ($1, 'gone', $2, now() - interval '1 second')`,
      [replica, at(7)],
    );
    await eventually(
      async () => {
        const ends = await stage.inKafka(
          'charging.stations.v1',
          (event) => event.type === 'StationDisconnected' && event.chargePointId === 'CP-LEFT',
        );
        expect(ends.map(({ event }) => event)).toMatchObject([
          { cause: 'gateway-crashed', disconnectedAt: at(7) },
        ]);
      },
      { timeoutMs: 120_000 },
    );
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        'SELECT replica_id FROM gateway_replicas WHERE replica_id = $1',
        [replica],
      );
      expect(rows).toEqual([]);
    });
  });
});
