import {
  chargePointPassword,
  findSessionId,
  issueToken,
  until,
  type OperatorApi,
} from '@tallywatt/demonstration';
import { handshake, RawWebSocket } from './raw-websocket';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';

const vat = 19;
const waitMs = 120_000;
/** The sessions of this file: 10 kWh in 20 minutes, all in the half hour before it began. */
const beganMs = Date.now() - 30 * 60_000;
const energyWh = 10_000;

const tariff = (price: number) => ({
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price, vat, step_size: 1 }] }],
  tallywatt: { memberships: [{ tier: 'home', site_groups: ['depots'], unlimited: true }] },
});

let tested: TestSystem | undefined;
let api: OperatorApi;
const chargers = new Map<string, RawWebSocket>();
let starts = 0;

const logged = (test: () => Promise<void>) => withLogs(() => [tested], test);

/** Connector 1 has no group, 2 is in `hpc`. */
const connect = async (id: string, siteGroup: string): Promise<void> => {
  await api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: siteGroup,
    siteGroups: [siteGroup],
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: vat,
    tariffId: 'own',
    connectors: [
      { id: 1, powerKwMax: 150 },
      { id: 2, powerKwMax: 150, evseGroups: ['hpc'] },
    ],
    securityProfile: 1,
    password: chargePointPassword,
  });
  const origin = new URL((tested as TestSystem).system.addresses.ocpp).origin;
  const basic = { user: id, password: chargePointPassword };
  const opened = await handshake({ origin, path: `/ocpp/${id}`, subprotocol: 'ocpp1.6', basic });
  if (!(opened instanceof RawWebSocket)) throw new Error(`${opened.status}: ${opened.body}`);
  chargers.set(id, opened);
};

type Running = Readonly<{
  sessionId: string;
  /** What the decision pinned. */
  pinned: string;
  stop: () => Promise<void>;
}>;

const call = async (id: string, action: string, payload: object): Promise<object> => {
  const charger = chargers.get(id);
  if (charger === undefined) throw new Error(`${id} is not connected`);
  const [kind, , answer] = await charger.call(action, payload);
  if (kind !== 3) throw new Error(`${action} was answered ${JSON.stringify([kind, answer])}`);
  return answer as object;
};

const start = async (id: string, connectorId: number, idTag: string): Promise<Running> => {
  // No two starts say the same, so that none is taken for the resend of another.
  starts += 1;
  const meterStart = starts * 1_000_000;
  const timestamp = new Date(beganMs + starts).toISOString();
  const { transactionId } = (await call(id, 'StartTransaction', {
    connectorId,
    idTag,
    meterStart,
    timestamp,
  })) as { transactionId: number };
  const sessionId = await until(
    `${id}: the session at the gateway`,
    () => findSessionId(api, id, transactionId),
    waitMs,
  );
  const { decision } = await api.get<{
    decision: {
      tariff?: { tariffId: string; version: string };
      tariffAssignmentId?: string;
      tariffAssignmentRevision?: string;
    };
  }>('ocppGateway', `/v1/sessions/${sessionId}`);
  const { tariff: version, tariffAssignmentId: by, tariffAssignmentRevision: revision } = decision;
  const assigned = by === undefined ? 'as its own' : `by ${by} revision ${revision}`;
  return {
    sessionId,
    pinned: `${version?.tariffId} version ${version?.version} ${assigned}`,
    stop: async () => {
      await call(id, 'StopTransaction', {
        transactionId,
        meterStop: meterStart + energyWh,
        timestamp: new Date(beganMs + 20 * 60_000 + starts).toISOString(),
      });
    },
  };
};

/** Starts and stops sessions until decisions know what was said. */
const untilPinned = (connectorId: number, wanted: string): Promise<true> =>
  until(
    `starts are priced by ${wanted}`,
    async () => {
      const running = await start('PROBE', connectorId, 'GUEST');
      await running.stop();
      return running.pinned === wanted ? true : undefined;
    },
    waitMs,
  );

const priceOf = async (running: Running): Promise<string> => {
  await running.stop();
  const path = `/v1/cdrs?sessionId=${running.sessionId}`;
  const cdr = await until(
    `the CDR of ${running.sessionId}`,
    async () => (await api.list<{ totalExclTaxMinor: string }>('pricingEngine', path))[0],
    waitMs,
  );
  return cdr.totalExclTaxMinor;
};

const assign = (id: string, terms: object) =>
  api.put<object>('pricingEngine', `/v1/tariff-assignments/${id}`, terms);

beforeAll(async () => {
  tested = await startTestSystem('assignment', { MEMBERSHIP_TIERS: '{"home":{}}' });
  ({ api } = tested);
  await api.put('pricingEngine', '/v1/tariffs/own', tariff(0.2));
  await api.put('pricingEngine', '/v1/tariffs/sites', tariff(0.5));
  await api.put('pricingEngine', '/v1/tariffs/fast', tariff(0.9));
  await issueToken(api, { uid: 'GUEST', paymentMethod: 'pm_card_visa' });
  await issueToken(api, { uid: 'HOME', paymentMethod: 'pm_card_visa', membership: 'home' });
  await connect('PROBE', 'city');
  await connect('CITY', 'city');
  await connect('DEPOT', 'depots');
});

afterAll(async () => {
  for (const charger of chargers.values()) charger.end();
  if (tested !== undefined) await endTestSystem(tested);
});

it(
  'a session keeps the version and the assignment of its start, whatever is said while it runs',
  logged(async () => {
    const unassigned = await start('CITY', 1, 'GUEST');
    expect(unassigned.pinned).toBe('own version 1 as its own');
    expect(await priceOf(unassigned)).toBe('200');

    await assign('at-sites', { tariffId: 'sites', siteGroups: ['city', 'depots'] });
    await untilPinned(2, 'sites version 1 by at-sites revision 1');
    const first = await start('CITY', 2, 'GUEST');
    expect(first.pinned).toBe('sites version 1 by at-sites revision 1');

    await api.put('pricingEngine', '/v1/tariffs/sites', tariff(0.7));
    await assign('fast-ones', { tariffId: 'fast', evseGroups: ['hpc'], siteGroups: ['city'] });
    await untilPinned(2, 'fast version 1 by fast-ones revision 1');
    await untilPinned(1, 'sites version 2 by at-sites revision 1');
    const second = await start('CITY', 1, 'GUEST');

    // 10 kWh x 0.50 and 10 kWh x 0.70
    expect(await priceOf(first)).toBe('500');
    expect(await priceOf(second)).toBe('700');
    const third = await start('CITY', 2, 'GUEST');
    // 10 kWh x 0.90
    expect(await priceOf(third)).toBe('900');
  }),
);

it(
  'a member whose charging is paid for at depots owes nothing there, and retail elsewhere',
  logged(async () => {
    expect(await priceOf(await start('DEPOT', 1, 'HOME'))).toBe('0');
    expect(await priceOf(await start('DEPOT', 2, 'GUEST'))).toBe('700');
    expect(await priceOf(await start('CITY', 1, 'HOME'))).toBe('700');
  }),
);
