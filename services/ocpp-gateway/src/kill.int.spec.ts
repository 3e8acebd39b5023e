import type { ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '@tallywatt/testing';
import { buildGateway, killProcess, startGatewayProcess } from './testing/gateway-process';
import {
  GatewayStage,
  type OtherGateway,
  registration,
  start,
  stop,
  values,
} from './testing/gateway-stage';
import { idToken, metered, ocpp201, pluggedIn, unplugged, updated } from './testing/ocpp201-words';

const chargerCount = 200;
/** What one of each charges with; half of them speak 2.0.1. */
const energyWhOf = (n: number): number => 1_200 + 7 * n;
const registerWh = (n: number, thirds: number): number =>
  1_000 + Math.floor((energyWhOf(n) * thirds) / 3);
const is201 = (n: number): boolean => n % 2 === 1;
const idOf = (n: number): string => `KILL-${n}`;

let stage: GatewayStage;
let other: OtherGateway;
const children = new Map<string, ChildProcess>();

const asProcess = async (environment: Record<string, string>) => {
  const { child, ...running } = await startGatewayProcess(environment);
  children.set(String(environment['OCPP_PORT']), child);
  return running;
};

const kill = (ocppPort: number): Promise<void> => {
  const child = children.get(String(ocppPort));
  if (child === undefined) throw new Error(`no gateway listens on ${ocppPort}`);
  return killProcess(child);
};

beforeAll(async () => {
  buildGateway();
  stage = await GatewayStage.start(asProcess);
  other = await stage.startOther();
});
afterAll(async () => {
  await stage?.hangUp();
  await other?.stop();
  await stage?.stop();
});

/** One registered by API, the others like it: two hundred slow hashes are no part of this. */
const registerAll = async (): Promise<void> => {
  await stage.api('/v1/charge-points', registration(idOf(0)));
  const { rows } = await stage.pool.query<{ table: string; columns: string }>(
    `SELECT table_name AS table, string_agg(quote_ident(column_name), ', ') AS columns
     FROM information_schema.columns
     WHERE table_name IN ('charge_points', 'connectors') AND table_schema = 'public'
       AND column_name <> 'charge_point_id' AND is_generated = 'NEVER' AND is_identity = 'NO'
     GROUP BY table_name ORDER BY table_name`,
  );
  for (const { table, columns } of rows) {
    await stage.pool.query(
      `INSERT INTO ${table} (charge_point_id, ${columns})
       SELECT 'KILL-' || n, ${columns} FROM ${table}, generate_series(1, $1) n
       WHERE charge_point_id = 'KILL-0'`,
      [chargerCount - 1],
    );
  }
};

/** A charger that comes back, through the one process or the other, until it is confirmed. */
class Charger {
  private call: ((action: string, params: object) => Promise<unknown>) | undefined;
  private transactionId = 0;
  private tries: number;

  constructor(private readonly n: number) {
    this.tries = n >> 1;
  }

  async begin(): Promise<void> {
    if (is201(this.n)) {
      const token = { idToken: idToken('GOOD') };
      return void (await this.say('TransactionEvent', pluggedIn(this.name, token)));
    }
    const answer = await this.say('StartTransaction', start());
    this.transactionId = (answer as { transactionId: number }).transactionId;
  }

  async report(thirds: number): Promise<void> {
    const wattHours = registerWh(this.n, thirds);
    const minute = thirds * 10;
    await (is201(this.n)
      ? this.say('TransactionEvent', updated(this.name, thirds, metered(wattHours, minute)))
      : this.say('MeterValues', values(this.transactionId, String(wattHours / 1_000), minute)));
  }

  async end(): Promise<void> {
    const wattHours = registerWh(this.n, 3);
    await (is201(this.n)
      ? this.say(
          'TransactionEvent',
          unplugged(this.name, 3, metered(wattHours, 30, 'Transaction.End')),
        )
      : this.say('StopTransaction', stop(this.transactionId, { meterStop: wattHours })));
  }

  private get name(): string {
    return `TX-${this.n}`;
  }

  private async say(action: string, params: object): Promise<unknown> {
    for (;;) {
      try {
        this.call ??= await this.dial();
        return await this.call(action, params);
      } catch {
        this.call = undefined;
        await setTimeout(100 + (this.n % 10) * 20); // as a charger pauses before it comes again
      }
    }
  }

  private async dial() {
    this.tries += 1;
    const ocppPort = this.tries % 2 === 0 ? stage.ocppPort : other.ocppPort;
    const protocol = is201(this.n) ? ocpp201 : {};
    return (await stage.dial(idOf(this.n), { ...protocol, ocppPort })).call;
  }
}

describe('two hundred sessions whose gateways are killed one after the other', () => {
  it('end with exactly their energy, each reading once', async () => {
    await registerAll();
    const chargers = Array.from({ length: chargerCount }, (_, n) => new Charger(n));
    await Promise.all(chargers.map((charger) => charger.begin()));

    /** Everyone says one thing, and once some have been confirmed a process dies. */
    const whileKilling = async (thirds: number, ocppPort: number, then: () => Promise<unknown>) => {
      let confirmed = 0;
      let reached = (): void => undefined;
      const some = new Promise<void>((resolve) => (reached = resolve));
      const said = Promise.all(
        chargers.map(async (charger) => {
          await charger.report(thirds);
          confirmed += 1;
          if (confirmed === chargerCount / 8) reached();
        }),
      );
      await some;
      await kill(ocppPort);
      expect(confirmed).toBeLessThan(chargerCount);
      await Promise.all([said, then()]);
    };
    await whileKilling(1, stage.ocppPort, () => stage.startGateway());
    // This one stays dead: its chargers all go to the one that was restarted.
    await whileKilling(2, other.ocppPort, () => Promise.resolve());
    await Promise.all(chargers.map((charger) => charger.end()));

    const { rows } = await stage.pool.query<{ id: string; energy: string; sound: boolean }>(
      `SELECT charge_point_id AS id, energy_milli_wh::text AS energy,
         status = 'closed' AND NOT is_quarantined AS sound
       FROM sessions ORDER BY charge_point_id`,
    );
    const expected = chargers.map((_, n) => ({
      id: idOf(n),
      energy: `${energyWhOf(n)}000`,
      sound: true,
    }));
    expect(rows).toEqual(expected.sort((one, two) => (one.id < two.id ? -1 : 1)));

    await eventually(
      async () => {
        const found = await stage.inKafka('charging.sessions.v1', () => true);
        const types: Record<string, number> = {};
        for (const { event } of found) types[event.type] = (types[event.type] ?? 0) + 1;
        expect(types).toMatchObject({
          SessionStarted: chargerCount,
          SessionStopped: chargerCount,
          SessionClosed: chargerCount,
          // Of 1.6 two reports; of 2.0.1 the registers of begin and end as well.
          MeterValuesRecorded: (chargerCount / 2) * 2 + (chargerCount / 2) * 4,
        });
        expect(new Set(found.map(({ metadata }) => metadata.id)).size).toBe(found.length);
      },
      { timeoutMs: 120_000 },
    );
  });
});
