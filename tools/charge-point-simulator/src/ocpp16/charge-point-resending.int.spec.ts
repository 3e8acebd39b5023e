import { createRPCError } from 'ocpp-rpc';
import { ChargerStage, session, start } from '../testing/charger-stage';
import {
  charged,
  readingOf,
  type RecordingServer,
  withoutHeartbeats,
} from '../testing/recording-server';

// A message that is never answered is resent for ever: let such a test fail soon.
jest.setTimeout(120_000);

const minutesLater = (minutes: number, than: Date): Date =>
  new Date(than.getTime() + minutes * 60_000);

describe('a simulated OCPP 1.6 charger whose server does not answer', () => {
  let stage: ChargerStage;
  let server: RecordingServer;

  beforeEach(async () => {
    stage = await ChargerStage.open();
    ({ server } = stage);
  });

  afterEach(async () => expect(await stage.close()).toEqual([]));

  it('charges on while the server is away and delivers all in order when it is back', async () => {
    const charger = await stage.plugged({ virtualClock: { start, speed: 1200 } });
    const running = charger.runSession({
      ...session,
      energyWh: 40_000n,
      meterIntervalSeconds: 300,
      idleMinutesAfter: 5,
    });
    await server.saw('MeterValues', 3);
    await server.die();
    await charger.clock.sleepUntil(minutesLater(18, charger.clock.now()));
    await server.listen();
    await server.saw('MeterValues', 9);
    await server.die();
    // The charge takes less than two hours: the stop and the unplugging happen offline.
    await charger.clock.sleepUntil(new Date('2026-11-20T18:30:00Z'));
    expect(charger.backlog).toBeGreaterThan(0);
    await server.listen();
    const outcome = charged(await running);

    expect(outcome.energyWh).toBe(40_000n);
    expect(server.of('BootNotification')).toHaveLength(1);
    const readings = server.of('MeterValues').map(readingOf);
    const instants = [...new Set(readings.map(({ at }) => at))];
    expect(instants).toEqual([...instants].sort());
    const spacings = instants
      .slice(1)
      .map((at, index) => Date.parse(at) - Date.parse(instants[index] ?? at));
    expect(new Set(spacings)).toEqual(new Set([300_000])); // not one reading missing
    expect(server.of('StopTransaction').at(-1)).toMatchObject({
      transactionId: outcome.transactionId,
      timestamp: outcome.stoppedAt.toISOString(),
    });
    // The status nobody heard is told again, with the time at which it came about, after the stop.
    expect(withoutHeartbeats(server).at(-1)).toBe('Available');
    expect(server.of('StatusNotification').at(-1)).toMatchObject({
      timestamp: outcome.availableAt.toISOString(),
    });
    expect(server.actions()).not.toContain('Finishing');
  });

  it('starts later when the driver could not be authorised at first', async () => {
    const charger = await stage.plugged();
    await server.die();
    const running = charger.runSession({ ...session, energyWh: 1_000n });
    await charger.clock.sleepUntil(new Date('2026-11-20T16:18:00Z')); // the planned start has passed
    await server.listen();
    const outcome = charged(await running);
    expect(outcome.startedAt.getTime()).toBeGreaterThan(Date.parse('2026-11-20T16:10:00Z'));
    expect(outcome).toMatchObject({ authorizeStatus: 'Accepted', energyWh: 1_000n });
  });

  it('runs a whole session on a start that was never answered in time', async () => {
    const charger = await stage.plugged();
    let starts = 0;
    server.meddle = async ({ action }) => {
      if (action !== 'StartTransaction') return undefined;
      starts += 1;
      if (starts === 1) await server.die();
      return undefined;
    };
    const running = charger.runSession({ ...session, energyWh: 5_000n });
    await server.saw('StartTransaction');
    await charger.clock.sleepUntil(new Date('2026-11-20T16:53:00Z')); // the charge is long over
    await server.listen();
    const outcome = charged(await running);
    const sent = server.of('StartTransaction');
    expect(sent.length).toBeGreaterThanOrEqual(2);
    expect(new Set(sent.map((params) => JSON.stringify(params))).size).toBe(1);
    expect(outcome).toMatchObject({ transactionId: 1001, energyWh: 5_000n });
    for (const params of [...server.of('MeterValues'), ...server.of('StopTransaction')]) {
      expect(params['transactionId']).toBe(1001);
    }
  });

  it.each(['StartTransaction', 'MeterValues', 'StopTransaction'])(
    'sends a refused %s again under a new message id, before anything later',
    async (refused) => {
      let refusals = 0;
      server.meddle = ({ action }) => {
        if (action !== refused || refusals === 2) return undefined;
        refusals += 1;
        throw createRPCError('InternalError', 'the database is away', {}) as Error;
      };
      const charger = await stage.plugged();
      const outcome = charged(await charger.runSession({ ...session, energyWh: 1_000n }));
      const sent = server.calls.filter(({ action }) => action === refused);
      expect(sent).toHaveLength(3);
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(3);
      expect(new Set(sent.map(({ params }) => JSON.stringify(params))).size).toBe(1);
      expect(outcome.energyWh).toBe(1_000n);
      const firstOf = (action: string) => server.actions().indexOf(action);
      expect(firstOf('StopTransaction')).toBeGreaterThan(
        server.actions().lastIndexOf('StartTransaction'),
      );
    },
  );

  it('sends a message again that nobody answers', async () => {
    let mute = 1;
    server.meddle = ({ action }) =>
      action === 'StopTransaction' && mute-- > 0
        ? server.saw('StopTransaction', 2).then(() => undefined)
        : undefined;
    const charger = await stage.plugged({ callTimeoutMs: 500 });
    await charger.runSession({ ...session, energyWh: 1_000n });
    const stops = server.calls.filter(({ action }) => action === 'StopTransaction');
    // A busy machine may answer the second too late as well.
    expect(stops.length).toBeGreaterThanOrEqual(2);
    expect(new Set(stops.map(({ messageId }) => messageId)).size).toBe(stops.length);
    expect(new Set(stops.map(({ params }) => JSON.stringify(params))).size).toBe(1);
  });

  it('reports until it is accepted, and says nothing else before', async () => {
    let boots = 0;
    server.meddle = ({ action }) => {
      boots += action === 'BootNotification' ? 1 : 0;
      return action === 'BootNotification' && boots < 3
        ? { status: 'Pending', currentTime: start, interval: 1 }
        : undefined;
    };
    await stage.plugged();
    await server.saw('Available');
    expect(withoutHeartbeats(server)).toEqual([
      'BootNotification',
      'BootNotification',
      'BootNotification',
      'Available',
    ]);
  });

  it('says which handshake was refused, and takes the right password', async () => {
    await expect(stage.plugged({ id: 'CP-LOCKED', password: 'wrong' })).rejects.toThrow(
      'charge point CP-LOCKED: handshake refused with 401',
    );
    await stage.plugged({ id: 'CP-LOCKED', password: 'secret' });
    expect(server.actions()).toContain('BootNotification');
  });
});
