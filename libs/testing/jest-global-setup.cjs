'use strict';
// Gives a whole run of .int.spec.ts files one Kafka and one PostgreSQL, unless the caller of jest
// has named some. Jest loads this file with Node's own resolution, outside of its transform, so the
// runtime comes from its build, which is brought up to date first.
const { execFileSync } = require('node:child_process');
const { dirname, join } = require('node:path');

module.exports = async () => {
  if (process.env.TALLYWATT_TEST_RUNTIME) return;
  const project = dirname(require.resolve('@tallywatt/local-runtime/package.json'));
  const tsc = require.resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-b', join(project, 'tsconfig.lib.json')], {
    stdio: 'inherit',
  });
  const { startLocalRuntime } = require('@tallywatt/local-runtime');
  const runtime = await startLocalRuntime({
    instance: `test-${process.pid}`,
    kafkaPort: 0,
    postgresPort: 0,
    ephemeral: true,
    report: (message) => process.stderr.write(`${message}\n`),
  });
  const { kafkaBrokers, postgresUrl } = runtime;
  process.env.TALLYWATT_TEST_RUNTIME = JSON.stringify({ kafkaBrokers, postgresUrl });
  globalThis.tallywattTestRuntime = runtime;
};
