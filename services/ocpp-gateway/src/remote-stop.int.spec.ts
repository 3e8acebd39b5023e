import { eventually } from '@tallywatt/testing';
import { costToldBy, type SessionCost } from './domain/session-cost';
import type { OpenCharger } from './outbound/charger-connections';
import { CostDisplays, type ShowOutcome } from './outbound/cost-displays';
import { GatewayStage, type Handlers, registration, start, stop } from './testing/gateway-stage';
import { idToken, metered, ocpp201, pluggedIn, updated } from './testing/ocpp201-words';
import { startOtherService } from './testing/other-service';
import { cdr, estimate } from './testing/told-costs';

let stage: GatewayStage;

beforeAll(async () => {
  // So long that only the first running cost of a charger is shown.
  stage = await GatewayStage.start(undefined, { OCPP_COST_DISPLAY_SECONDS: '3600' });
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
    const payments = await startOtherService(stage, 'payment-capture');
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
    await payments.say(event);
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
  });
});

describe('what a session costs', () => {
  let pricing: Awaited<ReturnType<typeof startOtherService>>;
  beforeAll(async () => {
    pricing = await startOtherService(stage, 'pricing-engine');
  });
  afterAll(() => pricing?.stop());

  const sessionOf = async (chargePointId: string, currency: string) => {
    const [session] = await stage.sessionsOf(chargePointId);
    return { sessionId: session?.id ?? '', chargePointId, currency };
  };
  const charger = async (id: string, registered: object, protocol = {}) => {
    const asked: unknown[] = [];
    const keep =
      (action: string, answer: Record<string, unknown>) =>
      async ({ params }: { params?: unknown }) => {
        asked.push([action, params]);
        return answer;
      };
    const handlers: Handlers = {
      DataTransfer: keep('DataTransfer', { status: 'Accepted' }),
      CostUpdated: keep('CostUpdated', {}),
    };
    await stage.api('/v1/charge-points', { ...registration(id), ...registered });
    return { asked, ...(await stage.dial(id, { handlers, ...protocol })) };
  };
  /** Said until somebody has heard it: a process follows from some moment on. */
  const saidUntil = (session: Parameters<typeof estimate>[0], amount: bigint, heard: unknown[]) => {
    let sequence = 1n;
    return eventually(async () => {
      sequence += 1n;
      await pricing.say(estimate(session, sequence, amount));
      expect(heard).toHaveLength(1);
    });
  };

  it('is on the display of OCPP 1.6 that is registered, in whole units of its currency', async () => {
    const { asked, call } = await charger('CP-COSTMSG', {
      costDisplay: 'costmsg',
      currency: 'JPY',
    });
    const silent = await charger('CP-NO-DISPLAY', { currency: 'JPY' });
    const { transactionId } = await call('StartTransaction', start());
    await silent.call('StartTransaction', start());
    const session = await sessionOf('CP-COSTMSG', 'JPY');
    await pricing.say(estimate(await sessionOf('CP-NO-DISPLAY', 'JPY'), 1n, 1n));
    await saidUntil(session, 250n, asked);
    await call('StopTransaction', stop(transactionId));
    await pricing.say(cdr(session, 742n));
    await eventually(() => expect(asked).toHaveLength(2));
    const vendorId = 'org.openchargealliance.costmsg';
    const running = {
      transactionId,
      timestamp: estimate(session, 1n, 0n).asOf,
      meterValue: 2_500,
      cost: 250,
      state: 'Charging',
      chargingPrice: {},
    };
    const final = { transactionId, cost: 742, priceText: '742 JPY' };
    expect(asked).toEqual([
      ['DataTransfer', { vendorId, messageId: 'RunningCost', data: JSON.stringify(running) }],
      ['DataTransfer', { vendorId, messageId: 'FinalCost', data: JSON.stringify(final) }],
    ]);
    expect(silent.asked).toEqual([]);
  });

  it('is told to a station of OCPP 2.0.1, and is in its next answer', async () => {
    const { asked, call } = await charger('ST-COST', { costDisplay: 'ocpp201' }, ocpp201);
    await call('TransactionEvent', pluggedIn('TX-C', { idToken: idToken('GOOD') }));
    expect(await call('TransactionEvent', updated('TX-C', 1, metered(1_800, 5)))).toEqual({});
    const session = await sessionOf('ST-COST', 'EUR');
    await saidUntil(session, 1_230n, asked);
    expect(asked).toEqual([['CostUpdated', { totalCost: 12.3, transactionId: 'TX-C' }]]);
    // Too soon to be said of itself, but what is asked is answered with the newest.
    await pricing.say(estimate(session, 900n, 1_245n));
    let seqNo = 1;
    await eventually(async () => {
      seqNo += 1;
      const answer = await call('TransactionEvent', updated('TX-C', seqNo, metered(2_000, 6)));
      expect(answer).toEqual({ totalCost: 12.45 });
    });
    await pricing.say(cdr(session, 1_300n));
    await eventually(() => expect(asked).toHaveLength(2));
    expect(asked[1]).toEqual(['CostUpdated', { totalCost: 13, transactionId: 'TX-C' }]);
  });

  it('is told as often as a display may be, the newest only, and not after the end', async () => {
    const { call } = await charger('CP-OFTEN', {});
    const { transactionId } = await call('StartTransaction', start());
    const session = await sessionOf('CP-OFTEN', 'EUR');
    const shown: unknown[] = [];
    let outcome: ShowOutcome = 'shown';
    const display: Pick<OpenCharger, 'connectionId' | 'mayShow' | 'showCost'> = {
      connectionId: 'C-1',
      mayShow: () => Promise.resolve(true),
      showCost: ({ sequence, totalInclTaxMinor }) => {
        shown.push([sequence, totalInclTaxMinor]);
        return Promise.resolve(outcome);
      },
    };
    const displays = new CostDisplays({
      sql: stage.pool,
      connections: { find: () => display as OpenCharger },
      gapMs: 10_000,
      logger: { warn: () => undefined },
    });
    const note = (event: Parameters<typeof costToldBy>[0]): void =>
      displays.note(costToldBy(event) as SessionCost);
    const run = async (nowMs: number): Promise<void> => {
      await displays.run(nowMs);
      await displays.drained();
    };
    note(estimate(session, 2n, 100n));
    await run(0);
    note(estimate(session, 3n, 110n));
    note(estimate(session, 5n, 130n));
    note(estimate(session, 4n, 120n));
    await run(9_999);
    expect(shown).toEqual([[2n, 100n]]);
    await run(10_000);
    await run(20_000); // nothing new
    expect(shown.slice(1)).toEqual([[5n, 130n]]);
    await call('StopTransaction', stop(transactionId));
    note(estimate(session, 6n, 140n)); // of a session that is closed
    await run(30_000);
    note(cdr(session, 150n));
    await run(30_001);
    note(estimate(session, 7n, 160n));
    await run(60_000);
    expect(shown.slice(2)).toEqual([['final', 150n]]);
    // One that does not know the messages is told no more.
    outcome = 'unsupported';
    note(cdr(session, 150n));
    await run(70_000);
    note(cdr(session, 150n));
    await run(90_000);
    expect(shown).toHaveLength(4);
  });
});
