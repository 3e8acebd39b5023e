import { runFleet } from '../fleet';
import { ChargerStage, fast, session, slow, start } from '../testing/charger-stage';
import {
  charged,
  readingOf,
  type RecordingServer,
  sampleOf,
  withoutHeartbeats,
} from '../testing/recording-server';
import type { SessionOutcome } from '../session-terms';

// A message that is never answered is resent for ever: let such a test fail soon.
jest.setTimeout(120_000);

describe('a simulated OCPP 1.6 charger', () => {
  let stage: ChargerStage;
  let server: RecordingServer;

  beforeEach(async () => {
    stage = await ChargerStage.open();
    ({ server } = stage);
  });

  afterEach(async () => expect(await stage.close()).toEqual([]));

  it('runs a session from plugging in to unplugging, stamped in virtual time', async () => {
    const charger = await stage.plugged();
    const outcome = charged(
      await charger.runSession({ ...session, energyWh: 11_000n, idleMinutesAfter: 10 }),
    );

    expect(withoutHeartbeats(server)).toEqual([
      'BootNotification',
      'Available',
      'Preparing',
      'Authorize',
      'StartTransaction',
      'Charging',
      'MeterValues', // Transaction.Begin
      'MeterValues', // after 15 min
      'MeterValues', // after 30 min
      'StopTransaction',
      'Finishing',
      'Available',
    ]);
    expect(server.of('StartTransaction')).toEqual([
      {
        connectorId: 1,
        idTag: 'TAG-1',
        meterStart: Number(outcome.meterStartWh),
        timestamp: '2026-11-20T16:05:00.000Z',
      },
    ]);
    const readings = server.of('MeterValues').map(readingOf);
    expect(readings.map(({ at }) => at)).toEqual([
      '2026-11-20T16:05:00.000Z',
      '2026-11-20T16:20:00.000Z',
      '2026-11-20T16:35:00.000Z',
    ]);
    // 22 kW for a quarter of an hour are 5,500 Wh; the taper begins at 9,900.
    expect(readings.map(({ wh }) => wh - outcome.meterStartWh)).toEqual([
      0n,
      5_500n,
      expect.anything(),
    ]);
    const [stop] = server.of('StopTransaction');
    expect(stop).toMatchObject({
      transactionId: 1001,
      meterStop: Number(outcome.meterStopWh),
      timestamp: outcome.stoppedAt.toISOString(),
      reason: 'Local',
    });
    expect(outcome).toMatchObject({
      transactionId: 1001,
      idTagStatus: 'Accepted',
      energyWh: 11_000n,
    });
    expect(outcome.meterStopWh - outcome.meterStartWh).toBe(11_000n);
    expect(outcome.availableAt.getTime() - outcome.stoppedAt.getTime()).toBe(600_000);
    expect(server.of('StatusNotification').at(-1)).toMatchObject({
      status: 'Available',
      timestamp: outcome.availableAt.toISOString(),
    });
  });

  it('counts one register over its sessions, and the same for the same seed', async () => {
    const charger = await stage.plugged();
    const first = charged(await charger.runSession({ ...session, durationMinutes: 20 }));
    const second = charged(
      await charger.runSession({ connectorId: 1, idTag: 'TAG-2', durationMinutes: 7 }),
    );
    expect(first.meterStartWh).toBeGreaterThan(1_000_000n);
    expect(second.meterStartWh).toBe(first.meterStopWh);
    const readings = server.of('MeterValues').map(readingOf);
    expect([...readings].sort((one, other) => Number(one.wh - other.wh))).toEqual(readings);

    const twin = await stage.plugged();
    const again = charged(await twin.runSession({ ...session, durationMinutes: 20 }));
    expect(again).toEqual({ ...first, authorizeMs: expect.any(Number), transactionId: 1001 });
  });

  it('tells the state of charge on DC, aligned to the clock, and the pause of a full car', async () => {
    const charger = await stage.plugged({ connectors: [{ id: 1, powerKwMax: 150 }] });
    const outcome = charged(
      await charger.runSession({
        ...session,
        startAt: '2026-11-20T16:07:00Z',
        energyWh: 50_000n,
        curve: 'dc',
        meterIntervalSeconds: 600,
        clockAligned: true,
        suspendedEvMinutes: 15,
        stopReason: 'EVDisconnected',
      }),
    );
    expect(server.actions()).toContain('SuspendedEV');
    const aligned = server.of('MeterValues').map(readingOf).slice(1);
    expect(aligned.length).toBeGreaterThan(3);
    for (const { at, context } of aligned) {
      expect(at).toMatch(/:\d0:00\.000Z$/);
      expect(context).toBe('Sample.Clock');
    }
    const socs = server.of('MeterValues').map((params) => Number(sampleOf(params, 'SoC')));
    expect(socs[0]).toBeLessThan(40);
    expect(socs.at(-1)).toBe(90);
    expect(outcome.stopReason).toBe('EVDisconnected');
    expect(server.of('StopTransaction')[0]).not.toHaveProperty('idTag');
  });

  it('sends an answered stop again, word for word, under a new message id', async () => {
    const charger = await stage.plugged();
    await charger.runSession({ ...session, energyWh: 1_000n, duplicateStop: true });
    const stops = server.calls.filter(({ action }) => action === 'StopTransaction');
    expect(stops).toHaveLength(2);
    expect(stops[1]?.params).toEqual(stops[0]?.params);
    expect(stops[1]?.messageId).not.toBe(stops[0]?.messageId);
  });

  it('obeys a remote stop of its transaction and rejects any other', async () => {
    const charger = await stage.plugged({ virtualClock: slow });
    const running = charger.runSession({ ...session, energyWh: 40_000n });
    await server.saw('MeterValues', 2);
    expect(await server.command('RemoteStopTransaction', { transactionId: 1 })).toEqual({
      status: 'Rejected',
    });
    expect(await server.command('RemoteStopTransaction', { transactionId: 1001 })).toEqual({
      status: 'Accepted',
    });
    const outcome = charged(await running);
    expect(outcome.stopReason).toBe('Remote');
    expect(outcome.energyWh).toBeGreaterThan(5_000n);
    expect(outcome.energyWh).toBeLessThan(40_000n);
    const drawnAt = outcome.stoppedAt.getTime() - outcome.startedAt.getTime();
    // At a constant 22 kW: Wh = 22,000 x h, rounded down on the register.
    expect(outcome.energyWh).toBe((22_000n * BigInt(drawnAt)) / 3_600_000n);
  });

  it('starts and stops a session on command', async () => {
    let tell: (outcome: SessionOutcome) => void = () => undefined;
    const told = new Promise<SessionOutcome>((resolve) => (tell = resolve));
    await stage.plugged({
      virtualClock: { start, speed: 120 },
      remoteSession: { energyWh: 2_000n },
      onRemoteSession: (outcome) => tell(outcome),
    });
    const startRemotely = () =>
      server.command('RemoteStartTransaction', { connectorId: 1, idTag: 'APP-1' });
    expect(await startRemotely()).toEqual({ status: 'Accepted' });
    expect(await startRemotely()).toEqual({ status: 'Rejected' });
    expect(await told).toMatchObject({ started: true, idTag: 'APP-1', energyWh: 2_000n });
    expect(server.actions().filter((action) => action === 'Available')).toHaveLength(2);
    expect(server.actions()).not.toContain('Authorize');
  });

  it('does not start when Authorize is declined', async () => {
    server.meddle = ({ action }) =>
      action === 'Authorize' ? { idTagInfo: { status: 'Blocked' } } : undefined;
    const charger = await stage.plugged();
    const outcome = await charger.runSession({ ...session, energyWh: 1_000n });
    expect(outcome).toMatchObject({ started: false, authorizeStatus: 'Blocked' });
    expect(server.actions()).not.toContain('StartTransaction');
    expect(withoutHeartbeats(server).at(-1)).toBe('Available');
  });

  it('stops at once, with what it has delivered, when the start is not accepted', async () => {
    server.meddle = ({ action }) =>
      action === 'StartTransaction'
        ? { transactionId: 77, idTagInfo: { status: 'Invalid' } }
        : undefined;
    const charger = await stage.plugged({ virtualClock: { start, speed: 120 } });
    const outcome = charged(
      await charger.runSession({
        ...session,
        startAt: '2026-11-20T16:01:00Z',
        energyWh: 9_000n,
        authorizeFirst: false,
      }),
    );
    expect(outcome).toMatchObject({
      transactionId: 77,
      idTagStatus: 'Invalid',
      stopReason: 'DeAuthorized',
    });
    expect(outcome.energyWh).toBeGreaterThan(0n);
    expect(outcome.energyWh).toBeLessThan(9_000n);
    expect(server.of('StopTransaction')).toMatchObject([
      { transactionId: 77, reason: 'DeAuthorized', meterStop: Number(outcome.meterStopWh) },
    ]);
  });

  it('answers what else it may be asked', async () => {
    const charger = await stage.plugged({ virtualClock: slow });
    expect(
      await server.command('GetConfiguration', { key: ['HeartbeatInterval', 'Nope'] }),
    ).toEqual({
      configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '300' }],
      unknownKey: ['Nope'],
    });
    const change = (key: string, value: string) =>
      server.command('ChangeConfiguration', { key, value });
    expect(await change('MeterValueSampleInterval', '60')).toEqual({ status: 'Accepted' });
    expect(await change('MeterValueSampleInterval', 'often')).toEqual({ status: 'Rejected' });
    expect(await change('NumberOfConnectors', '2')).toEqual({ status: 'Rejected' });
    expect(await change('Nope', '2')).toEqual({ status: 'NotSupported' });
    const trigger = (requestedMessage: string) =>
      server.command('TriggerMessage', { requestedMessage });
    expect(await trigger('StatusNotification')).toEqual({ status: 'Accepted' });
    expect(await trigger('FirmwareStatusNotification')).toEqual({ status: 'NotImplemented' });
    await server.saw('Available', 2);
    await expect(server.command('GetDiagnostics', { location: 'ftp://x' })).rejects.toThrow(
      'not implemented',
    );

    const running = charger.runSession({ ...session, energyWh: 40_000n });
    await server.saw('MeterValues', 4);
    expect(await server.command('Reset', { type: 'Hard' })).toEqual({ status: 'Accepted' });
    expect(charged(await running).stopReason).toBe('HardReset');
    expect(server.of('BootNotification')).toHaveLength(2);
  });

  it('runs as a fleet, each charger its own sessions, the same for the same seed', async () => {
    const fleet = {
      url: server.url,
      chargers: 2,
      sessionsPerCharger: 2,
      connectorsPerCharger: 2,
      seed: 3,
      tokens: ['TAG-1', 'TAG-2'],
      energyWhMax: 8_000n,
    };
    const told: SessionOutcome[] = [];
    const outcomes = await runFleet({
      ...fleet,
      virtualClock: fast,
      onOutcome: (outcome) => told.push(outcome),
    });
    const energies = outcomes.map((outcome) => charged(outcome).energyWh);
    expect(energies).toHaveLength(8);
    expect(told).toHaveLength(8);
    expect(server.of('StopTransaction')).toHaveLength(8);
    expect(
      outcomes.map(({ chargePointId, connectorId }) => `${chargePointId}/${connectorId}`),
    ).toEqual(['CP-1/1', 'CP-1/1', 'CP-1/2', 'CP-1/2', 'CP-2/1', 'CP-2/1', 'CP-2/2', 'CP-2/2']);
    const again = await runFleet({ ...fleet, virtualClock: { start, speed: 5400 } });
    // A fleet begins at a quarter of an hour; which one depends on how long connecting took.
    const repeatable = (run: readonly SessionOutcome[]) => {
      const begunMs = Math.min(...run.map((outcome) => charged(outcome).startedAt.getTime()));
      const sinceBegun = (at: Date) => at.getTime() - begunMs;
      return run.map(charged).map((outcome) => ({
        ...outcome,
        startedAt: sinceBegun(outcome.startedAt),
        stoppedAt: sinceBegun(outcome.stoppedAt),
        availableAt: sinceBegun(outcome.availableAt),
        authorizeMs: 0,
        transactionId: 0,
      }));
    };
    expect(repeatable(again)).toEqual(repeatable(outcomes));
  });

  it('rejects a session that runs when it is switched off', async () => {
    const charger = await stage.plugged();
    const running = charger.runSession({ ...session, durationMinutes: 6_000 });
    const rejected = expect(running).rejects.toThrow('CP-1: switched off');
    await server.saw('MeterValues');
    await charger.disconnect({ drain: false });
    await rejected;
  });

  it('refuses a session that cannot be, naming the charger', async () => {
    const charger = await stage.plugged();
    await expect(charger.runSession({ ...session, connectorId: 2 })).rejects.toThrow(
      'CP-1: no connector 2',
    );
    await expect(charger.runSession({ ...session, idTag: 'x'.repeat(21) })).rejects.toThrow(
      'idTag',
    );
    await expect(charger.runSession(session)).rejects.toThrow('give energyWh');
  });
});
