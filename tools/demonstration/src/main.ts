import { parseArgs } from 'node:util';
import { OperatorApi } from './api';
import { portsFromEnvironment } from './addresses';
import { runDemonstration, type ScenarioResult } from './demonstration';
import { openLiveView } from './live-view';
import { sessionReport } from './session-report';
import { startSystem, type System } from './system';

const usage = `npm start                 the demonstration, then the system stays up until Ctrl-C
npm start -- --once       the demonstration once; the last line is a JSON summary
npm start -- --no-demo    the system without simulated chargers`;

const instance = process.env['TALLYWATT_INSTANCE'] ?? 'default';

const trialBalanceDifferences = async (system: System): Promise<readonly string[]> => {
  const api = new OperatorApi(system.addresses, system.operatorToken);
  const { totals } = await api.get<{
    totals: readonly { currency: string; balanceMinor: string }[];
  }>('ledger', '/v1/trial-balance');
  return totals
    .filter(({ balanceMinor }) => balanceMinor !== '0')
    .map(({ currency, balanceMinor }) => `${balanceMinor} ${currency}`);
};

const whereToLook = (system: System): string => {
  const { addresses } = system;
  return [
    '',
    'Where to look (every API needs the token and describes itself at /docs):',
    ...Object.entries(addresses).map(([name, address]) => `  ${name.padEnd(18)} ${address}`),
    `  operator token     ${system.operatorToken}`,
    `  database           one per service, e.g. psql ${system.runtime.databaseUrl('ledger')}`,
    `  topics             kcat -b ${addresses.kafka} -C -t ledger.journal.v1 -f '%h\\n%s\\n'`,
    `  logs               ${system.directory}/logs`,
  ].join('\n');
};

/** The demonstration's verdict as one line of JSON, for programs. */
const summaryLine = (
  results: readonly ScenarioResult[],
  differences: readonly string[],
  seconds: number,
): string =>
  JSON.stringify({
    ok: results.every(({ ok }) => ok) && differences.length === 0,
    seconds: Math.round(seconds),
    journalBalanced: differences.length === 0,
    sessions: results,
  });

const demonstrate = async (system: System, startedMs: number): Promise<boolean> => {
  const print = (line: string): void => console.log(line);
  const live = await openLiveView(system, print);
  const results = await runDemonstration(system, print, (scenario, evidence) =>
    print(sessionReport(scenario, evidence)),
  );
  await live.stop();
  const differences = await trialBalanceDifferences(system);
  for (const { scenario, ok, faults } of results) {
    print(
      `${ok ? 'ok  ' : 'FAIL'} ${scenario}${faults.map((fault) => `\n       ${fault}`).join('')}`,
    );
  }
  print(whereToLook(system));
  print(summaryLine(results, differences, (Date.now() - startedMs) / 1000));
  return results.every(({ ok }) => ok) && differences.length === 0;
};

const untilAskedToStop = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });

const readOptions = (): { once: boolean; demo: boolean } => {
  try {
    const { values } = parseArgs({
      // A shell that passes npm's separator on means nothing by it.
      args: process.argv.slice(2).filter((argument) => argument !== '--'),
      options: {
        once: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return { once: values.once, demo: !values['no-demo'] };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
};

const main = async (): Promise<number> => {
  const startedMs = Date.now();
  const { once, demo } = readOptions();
  const stripeSecretKey = process.env['STRIPE_SECRET_KEY'];
  if (stripeSecretKey?.startsWith('sk_live_') === true && process.env['ALLOW_LIVE'] !== '1') {
    console.error(
      'STRIPE_SECRET_KEY is a live key; set ALLOW_LIVE=1 if real cards shall be charged.',
    );
    return 2;
  }
  if (stripeSecretKey !== undefined && demo) {
    console.error(
      'The demonstration lets days pass at the processor, which only the sandbox can do: with STRIPE_SECRET_KEY use npm start -- --no-demo.',
    );
    return 2;
  }
  const asked = untilAskedToStop();
  const stripeWebhookSecret = process.env['STRIPE_WEBHOOK_SECRETS'];
  const starting = startSystem({
    instance,
    ports: portsFromEnvironment(process.env),
    ...(stripeSecretKey === undefined ? {} : { stripeSecretKey }),
    ...(stripeWebhookSecret === undefined ? {} : { stripeWebhookSecret }),
    report: (line) => console.log(line),
  });
  const system = await starting;
  try {
    console.log(`everything is up after ${Math.round((Date.now() - startedMs) / 1000)} s`);
    if (!demo) {
      console.log(whereToLook(system));
      console.log(
        `ready ${JSON.stringify({ ...system.addresses, operatorToken: system.operatorToken })}`,
      );
      await asked;
      return 0;
    }
    const work = demonstrate(system, startedMs);
    const ok = await Promise.race([work, asked.then(() => undefined)]);
    if (ok === undefined) return 130;
    if (!once) {
      console.log('The system stays up; Ctrl-C stops it.');
      await asked;
    }
    return ok ? 0 : 1;
  } finally {
    await system.stop();
  }
};

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  },
);
