import { createRPCError } from 'ocpp-rpc';
import { pause } from '../station-clock';
import { SimulatedChargePoint } from './charge-point';
import type { ChargePointSetting } from './charge-point-setting';
import { charged, readingOf, RecordingServer } from './recording-server';

// A message that is never answered is resent for ever: let such a test fail soon.
jest.setTimeout(60_000);

describe('a simulated OCPP 1.6 charger whose server does not answer', () => {
  const start = '2026-11-20T16:00:00Z';
  const session = { connectorId: 1, idTag: 'TAG-1', startAt: '2026-11-20T16:05:00Z' } as const;
  let server: RecordingServer;
  let chargers: SimulatedChargePoint[];

  beforeEach(async () => {
    server = new RecordingServer();
    chargers = [];
    await server.listen();
  });

  afterEach(async () => {
    await Promise.all(chargers.map((charger) => charger.disconnect({ drain: false })));
    await server.die();
    expect(server.violations).toEqual([]);
  });

  const plugged = async (setting: Partial<ChargePointSetting> = {}) => {
    const charger = new SimulatedChargePoint({
      url: server.url,
      id: 'CP-1',
      connectors: [{ id: 1, powerKwMax: 22 }],
      virtualClock: { start, speed: 7200 },
      seed: 7,
      backoff: { firstMs: 20, maxMs: 100 },
      callTimeoutMs: 500,
      ...setting,
    });
    chargers.push(charger);
    await charger.connect();
    return charger;
  };

  it('charges on while the server is away and delivers all in order when it is back', async () => {
    const charger = await plugged();
    const running = charger.runSession({
      ...session,
      energyWh: 40_000n,
      meterIntervalSeconds: 300,
      idleMinutesAfter: 5,
    });
    await server.saw('MeterValues', 3);
    await server.die();
    await pause(150); // 18 virtual minutes
    await server.listen();
    await server.saw('MeterValues', 9);
    await server.die();
    await pause(1_000); // two virtual hours: the stop and the unplugging happen offline
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
    expect(server.actions().at(-1)).toBe('Available');
    expect(server.of('StatusNotification').at(-1)).toMatchObject({
      timestamp: outcome.availableAt.toISOString(),
    });
    expect(server.actions()).not.toContain('Finishing');
  });

  it('starts later when the driver could not be authorised at first', async () => {
    const charger = await plugged();
    await server.die();
    const running = charger.runSession({ ...session, energyWh: 1_000n });
    await pause(150); // 18 virtual minutes: the planned start has passed
    await server.listen();
    const outcome = charged(await running);
    expect(outcome.startedAt.getTime()).toBeGreaterThan(Date.parse('2026-11-20T16:10:00Z'));
    expect(outcome).toMatchObject({ authorizeStatus: 'Accepted', energyWh: 1_000n });
  });

  it('runs a whole session on a start that was never answered in time', async () => {
    const charger = await plugged();
    let starts = 0;
    server.meddle = async ({ action }) => {
      if (action !== 'StartTransaction') return undefined;
      starts += 1;
      if (starts === 1) await server.die();
      return undefined;
    };
    const running = charger.runSession({ ...session, energyWh: 5_000n });
    await server.saw('StartTransaction');
    await pause(400); // 48 virtual minutes: the charge is long over
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
      const charger = await plugged();
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
      action === 'StopTransaction' && mute-- > 0 ? pause(700).then(() => undefined) : undefined;
    const charger = await plugged();
    await charger.runSession({ ...session, energyWh: 1_000n });
    expect(server.of('StopTransaction').length).toBe(2);
  });

  it('reports until it is accepted, and says nothing else before', async () => {
    let boots = 0;
    server.meddle = ({ action }) => {
      boots += action === 'BootNotification' ? 1 : 0;
      return action === 'BootNotification' && boots < 3
        ? { status: 'Pending', currentTime: start, interval: 1 }
        : undefined;
    };
    await plugged();
    await server.saw('Available');
    expect(server.actions()).toEqual([
      'BootNotification',
      'BootNotification',
      'BootNotification',
      'Available',
    ]);
  });

  it('says which handshake was refused, and takes the right password', async () => {
    await expect(plugged({ id: 'CP-LOCKED', password: 'wrong' })).rejects.toThrow(
      'charge point CP-LOCKED: handshake refused with 401',
    );
    await plugged({ id: 'CP-LOCKED', password: 'secret' });
    expect(server.actions()).toContain('BootNotification');
  });
});
