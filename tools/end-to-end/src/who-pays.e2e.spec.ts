import { join } from 'node:path';
import { SimulatedChargePoint, type SessionCharged } from '@tallywatt/charge-point-simulator';
import {
  chargePointPassword,
  findSessionId,
  findSubject,
  until,
  type SessionEvidence,
  type SubjectView,
} from '@tallywatt/demonstration';
import { processorSummary } from './processor';
import { runProgram } from './run-program';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { isReconciled, untilSubjects } from './waiting';

// Sessions that no card pays, through all six services: one network's drivers, and one fleet's vans.

const backbone = join(__dirname, '..', '..', '..', 'tools', 'backbone', 'dist', 'main.js');
const hopTimeoutMs = 180_000;
const vat = 19;
const energyAt = (price: number) => ({
  price_components: [{ type: 'ENERGY', price, vat, step_size: 1 }],
});
const own = {
  currency: 'EUR',
  elements: [energyAt(0.45)],
  tallywatt: {
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
type CdrView = SessionEvidence['cdr'];
type JournalEntryView = SessionEvidence['journal'][number];
type Bill = Readonly<{ sessionId: string; outcome: SessionCharged; cdr: CdrView }>;
type Decision = Readonly<{ paymentRoute: string; rule: string }>;

let tested: TestSystem | undefined;
let fleetRef = '';
let chargers = 0;
const bills: Bill[] = [];
const running = (): TestSystem => {
  if (tested === undefined) throw new Error('the system is not running');
  return tested;
};
const logged = (test: () => Promise<void>) => withLogs(() => [tested], test);

/** A day of last month: no clock that is doubted, and one month for all sessions. */
const startAt = (): Date => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 10, 9));
};

const onCharger = async <T>(use: (charger: SimulatedChargePoint, id: string) => Promise<T>) => {
  const { system, api } = running();
  chargers += 1;
  const id = `PAYS-${chargers}`;
  await api.post('ocppGateway', '/v1/charge-points', {
    id,
    locationId: 'berlin',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: vat,
    tariffId: 'own',
    connectors: [{ id: 1, powerKwMax: 22 }],
    securityProfile: 1,
    password: chargePointPassword,
  });
  const charger = new SimulatedChargePoint({
    url: system.addresses.ocpp,
    id,
    password: chargePointPassword,
    connectors: [{ id: 1, powerKwMax: 22, registerWh: 1_000_000n }],
    virtualClock: { start: startAt().toISOString(), speed: 1_200 },
  });
  await charger.connect();
  try {
    return await use(charger, id);
  } finally {
    await charger.disconnect();
  }
};

// Only the stop says what was taken: a person can correct it without contradiction.
const options = { connectorId: 1, meterIntervalSeconds: 0 } as const;

const standingCdr = (sessionId: string, energyWh: bigint): Promise<CdrView> =>
  until(
    `the CDR of ${sessionId} over ${energyWh} Wh`,
    async () => {
      type Metered = CdrView & Readonly<{ energyMilliWh: string }>;
      const path = `/v1/cdrs?sessionId=${sessionId}`;
      const cdrs = await running().api.list<Metered>('pricingEngine', path);
      return cdrs.find(({ energyMilliWh }) => BigInt(energyMilliWh) === energyWh * 1_000n);
    },
    hopTimeoutMs,
  );

const charge = (idTag: string, energyWh: bigint): Promise<Bill> =>
  onCharger(async (charger, id) => {
    const outcome = await charger.runSession({ ...options, idTag, energyWh });
    if (!outcome.started) throw new Error(`${idTag} not started: ${outcome.authorizeStatus}`);
    const sessionId = await until(
      `the session of ${idTag}`,
      () => findSessionId(running().api, id, outcome.transactionId),
      hopTimeoutMs,
    );
    const bill = {
      sessionId,
      outcome,
      cdr: await standingCdr(sessionId, outcome.energyWh),
    };
    bills.push(bill);
    return bill;
  });

const refusedAs = (idTag: string): Promise<string> =>
  onCharger(async (charger) => {
    const outcome = await charger.runSession({ ...options, idTag, energyWh: 1_000n });
    return outcome.started ? 'started' : `${outcome.authorizeStatus}`;
  });

const decisionOf = async (sessionId: string): Promise<Decision> =>
  (await running().api.get<{ decision: Decision }>('ocppGateway', `/v1/sessions/${sessionId}`))
    .decision;

const issue = (uid: string, payer: object): Promise<unknown> =>
  running().api.post('authorization', '/v1/tokens', {
    uid,
    type: 'RFID',
    status: 'valid',
    ...payer,
  });

const settled = (sessionId: string): Promise<SubjectView> =>
  until(
    `session ${sessionId} agrees`,
    async () => {
      const subject = await findSubject(running().api, sessionId);
      return isReconciled(subject) ? subject : undefined;
    },
    hopTimeoutMs,
  );

/** Debits less credits of one account, over all entries of some sessions. */
const onAccount = async (account: string, of: readonly Bill[]): Promise<bigint> => {
  const entries = await Promise.all(
    of.map(({ sessionId }) =>
      running().api.list<JournalEntryView>('ledger', `/v1/journal-entries?sessionId=${sessionId}`),
    ),
  );
  return entries
    .flat()
    .flatMap(({ lines }) => lines)
    .filter((line) => line.account === account)
    .reduce(
      (sum, { side, amountMinor }) =>
        side === 'debit' ? sum + BigInt(amountMinor) : sum - BigInt(amountMinor),
      0n,
    );
};

/** Half away from zero, as lines are rounded. */
const costMinor = (energyWh: bigint, centsPerKwh: bigint): bigint =>
  (energyWh * centsPerKwh * 2n + 1_000n) / 2_000n;

const prove = (...command: readonly string[]) =>
  runProgram(process.execPath, [backbone, ...command], {
    environment: {
      PATH: process.env['PATH'] ?? '',
      KAFKA_BROKERS: running().system.addresses.kafka,
    },
    timeoutMs: hopTimeoutMs,
  });

beforeAll(async () => {
  tested = await startTestSystem('who-pays');
  const { api } = tested;
  await api.put('pricingEngine', '/v1/tariffs/own', own);
  const partners = { currency: 'EUR', elements: [energyAt(0.6)] };
  await api.put('pricingEngine', '/v1/tariffs/partners', partners);
  const vans = { plan: 'vans', timeZone: 'Europe/Berlin' };
  ({ fleetRef } = await api.put<{ fleetRef: string }>('authorization', '/v1/fleets/acme', vans));
  await issue('VAN00001', { fleetId: 'acme' });
  await issue('VAN00002', { fleetId: 'acme' });
  const roaming = { countryCode: 'NL', partyId: 'ABC', whitelist: 'ALLOWED' };
  await issue('ROAM0001', { roaming });
});

afterAll(async () => {
  if (tested !== undefined) await endTestSystem(tested);
});

it(
  "bills another network for its driver, at that network's price, and takes back what was wrong",
  logged(async () => {
    const { api } = running();
    // Never at the charge point's own price.
    expect(await refusedAs('ROAM0001')).toBe('Blocked');
    await api.put('pricingEngine', '/v1/tariff-assignments/nl-abc', {
      tariffId: 'partners',
      driverGroups: ['roaming:NLABC'],
    });
    const bill = await until(
      'the assignment is known',
      () => charge('ROAM0001', 6_000n),
      hopTimeoutMs,
    );
    const netMinor = costMinor(bill.outcome.energyWh, 60n);
    expect(bill.cdr.totalExclTaxMinor).toBe(netMinor.toString());
    expect(await decisionOf(bill.sessionId)).toMatchObject({
      paymentRoute: 'roaming',
      roamingPartyId: 'NLABC',
    });
    expect(await settled(bill.sessionId)).toMatchObject({
      outcome: 'billed-to-partner',
      billedMinor: bill.cdr.totalInclTaxMinor,
      capturedMinor: '0',
      receivableMinor: '0',
      openFindings: 0,
    });

    await api.post('ocppGateway', `/v1/sessions/${bill.sessionId}/stop-correction`, {
      stoppedAt: bill.outcome.stoppedAt,
      registerWh: (bill.outcome.meterStartWh + 2_000n).toString(),
      reason: 'Photograph of the meter.',
    });
    const corrected = await standingCdr(bill.sessionId, 2_000n);
    // 2 kWh x 0.60 = 1.20; VAT 19 % = 0.228, rounded 0.23.
    expect(corrected.totalInclTaxMinor).toBe('143');
    await until(
      'the books have the corrected CDR',
      async () =>
        (await onAccount('assets:receivable:roaming:nlabc', [bill])) === 143n ? true : undefined,
      hopTimeoutMs,
    );
    expect(await onAccount('revenue:roaming', [bill])).toBe(-120n);
  }),
);

it(
  'bills a fleet for all its tokens, which share what its plan includes',
  logged(async () => {
    const { api } = running();
    const first = await charge('VAN00001', 3_000n);
    expect(first.cdr.totalInclTaxMinor).toBe('0');
    const second = await charge('VAN00002', 6_000n);
    const restWh = 4_000n - first.outcome.energyWh;
    const netMinor = costMinor(second.outcome.energyWh, 30n) - costMinor(restWh, 30n);
    expect(second.cdr.totalExclTaxMinor).toBe(netMinor.toString());
    expect(await decisionOf(second.sessionId)).toMatchObject({ paymentRoute: 'fleet', fleetRef });
    expect(await settled(first.sessionId)).toMatchObject({ outcome: 'nothing-due' });
    expect(await settled(second.sessionId)).toMatchObject({
      outcome: 'billed-to-fleet',
      capturedMinor: '0',
      receivableMinor: '0',
    });
    const owed = await onAccount(`assets:receivable:fleet:unbilled:${fleetRef}`, [first, second]);
    expect(owed).toBe(BigInt(second.cdr.totalInclTaxMinor));

    const { drawnMilliWh } = await api.get<{ drawnMilliWh: string }>(
      'authorization',
      `/v1/fleets/acme/allowances/${startAt().toISOString().slice(0, 7)}`,
    );
    expect(drawnMilliWh).toBe('4000000');
  }),
);

it(
  'takes no card for any of it, agrees in every hop, and is derived again from the log alone',
  logged(async () => {
    const { system, api } = running();
    await untilSubjects(api, bills.length, isReconciled, 'all sessions are reconciled');
    for (const { sessionId } of bills) {
      const path = `/v1/payments?sessionId=${sessionId}`;
      const payments = await api.list<{ status: string }>('paymentCapture', path);
      expect(payments.filter(({ status }) => status !== 'absent')).toEqual([]);
    }
    expect((await processorSummary(system)).charges).toEqual([]);
    expect(await onAccount('assets:receivable:driver', bills)).toBe(0n);
    expect(await onAccount('assets:receivable:uncollected', bills)).toBe(0n);
    await prove('rebuild', '--verify', '--topics-only', '--settle-seconds', '0');
    for (const { sessionId } of bills) await prove('audit', 'session', sessionId);
  }),
);
