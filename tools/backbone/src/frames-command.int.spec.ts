import { connectionHash, frameHash, type FramesRecorded } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine } from './command-line';
import { startBilledLog, type BilledLog } from './testing/billed-log';
import { cpoId } from './testing/billed-session';

const at = '2026-11-20T11:00:00.000Z';
let servers: LocalRuntime;
let log: BilledLog;

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
});
afterAll(async () => {
  await log?.stop();
  await servers?.stop();
});

const run = async (...words: string[]) => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const code = await runCommandLine(words, log.environment, { out: add, err: add });
  return { code, text: out.join('\n') };
};

/** One frame that was said on a connection of a charge point. */
const said = (chargePointId: string, text: string, hashedText = text): FramesRecorded => {
  const connectionId = `connection-of-${chargePointId}`;
  const previousHash = connectionHash(cpoId, chargePointId, connectionId);
  const frame = { direction: 'received', at, text };
  return {
    type: 'FramesRecorded',
    cpoId,
    chargePointId,
    connectionId,
    firstNumber: 1,
    framesLost: 0,
    previousHash,
    frames: [frame],
    lastHash: frameHash(previousHash, 1, { ...frame, text: hashedText }),
    endedAt: at,
  };
};

describe('frames', () => {
  it('are shown, and verified from Kafka alone', async () => {
    const heartbeat = '[2,"1","Heartbeat",{}]';
    await log.publish('ocpp-gateway', [
      { event: said('CP-1', heartbeat), occurredAt: at },
      { event: said('CP-2', heartbeat, '[2,"1","Authorize",{}]'), occurredAt: at },
    ]);
    const sound = await run('frames', 'verify', 'CP-1', '--cpo', cpoId);
    expect(sound.code).toBe(0);
    expect(sound.text).toMatch(/connection-of-CP-1 +1 +0 +2026-11-20T11:00:00.000Z +holds/);
    const forged = await run('frames', 'verify', 'CP-2', '--cpo', cpoId);
    expect(forged.code).toBe(1);
    expect(forged.text).toContain('what is said from frame 1 on is not what its hash says');
    expect((await run('frames', 'show', 'CP-1', '--cpo', cpoId)).text).toMatch(
      /^connection-of-CP-1 1 2026-11-20T11:00:00.000Z charging.frames.v1\/\d@\d > \[2,"1","Heartbeat",\{\}\]$/,
    );
    expect(await run('frames', 'verify', 'CP-3', '--cpo', cpoId)).toMatchObject({ code: 2 });
  });
});
