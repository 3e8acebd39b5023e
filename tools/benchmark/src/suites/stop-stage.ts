import {
  chargePointPassword,
  freePorts,
  OperatorApi,
  publishTariffs,
  serviceNames,
  startSystem,
  tariffs,
  until,
  type System,
} from '@tallywatt/demonstration';
import { topics } from '@tallywatt/contracts';
import { logEnds } from '@tallywatt/event-log';
import { Pool } from 'pg';
import { watchJournal, type JournalWatch } from '../bare/journal-watch';
import { startBarePipeline, type BarePipeline } from '../bare/pipeline';
import { chargerId, connectFleet, type Fleet } from '../workload/chargers';

export const chargers = 100;
const connectors = 25;
export const patienceMs = 120_000;

/** The whole system with its chargers, and the bare pipeline with as many. */
export type Stage = Readonly<{
  system: System;
  fleet: Fleet;
  ledger: Pool;
  gateway: Pool;
  pricing: Pool;
  databases: readonly Pool[];
  watch: JournalWatch;
  bare: BarePipeline;
  bareFleet: Fleet;
}>;

/** Hashing a password takes long on purpose: two cores do it side by side. */
const registeredAtOnce = 4;

const registerCharger = async (api: OperatorApi, charger: number): Promise<void> => {
  await api.post('ocppGateway', '/v1/charge-points', {
    id: chargerId(charger),
    locationId: 'benchmark',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    taxRatePercent: 19,
    tariffId: tariffs.flat.id,
    connectors: Array.from({ length: connectors }, (_, index) => ({
      id: index + 1,
      powerKwMax: 22,
    })),
    securityProfile: 1,
    password: chargePointPassword,
  });
  // Without a card behind the token nothing is held and nothing captured: no call to a processor.
  await api.post('authorization', '/v1/tokens', {
    uid: chargerId(charger),
    type: 'RFID',
    status: 'valid',
  });
};

const registerFleet = async (system: System): Promise<void> => {
  const api = new OperatorApi(system.addresses, system.operatorToken);
  await publishTariffs(api);
  let next = 0;
  const register = async (): Promise<void> => {
    while (next < chargers) await registerCharger(api, next++);
  };
  await Promise.all(Array.from({ length: registeredAtOnce }, register));
};

const isQuiet = async ({ system, databases }: Stage): Promise<true | undefined> => {
  const names = topics.map(({ name }) => name);
  const ends = await logEnds({ brokers: system.addresses.kafka.split(','), topics: names });
  for (const pool of databases) {
    const { rows } = await pool.query<{ topic: string; partition: number; next_offset: string }>(
      'SELECT topic, partition, next_offset FROM event_log.offsets',
    );
    const isBehind = rows.some(({ topic, partition, next_offset }) =>
      ends
        .get(topic)
        ?.some((place) => place.partition === partition && place.end > BigInt(next_offset)),
    );
    if (isBehind) return undefined;
    const { rowCount } = await pool.query(
      'SELECT FROM event_log.outbox WHERE published_at IS NULL LIMIT 1',
    );
    if (rowCount !== 0) return undefined;
  }
  return true;
};

/** What an earlier run has caused in all services is done: twice, as one may cause the other. */
export const untilQuiet = async (stage: Stage): Promise<void> => {
  for (let times = 0; times < 2; times += 1) {
    await until('all services have caught up', () => isQuiet(stage), patienceMs);
  }
};

/** Starts everything; what has to be ended is handed over as soon as it runs. */
export const openStage = async (
  report: (line: string) => void,
  onOpen: (close: () => Promise<unknown>) => void,
): Promise<Stage> => {
  const options = process.env['SERVICE_NODE_OPTIONS'];
  const quiet = { LOG_LEVEL: 'warn', ...(options === undefined ? {} : { NODE_OPTIONS: options }) };
  const system = await startSystem({
    instance: 'benchmark',
    ports: await freePorts(),
    ephemeral: true,
    durable: true,
    report,
    environment: Object.fromEntries(serviceNames.map((name) => [name, quiet])),
  });
  onOpen(() => system.stop());
  await registerFleet(system);
  const poolOf = (name: string): Pool => {
    const pool = new Pool({ connectionString: system.runtime.databaseUrl(name), max: 2 });
    pool.on('error', () => undefined);
    onOpen(() => pool.end());
    return pool;
  };
  const databases = serviceNames.map((name) => poolOf(name.replaceAll('-', '_')));
  const fleet = await connectFleet(system.addresses.ocpp, chargers, chargePointPassword);
  onOpen(() => fleet.close());
  const watch = await watchJournal(system.addresses.kafka);
  onOpen(() => watch.stop());
  const bareDatabase = await system.runtime.createDatabase('bare_pipeline');
  const bare = await startBarePipeline(system.addresses.kafka, bareDatabase);
  onOpen(() => bare.stop());
  const bareFleet = await connectFleet(bare.url, chargers, null);
  onOpen(() => bareFleet.close());
  const [ledger, gateway] = [poolOf('ledger'), poolOf('ocpp_gateway')];
  const pricing = poolOf('pricing_engine');
  return { system, fleet, ledger, gateway, pricing, databases, watch, bare, bareFleet };
};
