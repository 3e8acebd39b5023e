import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  freePorts,
  OperatorApi,
  publishTariffs,
  serviceNames,
  ServiceProcess,
  startSystem,
  until,
} from '@tallywatt/demonstration';
import { permissions } from '@tallywatt/deployment';
import { grantPermissions } from '@tallywatt/event-log';
import { startLocalRuntime, type LocalRuntime, type SecuredKafka } from '@tallywatt/local-runtime';
import { startBystander } from './bystander';
import { rebuildJournal } from './rebuilding';
import { runProgram } from './run-program';
import { endTestSystem, withLogs, type TestSystem } from './test-system';

// Every service comes as in Kubernetes: by TLS, under its own name, and may do what the KafkaUsers
// generated for k8s/ say and no more. Kafka's own authorizer judges.

const users = [...new Set(permissions.map(({ user }) => user))];
const passwords = Object.fromEntries(users.map((user) => [user, randomBytes(12).toString('hex')]));
const instance = `e2e-permissions-${process.pid}`;
const brokersBefore = process.env['KAFKA_BROKERS'];

let kafka: LocalRuntime | undefined;
let secured: SecuredKafka;
let tested: TestSystem | undefined;

const connectionOf = (user: string): Record<string, string> => ({
  KAFKA_BROKERS: secured.saslBrokers,
  KAFKA_TLS: '1',
  KAFKA_CA_FILE: secured.caFile,
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_USERNAME: user,
  KAFKA_PASSWORD: passwords[user] ?? '',
});

const backbone = join(__dirname, '..', '..', 'backbone', 'bin', 'backbone.js');
const asAuditor = (...words: readonly string[]): Promise<string> =>
  runProgram(process.execPath, [backbone, ...words], {
    environment: { PATH: process.env['PATH'] ?? '', ...connectionOf('auditor') },
    timeoutMs: 180_000,
  });

beforeAll(async () => {
  kafka = await startLocalRuntime({
    instance: `${instance}-kafka`,
    kafkaPort: 0,
    postgres: false,
    ephemeral: true,
    ownServers: true,
    kafkaUsers: passwords,
  });
  secured = kafka.kafka.secured as SecuredKafka;
  await grantPermissions({ brokers: kafka.kafkaBrokers.split(','), permissions });
  // The topics are made by an administrator; services are told another way in.
  process.env['KAFKA_BROKERS'] = kafka.kafkaBrokers;
  const system = await startSystem({
    instance,
    ports: await freePorts(),
    ephemeral: true,
    environment: Object.fromEntries(serviceNames.map((name) => [name, connectionOf(name)])),
  });
  tested = { system, api: new OperatorApi(system.addresses, system.operatorToken) };
  await publishTariffs(tested.api);
});

afterAll(async () => {
  if (tested !== undefined) await endTestSystem(tested);
  await kafka?.stop();
  if (brokersBefore === undefined) delete process.env['KAFKA_BROKERS'];
  else process.env['KAFKA_BROKERS'] = brokersBefore;
});

describe('with the permissions of k8s/', () => {
  it(
    'a session goes from its frame to the payout, and nobody is refused',
    withLogs(
      () => [tested],
      async () => {
        const bystander = await startBystander(tested as TestSystem);
        expect(await bystander.harm()).toEqual([]);
        await bystander.leave();
      },
    ),
  );

  it.each([
    ['topics', /ledger\.journal\.v1 .* ok/],
    ['rebuild --verify --topics-only', /^identical: /m],
    ['ledger export --format hledger', /default/],
  ])('the auditor gets an answer to backbone %s', async (words, answer) => {
    expect(await asAuditor(...words.split(' '))).toMatch(answer);
  });

  it('a service with a wrong password lives, is not ready, and says why', async () => {
    const { system } = tested as TestSystem;
    const service = system.services.reconciliation;
    await service.stop();
    const { program } = service;
    const wrong = new ServiceProcess({
      ...program,
      environment: { ...program.environment, KAFKA_PASSWORD: 'guessed' },
      logFile: join(system.directory, 'logs', 'reconciliation-refused.log'),
    });
    wrong.spawn();
    try {
      const said = await until(
        'readiness says what Kafka refuses',
        async () => {
          const response = await fetch(program.readyUrl);
          const text = await response.text();
          return text.includes('Kafka does not let')
            ? { status: response.status, text }
            : undefined;
        },
        120_000,
      );
      expect(said.status).toBe(503);
      expect(said.text).toContain('Kafka does not let user reconciliation in');
      expect((await fetch(program.readyUrl.replace('ready', 'live'))).status).toBe(200);
    } finally {
      await wrong.stop();
    }
  });

  it('the ledger is rebuilt from the log', async () => {
    const { recorded, rebuilt } = await rebuildJournal((tested as TestSystem).system);
    expect(recorded.length).toBeGreaterThan(0);
    expect(rebuilt).toEqual(recorded);
  });
});
