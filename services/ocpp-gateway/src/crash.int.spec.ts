import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, type Run, start, stop, values } from './testing/gateway-stage';

const project = join(__dirname, '..');
let stage: GatewayStage;
let child: ChildProcess;

const steps = ['StartTransaction', 'MeterValues', 'StopTransaction'].flatMap((action) => [
  `gateway.before-record.${action}`,
  `gateway.before-answer.${action}`,
]);
/** Each process is given the next step to die at; the last one has none. */
const stepsLeft = [...steps];

/** The gateway as it runs in production, to be killed by itself at the step named. */
const asProcess: Run = async (environment) => {
  const started = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
    env: {
      PATH: process.env['PATH'],
      TZ: 'UTC',
      ...environment,
      CRASH_AT: stepsLeft.shift() ?? '',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child = started;
  const url = `http://127.0.0.1:${environment['OCPP_GATEWAY_PORT']}`;
  // It lives before it is ready: a new database adopts its streams first.
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).ok).toBe(true), {
    timeoutMs: 120_000,
  });
  const stopChild = async (): Promise<void> => {
    if (started.exitCode !== null || started.signalCode !== null) return;
    started.kill('SIGTERM');
    await once(started, 'exit');
  };
  return { url, stop: stopChild };
};

beforeAll(async () => {
  execFileSync(process.execPath, [
    require.resolve('typescript/bin/tsc'),
    '-b',
    join(project, 'tsconfig.lib.json'),
  ]);
  stage = await GatewayStage.start(asProcess);
});

afterEach(() => stage?.hangUp());

afterAll(() => stage?.stop());

describe('a session whose gateway is killed before and after each of its messages', () => {
  it('is recorded once', async () => {
    const id = 'CP-CRASH';
    let { call } = await stage.newCharger(id);
    const boot = { chargePointVendor: 'V', chargePointModel: 'M' };
    const deaths: string[] = [];
    // A charger comes back and sends a message again, under a new id, until it is confirmed.
    const untilConfirmed = async (action: string, params: object): Promise<unknown> => {
      const died = once(child, 'exit');
      try {
        return await call(action, params);
      } catch {
        expect(await died).toEqual([null, 'SIGKILL']);
        deaths.push(action);
        await stage.startGateway();
        ({ call } = await stage.dial(id));
        await call('BootNotification', boot);
        return untilConfirmed(action, params);
      }
    };
    await call('BootNotification', boot);
    const started = await untilConfirmed('StartTransaction', start());
    const { transactionId } = started as { transactionId: number };
    await untilConfirmed('MeterValues', values(transactionId, '2.5', 10));
    await untilConfirmed('StopTransaction', stop(transactionId));

    expect(deaths).toEqual(steps.map((step) => step.split('.')[2]));
    const [session, ...others] = await stage.sessionsOf(id);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'closed', energyWh: '5000', closedAt: at(30) });
    await eventually(async () => {
      const found = await stage.inKafka(
        'charging.sessions.v1',
        (event) => 'sessionId' in event && event.sessionId === session?.id,
      );
      expect(found.map(({ event }) => event.type)).toEqual([
        'SessionStarted',
        'MeterValuesRecorded',
        'SessionStopped',
        'SessionClosed',
      ]);
      const ends = await stage.inKafka(
        'charging.stations.v1',
        (event) => event.type === 'StationDisconnected' && event.chargePointId === id,
      );
      const causes = ends.map(({ event }) => 'cause' in event && event.cause);
      expect(causes).toEqual(steps.map(() => 'gateway-crashed'));
    });
  });
});
