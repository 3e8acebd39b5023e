import { SimulatedChargePoint, type SessionCharged } from '@tallywatt/charge-point-simulator';
import {
  berlinInstant,
  chargePointPassword,
  collectEvidence,
  findSessionId,
  issueToken,
  latestTuesday,
  until,
  type OperatorApi,
  type SessionEvidence,
} from '@tallywatt/demonstration';
import { preparePython, runPythonSession, type PlannedSession } from './python-client';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { speed } from './traffic';
import { untilPaid } from './waiting';

const vat = 19;

/** Something for every rule to do: two energy prices, a session fee, idle time after grace. */
const tariff = {
  country_code: 'DE',
  party_id: 'TLY',
  id: 'twin',
  currency: 'EUR',
  last_updated: '2026-01-01T00:00:00Z',
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.49, vat, step_size: 1 }],
      restrictions: { start_time: '07:00', end_time: '21:00' },
    },
    {
      price_components: [
        { type: 'ENERGY', price: 0.35, vat, step_size: 1 },
        { type: 'PARKING_TIME', price: 6, vat, step_size: 1 },
        { type: 'FLAT', price: 0.5, vat, step_size: 1 },
      ],
    },
  ],
  tallywatt: { idle_grace_seconds: 600 },
};

let tested: TestSystem | undefined;
let api: OperatorApi;

const register = async (id: string): Promise<string> => {
  await api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: 'twins',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: vat,
    tariffId: tariff.id,
    connectors: [{ id: 1, powerKwMax: 22 }],
    securityProfile: 1,
    password: chargePointPassword,
  });
  const idTag = `TAG${id.replaceAll('-', '')}`;
  await issueToken(api, { uid: idTag, paymentMethod: 'pm_card_visa' });
  return idTag;
};

type Sent = Readonly<{
  meterValue: readonly Readonly<{
    timestamp: string;
    sampledValue: readonly Readonly<{ measurand: string; value: string }>[];
  }>[];
}>;

/** What the simulated charger's meter showed, as it went over the wire. */
const readingsOf = ({ meterValue }: Sent): PlannedSession['readings'] =>
  meterValue.flatMap(({ timestamp, sampledValue }) =>
    sampledValue
      .filter(({ measurand }) => measurand === 'Energy.Active.Import.Register')
      .map(({ value }) => ({ at: timestamp, registerWh: Number(value) })),
  );

/** The simulator's session, and the readings that it sent. */
const simulate = async (
  url: string,
  id: string,
  idTag: string,
): Promise<readonly [SessionCharged, PlannedSession['readings']]> => {
  const readings: PlannedSession['readings'][number][] = [];
  const startAt = berlinInstant(latestTuesday(new Date()), '20:40');
  const charger = new SimulatedChargePoint({
    url,
    id,
    password: chargePointPassword,
    connectors: [{ id: 1, powerKwMax: 22, registerWh: 4_711_007n }],
    virtualClock: { start: new Date(startAt.getTime() - 60_000), speed },
    log: ({ event, detail }) => {
      if (event === 'sent' && detail['action'] === 'MeterValues') {
        readings.push(...readingsOf(detail['payload'] as Sent));
      }
    },
  });
  await charger.connect();
  try {
    const outcome = await charger.runSession({
      connectorId: 1,
      idTag,
      startAt,
      energyWh: 12_345n,
      meterIntervalSeconds: 420,
      idleMinutesAfter: 25,
    });
    if (!outcome.started) throw new Error(`Authorize was answered ${outcome.authorizeStatus}`);
    return [outcome, readings];
  } finally {
    await charger.disconnect();
  }
};

const billed = async (id: string, transactionId: number | string): Promise<SessionEvidence> => {
  const sessionId = await until(
    `${id}: the session at the gateway`,
    () => findSessionId(api, id, transactionId),
    120_000,
  );
  await untilPaid(api, sessionId);
  return until(
    `${id}: the capture in the books`,
    async () => {
      const evidence = await collectEvidence(api, sessionId);
      return bookedAmounts(evidence).length === 2 ? evidence : undefined;
    },
    120_000,
  );
};

/** Posted lines without what tells one session from another. */
const bookedAmounts = ({ journal }: SessionEvidence) =>
  journal
    .filter(({ postingRule }) => postingRule === 'cdr.issued' || postingRule === 'payment.captured')
    .map(({ postingRule, lines }) => ({
      postingRule,
      lines: lines.map(({ account, side, amountMinor }) => `${side} ${account} ${amountMinor}`),
    }))
    .sort((one, other) => one.postingRule.localeCompare(other.postingRule));

beforeAll(async () => {
  tested = await startTestSystem('client');
  ({ api } = tested);
  await api.put('pricingEngine', `/v1/tariffs/${tariff.id}`, tariff);
});

afterAll(async () => {
  if (tested !== undefined) await endTestSystem(tested);
});

const totals = [
  'totalExclTaxMinor',
  'totalTaxMinor',
  'totalInclTaxMinor',
  'currency',
  'tier',
] as const;

const answered = { boot: 'Accepted', authorized: 'Accepted', started: 'Accepted' };

describe('a charge point made by others', () => {
  it(
    'is billed as the simulated one is for the same registers and times, in either version',
    withLogs(
      () => [tested],
      async () => {
        const python = await preparePython();
        const url = tested?.system.addresses.ocpp ?? '';
        const [outcome, readings] = await simulate(url, 'TWIN-1', await register('TWIN-1'));
        expect(readings.length).toBeGreaterThan(3);
        const planned = async (id: string): Promise<PlannedSession> => ({
          url,
          id,
          password: chargePointPassword,
          idTag: await register(id),
          startAt: outcome.startedAt.toISOString(),
          stopAt: outcome.stoppedAt.toISOString(),
          availableAt: outcome.availableAt.toISOString(),
          meterStartWh: Number(outcome.meterStartWh),
          meterStopWh: Number(outcome.meterStopWh),
          readings,
        });
        const twin16 = await runPythonSession(python, await planned('TWIN-2'));
        const transactionId = expect.any(Number) as number;
        expect(twin16).toEqual({ subprotocol: 'ocpp1.6', ...answered, transactionId });
        const twin201 = await runPythonSession(python, await planned('TWIN-3'), '2.0.1');
        const named = expect.any(String) as string;
        expect(twin201).toEqual({ subprotocol: 'ocpp2.0.1', ...answered, transactionId: named });

        const [simulated, ...independents] = await Promise.all([
          billed('TWIN-1', outcome.transactionId),
          billed('TWIN-2', twin16.transactionId),
          billed('TWIN-3', twin201.transactionId),
        ]);
        for (const independent of independents) {
          expect(independent.session.energyWh).toBe('12345');
          expect(independent.session.energyWh).toBe(simulated.session.energyWh);
          expect(independent.cdr.lines.map(({ dimension }) => dimension).sort()).toEqual(
            expect.arrayContaining(['ENERGY', 'ENERGY', 'FLAT', 'PARKING_TIME']),
          );
          expect(independent.cdr.lines).toEqual(simulated.cdr.lines);
          for (const total of totals) expect(independent.cdr[total]).toBe(simulated.cdr[total]);
          expect(BigInt(independent.cdr.totalInclTaxMinor)).toBeGreaterThan(0n);
          expect(independent.subject.capturedMinor).toBe(independent.cdr.totalInclTaxMinor);
          expect(independent.subject.capturedMinor).toBe(simulated.subject.capturedMinor);
          expect(bookedAmounts(independent)).toEqual(bookedAmounts(simulated));
        }
      },
    ),
  );
});
