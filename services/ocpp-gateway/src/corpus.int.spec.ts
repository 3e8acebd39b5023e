import {
  type CaseRun,
  type CorpusCase,
  factFaults,
  type MisbehaviourName,
  misbehaviourNames,
  misbehaviours,
  type OcppVersion,
  readCorpus,
  runCase,
  SimulatedChargePoint,
} from '@tallywatt/charge-point-simulator';
import { eventually } from '@tallywatt/testing';
import { readCorpusFacts } from './testing/corpus-facts';
import { GatewayStage, password, registration } from './testing/gateway-stage';

/** Chargers that talk to the one gateway at the same time. */
const lanes = 8;
const corpus = readCorpus();
const nameOf = ({ name }: CorpusCase): string => name.toUpperCase();

let stage: GatewayStage;
let factsOf: Awaited<ReturnType<typeof readCorpusFacts>>;
const runs = new Map<string, CaseRun>();

const register = async (corpusCase: CorpusCase): Promise<void> => {
  const { station, tokens } = corpusCase;
  const id = nameOf(corpusCase);
  for (const [token, status] of Object.entries(tokens)) {
    stage.authorization.tokens.set(token.toLowerCase(), status);
  }
  if (station.billsParkingTime === true) stage.authorization.parkingBilledAt.add(id);
  const { status } = await stage.api('/v1/charge-points', {
    ...registration(id),
    connectors: station.connectors,
  });
  if (status !== 201) throw new Error(`registering ${id} was answered ${status}`);
};

const playAll = async (): Promise<void> => {
  const left = [...corpus];
  const url = `ws://127.0.0.1:${stage.ocppPort}/ocpp`;
  const play = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await register(next);
      const setting = { url, password, patienceMs: 60_000, chargePointIdOf: nameOf };
      runs.set(next.name, await runCase(next, setting));
    }
  };
  await Promise.all(Array.from({ length: lanes }, play));
};

/** Lets all the time pass that the gateway waits for a charger that says nothing more. */
const letTimeOut = async (): Promise<void> => {
  const ids = corpus.filter(({ afterTimeOuts }) => afterTimeOuts === true).map(nameOf);
  await eventually(async () => {
    await stage.pool.query(
      `UPDATE station_transactions SET attention_at = now()
       WHERE charge_point_id = ANY($1) AND attention_at > now() + interval '1 minute'`,
      [ids],
    );
    // Asked, and not there since.
    await stage.pool.query(
      `UPDATE sessions SET watch_asked_at = now(), watch_due_at = now()
       WHERE charge_point_id = ANY($1) AND status = 'active' AND station_transaction_id IS NULL`,
      [ids],
    );
    await stage.pool.query(
      `UPDATE sessions SET close_due_at = now()
       WHERE charge_point_id = ANY($1) AND status = 'stopped' AND close_due_at > now()`,
      [ids],
    );
    const { rows } = await stage.pool.query(
      `SELECT session_id FROM sessions WHERE charge_point_id = ANY($1) AND status <> 'closed'`,
      [ids],
    );
    expect(rows).toEqual([]);
  });
};

beforeAll(async () => {
  stage = await GatewayStage.start();
  await playAll();
  await letTimeOut();
  // Chargers that have said all they have to say: what named no session has found one, or none.
  await eventually(async () => {
    const { rows } = await stage.pool.query(
      'SELECT 1 FROM orphan_matchings WHERE due_at IS NOT NULL LIMIT 1',
    );
    expect(rows).toHaveLength(0);
  });
  // What was answered was committed; once all of it is published, what is not in Kafka never was said.
  await eventually(async () => {
    const { rows } = await stage.pool.query(
      'SELECT 1 FROM event_log.outbox WHERE log_offset IS NULL LIMIT 1',
    );
    expect(rows).toHaveLength(0);
  });
  factsOf = await readCorpusFacts(stage);
});
afterAll(() => stage?.stop());

describe('a misbehaving charger', () => {
  it.each(corpus.map((corpusCase) => [corpusCase.name, corpusCase] as const))(
    '%s',
    async (name, corpusCase) => {
      const run = runs.get(name);
      expect(run?.faults).toEqual([]);
      if (run === undefined) return;
      const observed = await factsOf(run.chargePointId);
      expect(factFaults(corpusCase.facts, observed, run.scope)).toEqual([]);
    },
  );
});

type Told = Readonly<{ name: MisbehaviourName | undefined; version: OcppVersion }>;

const misbehaviourCases: readonly Told[] = [
  ...(['1.6', '2.0.1'] as const).map((version) => ({ name: undefined, version })),
  ...misbehaviourNames.flatMap((name) =>
    misbehaviours[name].versions.map((version) => ({ name, version })),
  ),
];

/** What the gateway makes of it, beside a session that is closed with all its energy and no doubt. */
const expected: Partial<Record<MisbehaviourName, object>> = {
  'start-at-zero': {
    energyWh: '1005500',
    doubts: ['meter-jumped'],
    marks: ['jumped-beyond-rated-power'],
  },
  // Whose charger knows the id that it was given, and has named it, is asked before it is ended.
  'no-stop': { status: 'active', energyWh: null },
  'stop-of-unknown-transaction': { status: 'active', energyWh: null },
  'stop-of-minus-one': { status: 'active', energyWh: null },
  'stop-of-zero': { status: 'active', energyWh: null },
  'second-stop-differs': { conflicts: 1 },
  'stop-register-minus-one': { energyWh: '-1000001', doubts: ['meter-ran-backwards'] },
  'stop-register-zero': {
    energyWh: '-1000000',
    doubts: ['meter-ran-backwards'],
    marks: ['placeholder-zero'],
  },
  'register-runs-backwards': { marks: ['register-ran-backwards'] },
  'kilowatt-hours-labelled-wh': { marks: ['register-ran-backwards'] },
  'clock-of-1970': { doubts: expect.any(Array), marks: expect.any(Array) },
  'clock-of-the-future': { doubts: expect.any(Array), marks: expect.any(Array) },
  // The number that is missing is waited for.
  'sequence-gap': { status: 'active', energyWh: null },
};

describe('a simulated charger that is told to misbehave', () => {
  const deliveredWh = 5_500n;
  const idOf = ({ name, version }: Told): string =>
    `SIM-${version.replaceAll('.', '')}-${name ?? 'none'}`.toUpperCase();

  const charge = async (told: Told): Promise<void> => {
    const id = idOf(told);
    await stage.api('/v1/charge-points', registration(id));
    const charger = new SimulatedChargePoint({
      url: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
      id,
      password,
      ocppVersion: told.version,
      connectors: [{ id: 1, powerKwMax: 11, registerWh: 1_000_000n }],
      virtualClock: { start: new Date(Date.now() - 4 * 3_600_000), speed: 1_800 },
      callTimeoutMs: 60_000,
      ...(told.name === undefined ? {} : { misbehaviours: [told.name] }),
    });
    await charger.connect();
    await charger.runSession({
      connectorId: 1,
      idTag: 'GOOD',
      energyWh: deliveredWh,
      meterIntervalSeconds: 300,
    });
    await charger.disconnect();
  };
  beforeAll(async () => {
    const left = [...misbehaviourCases];
    const play = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await charge(next);
    };
    await Promise.all(Array.from({ length: lanes }, play));
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        'SELECT 1 FROM orphan_matchings WHERE due_at IS NOT NULL LIMIT 1',
      );
      expect(rows).toHaveLength(0);
    });
  });

  it.each(misbehaviourCases)('$name, in OCPP $version', async (told) => {
    const [session, ...others] = await stage.sessionsOf(idOf(told));
    expect(others).toEqual([]);
    const { body } = await stage.api(`/v1/sessions/${session?.id}`);
    const { status, energyWh, quarantine, conflictingStops, readings } = body;
    const doubts = (quarantine as { reason: string }[]).map(({ reason }) => reason).sort();
    // A cable that is in before the driver is known has read its register before the session began.
    const marks = (readings as { implausibleReason?: string }[])
      .map(({ implausibleReason }) => implausibleReason)
      .filter((mark) => mark !== undefined && mark !== 'read-before-start');
    const usual = { status: 'closed', energyWh: '5500', doubts: [], marks: [], conflicts: 0 };
    const seen = {
      status,
      energyWh,
      doubts,
      marks: [...new Set(marks)],
      conflicts: (conflictingStops as unknown[]).length,
    };
    expect(seen).toEqual({ ...usual, ...(told.name === undefined ? {} : expected[told.name]) });
  });
});
