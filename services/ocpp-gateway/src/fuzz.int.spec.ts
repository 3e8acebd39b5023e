import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  seededRandom,
  type SessionOutcome,
  SimulatedChargePoint,
} from '@tallywatt/charge-point-simulator';
import { eventually } from '@tallywatt/testing';
import { attacks } from './testing/attacks';
import { GatewayStage, password, registration, type Run } from './testing/gateway-stage';
import { HostileSocket } from './testing/hostile-socket';

/** The same seed, the same attacks in the same order; how they meet is the machine's own affair. */
const seed = process.env['FUZZ_SEED'] ?? '1';
const seconds = Number(process.env['FUZZ_SECONDS'] ?? '40');
const hostileLines = 6;

/**
 * What the gateway may take of memory while it is attacked. It has some 150 MiB at rest; the six
 * lines may have a frame of 256 KiB and some thousand unread answers each, and the young heap is not
 * collected before it is full.
 */
const residentMebibytesMax = 400;

const project = join(__dirname, '..');
const output: string[] = [];
const chargers: SimulatedChargePoint[] = [];
let child: ChildProcess;
let stage: GatewayStage;

/** The gateway as it runs in production; what it logs as warnings and worse is kept. */
const asProcess: Run = async (environment) => {
  child = spawn(process.execPath, ['--max-old-space-size=256', join(project, 'dist', 'main.js')], {
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...environment, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', (line) => void output.push(line));
  }
  const started = child;
  const url = `http://127.0.0.1:${environment['OCPP_GATEWAY_PORT']}`;
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).ok).toBe(true), {
    timeoutMs: 120_000,
  });
  const stop = async (): Promise<void> => {
    if (started.exitCode !== null || started.signalCode !== null) return;
    started.kill('SIGTERM');
    await once(started, 'exit');
  };
  return { url, stop };
};

beforeAll(async () => {
  execFileSync(process.execPath, [
    require.resolve('typescript/bin/tsc'),
    '-b',
    join(project, 'tsconfig.lib.json'),
  ]);
  stage = await GatewayStage.start(asProcess);
});
afterAll(async () => {
  await Promise.all(chargers.map((charger) => charger.disconnect({ drain: false })));
  await stage?.stop();
});

const residentMebibytes = async (): Promise<number> => {
  const [, bytes] = /^process_resident_memory_bytes(?:\{.*\})? (\S+)$/m.exec(
    await stage.metrics(),
  ) ?? [undefined, 'NaN'];
  return Number(bytes) / 1024 / 1024;
};

/** Two hours of charging, in the time that the attacks take. */
const healthyCharger = async (ocppVersion: '1.6' | '2.0.1') => {
  const id = `CP-HEALTHY-${ocppVersion.replaceAll('.', '-')}`;
  await stage.api('/v1/charge-points', registration(id));
  const charger = new SimulatedChargePoint({
    url: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
    id,
    password,
    ocppVersion,
    connectors: [{ id: 1, powerKwMax: 11 }],
    virtualClock: { start: new Date(Date.now() - 4 * 3_600_000), speed: 7_200 / seconds },
    callTimeoutMs: 30_000,
  });
  chargers.push(charger);
  await charger.connect();
  const session = charger.runSession({
    connectorId: 1,
    idTag: 'GOOD',
    durationMinutes: 110,
    meterIntervalSeconds: 120,
  });
  return { id, session };
};

/** One peer that attacks, is thrown out or leaves, and comes again. */
const attackUntil = async (deadline: number, line: number, made: Map<string, number>) => {
  const id = `CP-HOSTILE-${line}`;
  await stage.api('/v1/charge-points', registration(id));
  const random = seededRandom(`${seed}/${line}`);
  const names = Object.keys(attacks);
  // Every line begins elsewhere, so that a short run, too, has seen each attack.
  for (let turn = line * 3; Date.now() < deadline; turn += 1) {
    const name = turn < line * 3 + names.length ? names[turn % names.length] : random.pick(names);
    const protocol = random.pick(['ocpp1.6', 'ocpp2.0.1']);
    const peer = await HostileSocket.open(stage.ocppPort, id, protocol);
    if (name === undefined) continue;
    attacks[name]?.(peer, random);
    made.set(name, (made.get(name) ?? 0) + 1);
    await sleep(random.integer(50, 400));
    peer.cut();
  }
};

const energyOf = (outcome: SessionOutcome): string =>
  outcome.started ? String(outcome.energyWh) : 'not started';

it(`a healthy charger is billed to the Wh beside hostile ones (seed ${seed})`, async () => {
  const healthy = await Promise.all([healthyCharger('1.6'), healthyCharger('2.0.1')]);
  const deadline = Date.now() + seconds * 1_000;
  const made = new Map<string, number>();
  const resident: number[] = [];
  const watch = async (): Promise<void> => {
    for (; Date.now() < deadline; await sleep(500)) resident.push(await residentMebibytes());
  };
  await Promise.all([
    watch(),
    ...Array.from({ length: hostileLines }, (_, line) => attackUntil(deadline, line, made)),
  ]);
  const death = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the gateway ended: ${code ?? signal}\n${output.slice(-20).join('\n')}`);
  });
  const outcomes = await Promise.race([Promise.all(healthy.map(({ session }) => session)), death]);

  expect([...made.keys()].sort()).toEqual(Object.keys(attacks).sort());
  for (const [index, { id }] of healthy.entries()) {
    const outcome = outcomes[index];
    expect(outcome?.started).toBe(true);
    const sessions = await stage.sessionsOf(id);
    expect(sessions).toMatchObject([
      { energyWh: outcome === undefined ? '' : energyOf(outcome), isQuarantined: false },
    ]);
  }
  expect(child.exitCode).toBeNull();
  expect(await stage.isAlive()).toBe(true);
  resident.push(await residentMebibytes());
  process.stdout.write(
    `fuzz: ${[...made.values()].reduce((sum, n) => sum + n, 0)} attacks, ` +
      `${Math.round(Math.max(...resident))} MiB resident at most, ${output.length} warnings\n`,
  );
  expect(resident.length).toBeGreaterThan(2);
  expect(Math.max(...resident)).toBeLessThan(residentMebibytesMax);
  // What a peer does wrong is a warning at most.
  const worse = output.filter((line) => !line.includes('"level":"warn"'));
  expect(worse.slice(0, 5).map((line) => line.slice(0, 1_000))).toEqual([]);
});
