import {
  chargePointPassword,
  findSessionId,
  findSubject,
  registerChargePoint,
  until,
  type OperatorApi,
  type System,
} from '@tallywatt/demonstration';
import { Pool } from 'pg';
import { flatPriceMinor } from './agreement';
import { startBystander, type Bystander } from './bystander';
import { httpCall } from './http-call';
import type { SeenSession } from './observation';
import { handshake, RawWebSocket } from './raw-websocket';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { virtualStart } from './traffic';

const badId = 'BAD-1';

let tested: TestSystem | undefined;
let bystander: Bystander | undefined;
let api: OperatorApi;

const system = (): System => {
  if (tested === undefined) throw new Error('the system is not running');
  return tested.system;
};
const logged = <Arguments extends readonly unknown[]>(
  test: (...given: Arguments) => Promise<void>,
) => withLogs(() => [tested], test);
const origin = (): string => new URL(system().addresses.ocpp).origin;

const connect = async (): Promise<RawWebSocket> => {
  const opened = await handshake({
    origin: origin(),
    path: `/ocpp/${badId}`,
    subprotocol: 'ocpp1.6',
    basic: { user: badId, password: chargePointPassword },
  });
  if (opened instanceof RawWebSocket) return opened;
  throw new Error(`refused with ${opened.status}: ${opened.body}`);
};

beforeAll(async () => {
  tested = await startTestSystem('bad-input');
  ({ api } = tested);
  await registerChargePoint(api, badId, 'flat');
  bystander = await startBystander(tested);
});

afterAll(async () => {
  await bystander?.leave();
  if (tested !== undefined) await endTestSystem(tested);
});

describe('a bad handshake', () => {
  const right = { user: badId, password: chargePointPassword };
  const subprotocol = 'ocpp1.6';

  it.each([
    ['a path that is no URL', { path: '/ocpp/%E0%A4%A' }, 400, 'the path must be /ocpp/'],
    ['the root', { path: '/' }, 400, 'the path must be /ocpp/'],
    ['an unknown charge point', { path: '/ocpp/NOBODY' }, 404, 'NOBODY is not registered'],
    ['another CPO', { path: `/ocpp/other-cpo/${badId}` }, 404, `${badId} is not registered`],
    ['no subprotocol', { subprotocol: undefined }, 400, 'subprotocols ocpp1.6'],
    ['no password', { basic: undefined }, 401, 'Basic authentication'],
    [
      'a wrong password',
      { basic: { user: badId, password: 'not-the-right-password' } },
      401,
      'wrong password',
    ],
  ])(
    'with %s is refused with words',
    logged(async (_: string, change: object, status: number, words: string) => {
      const wanted = { origin: origin(), path: `/ocpp/${badId}`, subprotocol, basic: right };
      const answer = await handshake({ ...wanted, ...change });
      expect(answer).toMatchObject({ status, body: expect.stringContaining(words) });
    }),
  );
});

describe('a bad frame', () => {
  it(
    'is answered by its error, kept, and the connection goes on',
    logged(async () => {
      const socket = await connect();
      try {
        socket.send('this is not JSON');
        expect(JSON.parse(await socket.next())).toEqual([
          4,
          '-1',
          'FormationViolation',
          'Message must be a JSON structure',
          {},
        ]);
        socket.send('[2,"wrong-array"]');
        expect(JSON.parse(await socket.next())).toEqual([
          4,
          'wrong-array',
          'FormationViolation',
          'Method must be a string',
          {},
        ]);
        expect(await socket.call('MakeCoffee', {}, 'unknown-action')).toEqual([
          4,
          'unknown-action',
          'NotImplemented',
          "Unable to handle 'MakeCoffee' calls",
          {},
        ]);
        const start = {
          connectorId: 'one',
          idTag: 'ANY',
          meterStart: 0,
          timestamp: virtualStart().toISOString(),
        };
        expect(await socket.call('StartTransaction', start, 'violation')).toEqual([
          4,
          'violation',
          'TypeConstraintViolation',
          'data/connectorId must be integer',
          expect.anything(),
        ]);
        expect(await socket.call('Heartbeat', {}, 'fine')).toMatchObject([
          3,
          'fine',
          { currentTime: expect.any(String) },
        ]);
      } finally {
        socket.end();
      }
      const pool = new Pool({ connectionString: system().runtime.databaseUrl('ocpp_gateway') });
      try {
        const kept = await until(
          'the refused frames are kept',
          async () => {
            const { rows } = await pool.query<{ frame: string }>(
              'SELECT frame FROM refused_frames WHERE charge_point_id = $1',
              [badId],
            );
            return rows.length >= 3 ? rows : undefined;
          },
          120_000,
        );
        expect(kept.map(({ frame }) => frame).join('\n')).toContain('this is not JSON');
      } finally {
        await pool.end();
      }
    }),
  );

  it(
    'of a kind that WebSocket itself forbids ends that connection only',
    logged(async () => {
      const socket = await connect();
      socket.sendFrame('text', Buffer.from([0xc3, 0x28]));
      // RFC 6455 section 7.4.1: 1007 is text that is not UTF-8.
      expect(await socket.closed()).toBe(1007);
      socket.end();
      (await connect()).end();
    }),
  );
});

describe('an unknown token', () => {
  it(
    'is Invalid; a session started all the same is kept, quarantined and not charged for',
    logged(async () => {
      const socket = await connect();
      const idTag = 'NEVER-ISSUED';
      const startAt = virtualStart();
      const stopAt = new Date(startAt.getTime() + 30 * 60_000);
      const energyWh = 5_000;
      let transactionId = 0;
      try {
        expect(await socket.call('Authorize', { idTag })).toMatchObject([
          3,
          expect.any(String),
          { idTagInfo: { status: 'Invalid' } },
        ]);
        const answer = await socket.call('StartTransaction', {
          connectorId: 1,
          idTag,
          meterStart: 1_000,
          timestamp: startAt.toISOString(),
        });
        expect(answer).toMatchObject([
          3,
          expect.any(String),
          { idTagInfo: { status: 'Invalid' }, transactionId: expect.any(Number) },
        ]);
        ({ transactionId } = answer[2] as { transactionId: number });
        const stopped = await socket.call('StopTransaction', {
          transactionId,
          meterStop: 1_000 + energyWh,
          timestamp: stopAt.toISOString(),
          reason: 'DeAuthorized',
        });
        expect(stopped).toMatchObject([3, expect.any(String), {}]);
      } finally {
        socket.end();
      }
      const sessionId = await until(
        'the session at the gateway',
        () => findSessionId(api, badId, transactionId),
        120_000,
      );
      const session = await api.get<SeenSession & { quarantine: { reason: string }[] }>(
        'ocppGateway',
        `/v1/sessions/${sessionId}`,
      );
      expect(session).toMatchObject({ isQuarantined: true, energyWh: energyWh.toString() });
      expect(session.quarantine.map(({ reason }) => reason)).toEqual(['token-not-accepted']);

      const atRisk = flatPriceMinor(BigInt(energyWh)).toString();
      const subject = await until(
        'the money at risk is counted',
        async () => {
          const seen = await findSubject(api, sessionId);
          const { facts } = seen as typeof seen & { facts: { moneyAtRiskMinor?: string } };
          return facts.moneyAtRiskMinor === undefined ? undefined : { ...seen, facts };
        },
        120_000,
      );
      expect(subject).toMatchObject({
        status: 'quarantined',
        billedMinor: '0',
        capturedMinor: '0',
        facts: { moneyAtRiskMinor: atRisk, withheldReason: 'token-not-accepted' },
      });
      const metrics = await httpCall(`${system().addresses.pricingEngine}/metrics`);
      expect(metrics.body).toMatch(
        new RegExp(`^tallywatt_money_at_risk_minor_total\\{[^}]*EUR[^}]*\\} ${atRisk}$`, 'm'),
      );
      expect(await api.list('pricingEngine', `/v1/cdrs?sessionId=${sessionId}`)).toEqual([]);
      expect(await api.list('ledger', `/v1/journal-entries?sessionId=${sessionId}`)).toEqual([]);
    }),
  );
});

describe('all that', () => {
  it(
    'has ended no process, and cost nobody a Wh',
    logged(async () => {
      expect(await bystander?.harm()).toEqual([]);
      expect(await api.list('ocppGateway', '/v1/sessions')).toHaveLength(2);
    }),
  );
});
