import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { eventually } from '@tallywatt/testing';
import { buildGateway, startGatewayProcess } from './testing/gateway-process';
import {
  at,
  GatewayStage,
  type Handlers,
  type Run,
  start,
  stop,
  values,
} from './testing/gateway-stage';
import { idToken, metered, ocpp201, pluggedIn, unplugged, updated } from './testing/ocpp201-words';

let stage: GatewayStage;
let child: ChildProcess;

const steps = ['StartTransaction', 'MeterValues', 'StopTransaction'].flatMap((action) => [
  `gateway.before-record.${action}`,
  `gateway.before-answer.${action}`,
]);
/** One action, three times: each of them dies before it is recorded, and once more before its answer. */
const steps201 = ['record:1', 'answer:1', 'record:2', 'answer:1', 'record:2', 'answer:1'].map(
  (step) => `gateway.before-${step.replace(':', '.TransactionEvent:')}`,
);
/** Each process is given the next step to die at; the last one of a test has none. */
const stepsLeft: string[] = [];

/** Killed by itself at the step named. */
const asProcess: Run = async (environment) => {
  const started = await startGatewayProcess({ ...environment, CRASH_AT: stepsLeft.shift() ?? '' });
  child = started.child;
  return started;
};

beforeAll(async () => {
  buildGateway();
  stage = await GatewayStage.start(asProcess);
});

afterEach(() => stage?.hangUp());

afterAll(() => stage?.stop());

/** A charger that comes back, and sends a message again under a new id, until it is confirmed. */
const persistentCharger = async (
  id: string,
  how: Parameters<GatewayStage['dial']>[1],
  boot: object,
) => {
  let { call } = await stage.newCharger(id, how);
  const deaths: string[] = [];
  await call('BootNotification', boot);
  const untilConfirmed = async (action: string, params: object): Promise<unknown> => {
    const died = once(child, 'exit');
    try {
      return await call(action, params);
    } catch {
      expect(await died).toEqual([null, 'SIGKILL']);
      deaths.push(action);
      await stage.startGateway();
      ({ call } = await stage.dial(id, how));
      await call('BootNotification', boot);
      return untilConfirmed(action, params);
    }
  };
  return { untilConfirmed, deaths };
};

const expectEvents = (id: string, sessionId: string | undefined, types: string[], deaths: number) =>
  eventually(async () => {
    const found = await stage.inKafka(
      'charging.sessions.v1',
      (event) => 'sessionId' in event && event.sessionId === sessionId,
    );
    expect(found.map(({ event }) => event.type)).toEqual(types);
    const ends = await stage.inKafka(
      'charging.stations.v1',
      (event) => event.type === 'StationDisconnected' && event.chargePointId === id,
    );
    const causes = ends.map(({ event }) => 'cause' in event && event.cause);
    expect(causes).toEqual(Array<string>(deaths).fill('gateway-crashed'));
  });

/** The gateway begins anew, with the first of these steps. */
const restartWith = async (wanted: readonly string[]): Promise<void> => {
  await stage.stopGateway();
  stepsLeft.push(...wanted);
  await stage.startGateway();
};

describe('a session whose gateway is killed before and after each of its messages', () => {
  it('is recorded once', async () => {
    const id = 'CP-CRASH';
    await restartWith(steps);
    const boot = { chargePointVendor: 'V', chargePointModel: 'M' };
    const { untilConfirmed, deaths } = await persistentCharger(id, {}, boot);
    const started = await untilConfirmed('StartTransaction', start());
    const { transactionId } = started as { transactionId: number };
    await untilConfirmed('MeterValues', values(transactionId, '2.5', 10));
    await untilConfirmed('StopTransaction', stop(transactionId));

    expect(deaths).toEqual(steps.map((step) => step.split('.')[2]));
    const [session, ...others] = await stage.sessionsOf(id);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'closed', energyWh: '5000', closedAt: at(30) });
    const types = ['SessionStarted', 'MeterValuesRecorded', 'SessionStopped', 'SessionClosed'];
    await expectEvents(id, session?.id, types, steps.length);
  });

  it('is recorded once, too, where the station numbers its events', async () => {
    const id = 'ST-CRASH';
    await restartWith(steps201);
    const boot = { reason: 'PowerUp', chargingStation: { vendorName: 'V', model: 'M' } };
    const { untilConfirmed, deaths } = await persistentCharger(id, ocpp201, boot);
    const token = { idToken: idToken('GOOD') };
    const answer = await untilConfirmed('TransactionEvent', pluggedIn('TX-1', token));
    expect(answer).toEqual({ idTokenInfo: { status: 'Accepted' } });
    await untilConfirmed('TransactionEvent', updated('TX-1', 1, metered(1_800, 10)));
    await untilConfirmed('TransactionEvent', unplugged('TX-1', 2));

    expect(deaths).toHaveLength(steps201.length);
    const [session, ...others] = await stage.sessionsOf(id);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'closed', energyWh: '1500', isQuarantined: false });
    const readings = Array<string>(3).fill('MeterValuesRecorded');
    const types = ['SessionStarted', ...readings, 'SessionStopped', 'SessionClosed'];
    await expectEvents(id, session?.id, types, steps201.length);
  });
});

describe('a command whose gateway is killed', () => {
  const id = 'CP-TOLD';
  const path = `/v1/charge-points/${id}/commands`;
  let times = 0;
  const handlers: Handlers = {
    Reset: async () => {
      times += 1;
      return { status: 'Accepted' };
    },
  };

  /** Has the charger reset by a gateway that dies of it; the next one finds what is left. */
  const resetBy = async (gateway: ChildProcess): Promise<string> => {
    const commandId = randomUUID();
    const died = once(gateway, 'exit');
    // It may die before it has answered who asks as well.
    await stage
      .api(path, { command: 'Reset', parameters: {}, commandId })
      .catch((error: unknown) => expect(String(error)).toContain('fetch failed'));
    expect(await died).toEqual([null, 'SIGKILL']);
    await stage.startGateway();
    await stage.dial(id, { handlers });
    // It is given a minute, which need not be waited for.
    await stage.pool.query(
      `UPDATE charger_commands SET sent_at = sent_at - interval '1 minute' WHERE command_id = $1`,
      [commandId],
    );
    await eventually(
      async () => expect((await stage.api(`${path}/${commandId}`)).body['status']).toBe('failed'),
      { timeoutMs: 60_000 },
    );
    return commandId;
  };

  it('is not told again: nobody knows what became of it', async () => {
    await restartWith(['gateway.after-command.Reset', 'gateway.before-command.Reset']);
    await stage.newCharger(id, { handlers });
    const answered = await resetBy(child);
    expect(times).toBe(1);
    const claimed = await resetBy(child);
    // A command of its own shows that the others would have come again by now.
    const { body } = await stage.api(path, { command: 'CacheClearing', parameters: {} });
    await eventually(async () =>
      expect((await stage.api(`${path}/${String(body['id'])}`)).body['status']).toBe('rejected'),
    );
    expect(times).toBe(1);
    const ends = await stage.inKafka(
      'charging.commands.v1',
      (event) => event.type === 'CommandFailed' && event.chargePointId === id,
    );
    expect(ends.map(({ event }) => event)).toMatchObject(
      [answered, claimed].map((commandId) => ({ commandId, reason: 'outcome-unknown' })),
    );
  });
});
