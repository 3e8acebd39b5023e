import { join } from 'node:path';
import { SimulatedChargePoint, type SessionCharged } from '@tallywatt/charge-point-simulator';
import {
  chargePointPassword,
  findSessionId,
  until,
  type OperatorApi,
} from '@tallywatt/demonstration';
import { passDays } from './processor';
import { runProgram } from './run-program';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { isReconciled, untilSubjects } from './waiting';

// Real chargers in their own time, real services: drivers with energy included by the month.

const workspace = join(__dirname, '..', '..', '..');
const hopTimeoutMs = 180_000;
const vat = 19;
const tariff = {
  id: 'with-included-energy',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat, step_size: 1 }] }],
  tallywatt: {
    memberships: [{ tier: 'home', included_kwh_per_month: 10 }],
    fleets: [
      {
        plan: 'vans',
        monthly_fee: { excl_vat: 299 },
        included_kwh_per_month: 4,
        overage_price_per_kwh: 0.3,
      },
    ],
  },
};
type CdrView = Readonly<{
  energyMilliWh: string;
  totalExclTaxMinor: string;
  lines: readonly Readonly<{ explanation: string }>[];
}>;
type Bill = Readonly<{ sessionId: string; outcome: SessionCharged; cdr: CdrView }>;

let tested: TestSystem | undefined;
const running = (): TestSystem => {
  if (tested === undefined) throw new Error('the system is not running');
  return tested;
};
const logged = (test: () => Promise<void>) => withLogs(() => [tested], test);

/** The month before this one, and the one before that: past, and no clock that is doubted. */
const monthsAgo = (count: number): Date => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 10, 9));
};

const registerCharger = (api: OperatorApi, id: string): Promise<unknown> =>
  api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: 'berlin',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: vat,
    tariffId: tariff.id,
    connectors: [{ id: 1, powerKwMax: 22 }],
    securityProfile: 1,
    password: chargePointPassword,
  });

const standingCdr = (api: OperatorApi, sessionId: string, energyWh: bigint): Promise<CdrView> =>
  until(
    `the CDR of ${sessionId} over ${energyWh} Wh`,
    async () => {
      const cdrs = await api.list<CdrView>('pricingEngine', `/v1/cdrs?sessionId=${sessionId}`);
      return cdrs.find(({ energyMilliWh }) => BigInt(energyMilliWh) === energyWh * 1_000n);
    },
    hopTimeoutMs,
  );

/** Sessions of one driver, one after the other on a charger of its own, each with its bill. */
const charge = async (
  id: string,
  idTag: string,
  startAt: Date,
  ...energiesWh: readonly bigint[]
): Promise<Bill[]> => {
  const { system, api } = running();
  await registerCharger(api, id);
  const charger = new SimulatedChargePoint({
    url: system.addresses.ocpp,
    id,
    password: chargePointPassword,
    connectors: [{ id: 1, powerKwMax: 22, registerWh: 1_000_000n }],
    virtualClock: { start: new Date(startAt.getTime() - 60_000).toISOString(), speed: 1_200 },
  });
  await charger.connect();
  try {
    const bills: Bill[] = [];
    for (const energyWh of energiesWh) {
      const outcome = await charger.runSession({
        connectorId: 1,
        idTag,
        energyWh,
        // Only the stop says what was taken: a person can correct it without contradiction.
        meterIntervalSeconds: 0,
      });
      if (!outcome.started) throw new Error(`not started: ${outcome.authorizeStatus}`);
      const sessionId = await until(
        `the session of ${idTag}`,
        () => findSessionId(api, id, outcome.transactionId),
        hopTimeoutMs,
      );
      const cdr = await standingCdr(api, sessionId, outcome.energyWh);
      bills.push({ sessionId, outcome, cdr });
    }
    return bills;
  } finally {
    await charger.disconnect();
  }
};

const issueToken = (uid: string, membership: string): Promise<unknown> =>
  running().api.post('authorization', '/v1/tokens', {
    uid,
    type: 'RFID',
    status: 'valid',
    paymentMethod: 'pm_card_visa',
    membership,
    driverId: `driver-of-${uid}`,
  });

const centsOf = ({ cdr }: Bill): bigint => BigInt(cdr.totalExclTaxMinor);
/** Half away from zero, as lines are rounded. */
const costMinor = (energyWh: bigint, centsPerKwh: bigint): bigint =>
  (energyWh * centsPerKwh * 2n + 1_000n) / 2_000n;

beforeAll(async () => {
  const tiers = { home: { discountPercent: '0' }, vans: { discountPercent: '0' } };
  tested = await startTestSystem('included', { MEMBERSHIP_TIERS: JSON.stringify(tiers) });
  await tested.api.put('pricingEngine', `/v1/tariffs/${tariff.id}`, tariff);
});

afterAll(async () => {
  if (tested !== undefined) await endTestSystem(tested);
});

it(
  'covers the first session, a part of the second, none of the third, and the next month anew',
  logged(async () => {
    await issueToken('HOME0001', 'home');
    const bills = await charge('HOME-1', 'HOME0001', monthsAgo(2), 6_000n, 7_000n, 5_000n);
    const [first, second, third] = bills as [Bill, Bill, Bill];
    const secondWh = second.outcome.energyWh;
    expect(centsOf(first)).toBe(0n);
    expect(first.cdr.lines.map(({ explanation }) => explanation)).toContainEqual(
      expect.stringMatching(/ kWh are included for home\.$/),
    );
    const restWh = 10_000n - first.outcome.energyWh;
    // The whole, less what is left of the month, each line rounded for itself.
    expect(centsOf(second)).toBe(costMinor(secondWh, 45n) - costMinor(restWh, 45n));
    expect(centsOf(third)).toBe(costMinor(third.outcome.energyWh, 45n));

    const [next] = await charge('HOME-2', 'HOME0001', monthsAgo(1), 6_000n);
    expect(centsOf(next as Bill)).toBe(0n);

    // The second took 2 kWh and not 7: of the 4 that it drew it gives 2 back, and all is included.
    const { api } = running();
    await api.post('ocppGateway', `/v1/sessions/${second.sessionId}/stop-correction`, {
      stoppedAt: second.outcome.stoppedAt,
      registerWh: (second.outcome.meterStartWh + 2_000n).toString(),
      reason: 'Photograph of the meter.',
    });
    const corrected = await standingCdr(api, second.sessionId, 2_000n);
    expect(corrected.totalExclTaxMinor).toBe('0');
  }),
);

it(
  'charges what a fleet plan does not include at its own price',
  logged(async () => {
    await issueToken('VANS0001', 'vans');
    const bills = await charge('VANS-1', 'VANS0001', monthsAgo(2), 3_000n, 6_000n);
    const [first, second] = bills as [Bill, Bill];
    expect(centsOf(first)).toBe(0n);
    const restWh = 4_000n - first.outcome.energyWh;
    const overage = costMinor(second.outcome.energyWh, 30n) - costMinor(restWh, 30n);
    expect(centsOf(second)).toBe(overage);
  }),
);

it(
  'agrees in every hop, free sessions and the corrected one included',
  logged(async () => {
    const { system, api } = running();
    await passDays(system, 6);
    await untilSubjects(api, 6, isReconciled, 'all sessions are reconciled');
    // Derived again from the topics alone: draws from sessions, CDRs from both, entries from CDRs.
    await runProgram(
      process.execPath,
      [
        join(workspace, 'tools', 'backbone', 'dist', 'main.js'),
        ...['rebuild', '--verify', '--topics-only', '--settle-seconds', '0'],
      ],
      {
        environment: { PATH: process.env['PATH'] ?? '', KAFKA_BROKERS: system.addresses.kafka },
        timeoutMs: 180_000,
      },
    );
  }),
);
