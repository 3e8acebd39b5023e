import { runFleet } from '../fleet';
import { ChargerStage, fast, session, slow, start } from '../testing/charger-stage';
import { charged, type RecordingServer, withoutHeartbeats } from '../testing/recording-server';

// A message that is never answered is resent for ever: let such a test fail soon.
jest.setTimeout(120_000);

type Event = Readonly<{
  eventType: string;
  triggerReason: string;
  seqNo: number;
  timestamp: string;
  transactionInfo: Readonly<{ transactionId: string; chargingState?: string }>;
  meterValue?: readonly Readonly<{ sampledValue: readonly Readonly<{ value: number }>[] }>[];
}>;

describe('a simulated OCPP 2.0.1 charger', () => {
  let stage: ChargerStage;
  let server: RecordingServer;

  beforeEach(async () => {
    stage = await ChargerStage.open();
    ({ server } = stage);
  });

  afterEach(async () => expect(await stage.close()).toEqual([]));

  const plugged = () => stage.plugged({ ocppVersion: '2.0.1' });
  const events = (): readonly Event[] => server.of('TransactionEvent') as unknown as Event[];

  it('runs a session from plugging in to unplugging, stamped in virtual time', async () => {
    const charger = await plugged();
    const outcome = charged(
      await charger.runSession({ ...session, energyWh: 11_000n, idleMinutesAfter: 10 }),
    );
    expect(withoutHeartbeats(server)).toEqual([
      'BootNotification',
      'Available',
      'Occupied', // the cable is in
      'TransactionEvent',
      'Authorize',
      'TransactionEvent', // authorized, charging
      'Occupied',
      'TransactionEvent', // Transaction.Begin
      'TransactionEvent', // after 15 min
      'TransactionEvent', // after 30 min
      'TransactionEvent', // stopped
      'Occupied',
      'Available',
    ]);
    expect(
      events().map(({ eventType, triggerReason, seqNo }) => [eventType, triggerReason, seqNo]),
    ).toEqual([
      ['Started', 'CablePluggedIn', 0],
      ['Updated', 'Authorized', 1],
      ['Updated', 'ChargingStateChanged', 2],
      ['Updated', 'MeterValuePeriodic', 3],
      ['Updated', 'MeterValuePeriodic', 4],
      ['Ended', 'StopAuthorized', 5],
    ]);
    const ids = events().map(({ transactionInfo }) => transactionInfo.transactionId);
    expect(new Set(ids)).toEqual(new Set([outcome.transactionId]));
    expect(events()[1]?.timestamp).toBe('2026-11-20T16:05:00.000Z');
    expect(outcome).toMatchObject({ energyWh: 11_000n, idTagStatus: 'Accepted' });
    expect(events().at(-1)?.meterValue?.at(-1)?.sampledValue[0]?.value).toBe(
      Number(outcome.meterStopWh),
    );
    expect(events().at(-1)?.timestamp).toBe(outcome.stoppedAt.toISOString());
  });

  it('sends an unanswered event again, with the same words and number', async () => {
    let refusals = 0;
    server.meddle = ({ action, params }) => {
      if (action === 'TransactionEvent' && params['eventType'] === 'Ended' && refusals < 2) {
        refusals += 1;
        throw new Error('not now');
      }
      return undefined;
    };
    const charger = await plugged();
    await charger.runSession({ ...session, durationMinutes: 5 });
    const ends = server.calls.filter(({ params }) => params['eventType'] === 'Ended');
    expect(ends).toHaveLength(3);
    expect(new Set(ends.map(({ params }) => JSON.stringify(params))).size).toBe(1);
    expect(new Set(ends.map(({ messageId }) => messageId)).size).toBe(3);
  });

  it('stops when it is asked to, or when its token is refused', async () => {
    const charger = await stage.plugged({ ocppVersion: '2.0.1', virtualClock: slow });
    const running = charger.runSession({ ...session, startAt: start, energyWh: 20_000n });
    await server.saw('TransactionEvent', 2);
    const [event] = events();
    const { transactionId } = event?.transactionInfo ?? {};
    const ask = (id: unknown) => server.command('RequestStopTransaction', { transactionId: id });
    expect(await ask('another')).toEqual({ status: 'Rejected' });
    expect(await ask(transactionId)).toEqual({ status: 'Accepted' });
    expect(charged(await running).stopReason).toBe('Remote');

    server.meddle = ({ action, params }) =>
      action === 'TransactionEvent' && params['idToken'] !== undefined
        ? { idTokenInfo: { status: 'Blocked' } }
        : undefined;
    const refused = charged(
      await charger.runSession({ connectorId: 1, idTag: 'TAG-2', energyWh: 20_000n }),
    );
    expect(refused).toMatchObject({ idTagStatus: 'Blocked', stopReason: 'DeAuthorized' });
  });

  it('ends what it began when the driver is refused before the start', async () => {
    server.meddle = ({ action }) =>
      action === 'Authorize' ? { idTokenInfo: { status: 'Invalid' } } : undefined;
    const charger = await plugged();
    const outcome = await charger.runSession({ ...session, energyWh: 11_000n });
    expect(outcome).toMatchObject({ started: false, authorizeStatus: 'Invalid' });
    await server.saw('TransactionEvent', 2);
    expect(events().map(({ eventType }) => eventType)).toEqual(['Started', 'Ended']);
  });

  it('charges as one of 1.6 with the same seed does', async () => {
    const fleet = (ocppVersion: '1.6' | '2.0.1') =>
      runFleet({
        url: server.url,
        chargers: ['CP-7'],
        sessionsPerCharger: 2,
        seed: 7,
        tokens: ['TAG-1'],
        virtualClock: fast,
        ocppVersionOf: () => ocppVersion,
      });
    const energies = async (version: '1.6' | '2.0.1') =>
      (await fleet(version)).map((outcome) => charged(outcome).energyWh);
    expect(await energies('2.0.1')).toEqual(await energies('1.6'));
  });
});
