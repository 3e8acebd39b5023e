import {
  type CaseRun,
  type CorpusCase,
  factFaults,
  readCorpus,
  runCase,
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
