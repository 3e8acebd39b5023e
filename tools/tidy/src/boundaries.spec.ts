import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const workspace = join(__dirname, '..', '..', '..');
const environment = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true' };

const domainFile = 'services/payment-capture/src/domain/payment.ts';
const serviceFile = 'services/ledger/src/ledger.module.ts';
const simulationFile = 'tools/simulation/src/system.ts';

// Each line plants one violation and names the rule that has to find it.
const planted: readonly [what: string, file: string, text: string, rule: string][] = [
  [
    'a database in the domain',
    domainFile,
    "import { Pool } from 'pg';\nexport const pool = new Pool();\n",
    'no-restricted-imports',
  ],
  [
    'Nest in the domain',
    domainFile,
    "import { Injectable } from '@nestjs/common';\nexport const decorator = Injectable;\n",
    'no-restricted-imports',
  ],
  [
    'Node in the domain',
    domainFile,
    "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
    'no-restricted-imports',
  ],
  [
    'the event log in the domain',
    domainFile,
    "import { createEventLog } from '@tallywatt/event-log';\nexport const log = createEventLog;\n",
    'no-restricted-imports',
  ],
  [
    'a clock in the domain',
    domainFile,
    'export const now = (): number => Date.now();\n',
    'no-restricted-globals',
  ],
  [
    'chance in the domain',
    domainFile,
    'export const dice = (): number => Math.random();\n',
    'no-restricted-properties',
  ],
  [
    'waiting in the domain',
    domainFile,
    'export const wait = async (work: () => Promise<void>): Promise<void> => {\n  await work();\n};\n',
    'no-restricted-syntax',
  ],
  [
    'the outbound side in the domain',
    domainFile,
    "import * as tables from '../outbound/payment-store';\nexport const all = tables;\n",
    'no-restricted-imports',
  ],
  [
    'a clock in a pure library',
    'libs/tariffs/src/rate.ts',
    'export const now = (): number => Date.now();\n',
    'no-restricted-globals',
  ],
  [
    'a service that imports a service',
    serviceFile,
    "import * as gateway from '../../ocpp-gateway/src/domain/charging-session';\nexport const all = gateway;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'a library that imports a library above it',
    'libs/money/src/money.ts',
    "import * as contracts from '@tallywatt/contracts';\nexport const all = contracts;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'a service that imports a tool',
    serviceFile,
    "import * as runtime from '@tallywatt/local-runtime';\nexport const all = runtime;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'the testing library outside tests',
    serviceFile,
    "import * as testing from '@tallywatt/testing';\nexport const all = testing;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'another tool that imports the domain of a service',
    'tools/backbone/src/command.ts',
    "import { match } from '@tallywatt/reconciliation/domain/match';\nexport const all = match;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'a service that imports the domain of a service',
    serviceFile,
    "import { match } from '@tallywatt/reconciliation/domain/match';\nexport const all = match;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'another path of a service in the simulation',
    simulationFile,
    "import * as queries from '@tallywatt/reconciliation/outbound/queries';\nexport const all = queries;\n",
    'no-restricted-imports',
  ],
  [
    'a relative path into a service in the simulation',
    simulationFile,
    "import * as queries from '../../../services/reconciliation/src/outbound/queries';\nexport const all = queries;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'the real event log in the simulation',
    simulationFile,
    "import { createEventLog } from '@tallywatt/event-log';\nexport const log = createEventLog;\n",
    'no-restricted-imports',
  ],
  [
    'a tool that imports the simulation',
    'tools/backbone/src/command.ts',
    "import { simulate } from '@tallywatt/simulation';\nexport const all = simulate;\n",
    '@nx/enforce-module-boundaries',
  ],
  [
    'the clock of the machine in the simulation',
    simulationFile,
    'export const now = (): number => Date.now();\n',
    'no-restricted-properties',
  ],
  [
    'kafkajs in a service',
    serviceFile,
    "import { Kafka } from 'kafkajs';\nexport const kafka = Kafka;\n",
    'no-restricted-imports',
  ],
  [
    'kafkajs in another file of the event log',
    'libs/event-log/src/index.ts',
    "import { Kafka } from 'kafkajs';\nexport const kafka = Kafka;\n",
    'no-restricted-imports',
  ],
  [
    'date-fns-tz outside libs/time',
    'libs/tariffs/src/rate.ts',
    "import { formatInTimeZone } from 'date-fns-tz';\nexport const format = formatInTimeZone;\n",
    'no-restricted-imports',
  ],
  [
    'a switch that forgets a member',
    serviceFile,
    "export const f = (x: 'a' | 'b'): number => {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n};\n",
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
];

describe('lint finds', () => {
  let found: { ruleId: string; message: string }[][];

  beforeAll(() => {
    // The boundary rule needs the project graph, and is silent without it.
    const nx = join(workspace, 'node_modules', '.bin', 'nx');
    execFileSync(nx, ['show', 'projects'], { cwd: workspace, env: environment, stdio: 'ignore' });
    const texts = planted.map(([, file, text]) => ({ file, text }));
    const script = join(workspace, 'tools', 'tidy', 'lint-planted.mjs');
    const output = execFileSync(process.execPath, [script, JSON.stringify(texts)], {
      cwd: workspace,
      env: environment,
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    found = JSON.parse(output.slice(output.indexOf('[[')));
  }, 180_000);

  it.each(planted.map(([what, , , rule], index) => ({ what, rule, index })))(
    '$what',
    ({ rule, index }) => {
      expect(found[index]?.map(({ ruleId }) => ruleId)).toContain(rule);
    },
  );
});
