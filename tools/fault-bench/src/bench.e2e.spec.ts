import { rmSync } from 'node:fs';
import { runBench } from './bench';
import type { FaultKind } from './fault-plan';
import { textOf } from './report';
import { sessionKinds } from './session-plan';

// Short on purpose: some of each. The long run is `npm run fault-bench -- --sessions 1000 --minutes 20`.
const faults: readonly FaultKind[] = [
  'kill',
  'crash-at-step',
  'acknowledgement-cut',
  'postgres-stop',
  'processor-timeout',
  'processor-500',
  'processor-409',
  'webhook-doubled',
  'webhook-shuffled',
  'webhook-forged',
];

it('bills every session once, to the cent, whatever fails meanwhile', async () => {
  const lines: string[] = [];
  const report = await runBench({
    seed: 'npm-test',
    sessions: 2 * sessionKinds.length,
    minutes: 0.6,
    settleMinutes: 4,
    faults,
    instance: `e2e-fault-bench-${process.pid}`,
    print: (line) => void lines.push(line),
    onEnd: ({ system }, { isClean }) => {
      if (isClean) rmSync(system.directory, { recursive: true, force: true });
    },
  });
  if (!report.isClean) process.stderr.write(`${lines.join('\n')}\n${textOf(report)}\n`);
  expect(report.violations).toEqual([]);
  expect(report.sessions.over).toBe(2 * sessionKinds.length);
  expect(Object.keys(report.sessions.byKind)).toHaveLength(sessionKinds.length);
  // How many there are time for depends on the machine; without any it would prove nothing.
  expect(Object.keys(report.faults.byKind).length).toBeGreaterThanOrEqual(3);
  expect(report.rebuild).toContain('identical');
}, 900_000);
