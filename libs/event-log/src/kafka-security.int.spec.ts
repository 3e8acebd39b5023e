import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalRuntime, SecuredKafka } from '@tallywatt/local-runtime';
import { eventually, startTestServers } from '@tallywatt/testing';
import type { Pool } from 'pg';
import type { EventLog } from './event-log-api';
import { readKafkaConnection } from './kafka-environment';
import { connectKafka } from './kafka-client';
import type { KafkaConnection } from './kafka-connection';
import { logEnds } from './log-scan';
import type { Logger } from './observer';
import { grantPermissions } from './permissions';
import { replayTopics } from './replay';
import {
  createTopics,
  openLog,
  openPool,
  prepareDatabase,
  readEffects,
  released,
  sessionsTopic,
  silentLogger,
  writeEffects,
} from './testing/log-stage';
import { probeKafka } from './topic-setup';

// A real broker with TLS, SASL and its own authorizer; nothing of it is imitated.

const patience = { timeoutMs: 60_000, intervalMs: 200 };
const passwords = {
  stage: 'only the stage knows',
  bystander: 'may do nothing',
  auditor: 'reads and no more',
};
let servers: LocalRuntime;
let secured: SecuredKafka;
let folder: string;
const open: EventLog[] = [];
const pools: Pool[] = [];

const connectionOf = (more: Record<string, string>): KafkaConnection =>
  readKafkaConnection({
    KAFKA_BROKERS: secured.saslBrokers,
    KAFKA_TLS: '1',
    KAFKA_CA_FILE: secured.caFile,
    ...more,
  });

const as = (user: string, password: string, mechanism = 'SCRAM-SHA-512'): KafkaConnection =>
  connectionOf({
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: password,
  });

type Line = Readonly<{ level: string; message: string; err: string }>;

const listening = (): { logger: Logger; lines: Line[] } => {
  const lines: Line[] = [];
  const hear = (level: string) => (facts: object, message: string) => {
    const { err } = facts as { err?: Error };
    lines.push({ level, message, err: err?.message ?? '' });
  };
  const logger = {
    debug: hear('debug'),
    info: hear('info'),
    warn: hear('warn'),
    error: hear('error'),
  };
  return { logger, lines };
};

const openAs = async (connection: KafkaConnection, logger: Logger = silentLogger) => {
  const pool = openPool(await servers.createDatabase(`security_${pools.length}`));
  pool.on('error', () => undefined);
  pools.push(pool);
  await prepareDatabase(pool);
  const fatal: Error[] = [];
  const onFatal = (error: Error): void => void fatal.push(error);
  const log = openLog(pool, 'unused', { ...connection, logger, onFatal });
  open.push(log);
  return { log, pool, fatal };
};

const consumeWith = (log: EventLog) =>
  log.consume({ name: 'stage', topics: [sessionsTopic], handle: writeEffects('stage') });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kafka-security-'));
  servers = await startTestServers({ kafkaUsers: passwords });
  secured = servers.kafka.secured as SecuredKafka;
  await createTopics(servers.kafkaBrokers);
  await grantPermissions({
    brokers: servers.kafkaBrokers.split(','),
    permissions: [
      {
        user: 'stage',
        resource: { type: 'topic', name: sessionsTopic, patternType: 'literal' },
        operations: ['Read', 'Write', 'Describe'],
      },
      {
        user: 'stage',
        resource: { type: 'group', name: 'stage', patternType: 'prefix' },
        operations: ['Read', 'Describe'],
      },
      {
        user: 'auditor',
        resource: { type: 'topic', name: sessionsTopic, patternType: 'literal' },
        operations: ['Read', 'Describe'],
      },
    ],
  });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((log) => log.stop()));
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('with the right credentials', () => {
  const certified = async (): Promise<KafkaConnection> => {
    const { certificateFile, keyFile } = await secured.certificateFor('stage');
    return connectionOf({
      KAFKA_BROKERS: secured.certificateBrokers,
      KAFKA_CERTIFICATE_FILE: certificateFile,
      KAFKA_KEY_FILE: keyFile,
    });
  };

  it.each([
    ['SCRAM-SHA-512', () => as('stage', passwords.stage)],
    ['SCRAM-SHA-256', () => as('stage', passwords.stage, 'SCRAM-SHA-256')],
    ['PLAIN', () => as('stage', passwords.stage, 'PLAIN')],
    ['a certificate', certified],
  ])('by %s an event goes all the way', async (how, connect) => {
    const cpoId = how.toLowerCase().replaceAll(' ', '-');
    const { log, pool, fatal } = await openAs(await connect());
    await log.transaction((tx) => log.append(tx, [released(cpoId, 's-1', 'through')]));
    log.startRelay();
    consumeWith(log);
    await eventually(
      async () => expect(await readEffects(pool, 'stage', cpoId)).toEqual({ 's-1': ['through'] }),
      patience,
    );
    await eventually(() => {
      const { relay, consumers } = log.health();
      expect([relay?.refused, consumers[0]?.refused]).toEqual([undefined, undefined]);
    }, patience);
    expect(fatal).toEqual([]);
  });

  it('follows a password file that is rotated, without a restart', async () => {
    const file = join(folder, 'password');
    writeFileSync(file, 'the old one, which Kafka no longer knows\n');
    const connection = connectionOf({
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_USERNAME: 'stage',
      KAFKA_PASSWORD_FILE: file,
    });
    const { log, pool, fatal } = await openAs(connection);
    await log.transaction((tx) => log.append(tx, [released('rotated', 's-1', 'through')]));
    log.startRelay();
    const consumer = consumeWith(log);
    const refused = expect.stringContaining('Kafka does not let user stage in') as string;
    await eventually(
      () =>
        expect([consumer.state().refused, log.health().relay?.refused]).toEqual([refused, refused]),
      patience,
    );
    writeFileSync(file, `${passwords.stage}\n`);
    await eventually(
      async () =>
        expect(await readEffects(pool, 'stage', 'rotated')).toEqual({ 's-1': ['through'] }),
      patience,
    );
    // The consumer may see the record before the relay has noted that it was taken.
    await eventually(
      () =>
        expect([consumer.state().refused, log.health().relay?.refused]).toEqual([
          undefined,
          undefined,
        ]),
      patience,
    );
    expect(fatal).toEqual([]);
  });
});

describe('what Kafka refuses is named, tried again and ends no process', () => {
  const wrongs: [string, string, () => KafkaConnection][] = [
    ['a wrong password', 'does not let user stage in', () => as('stage', 'guessed')],
    ['an unknown user', 'does not let user nobody in', () => as('nobody', 'guessed')],
    [
      'an authority we do not trust',
      "Kafka's certificate is not to be believed",
      () => ({
        ...as('stage', passwords.stage),
        tls: { ca: () => readFileSync(secured.strangerCaFile, 'utf8') },
      }),
    ],
    [
      'a certificate for another name',
      "Kafka's certificate is not to be believed",
      () => {
        const connection = as('stage', passwords.stage);
        return { ...connection, tls: { ...connection.tls, serverName: 'elsewhere.example' } };
      },
    ],
    [
      'no certificate where one is asked for',
      'cannot agree on TLS',
      () => connectionOf({ KAFKA_BROKERS: secured.certificateBrokers }),
    ],
    [
      'a missing permission',
      'does not permit user bystander to',
      () => as('bystander', passwords.bystander),
    ],
  ];

  it.each(wrongs)('%s', async (_, words, connect) => {
    const { logger, lines } = listening();
    const { log, fatal } = await openAs(connect(), logger);
    await log.transaction((tx) => log.append(tx, [released('refused', 's-1', 'waits')]));
    log.startRelay();
    const consumer = consumeWith(log);
    const named = expect.stringContaining(words) as string;
    await eventually(
      () => expect([consumer.state().refused, log.health().relay?.refused]).toEqual([named, named]),
      patience,
    );
    expect(consumer.state().joined).toBe(false);
    const told = lines.filter(({ level, err }) => level === 'error' && err.includes(words));
    expect(told.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['consumer: Kafka refuses', 'relay: cannot publish, will try again']),
    );
    const secrets = [...Object.values(passwords), 'guessed'];
    const text = JSON.stringify(lines);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(fatal).toEqual([]);
  });

  it('and goes on as soon as the permission is there', async () => {
    const { log, pool } = await openAs(as('bystander', passwords.bystander));
    const consumer = log.consume({
      name: 'bystander',
      topics: [sessionsTopic],
      handle: writeEffects('bystander'),
    });
    const grant = (type: 'topic' | 'group', name: string) =>
      grantPermissions({
        brokers: servers.kafkaBrokers.split(','),
        permissions: [
          {
            user: 'bystander',
            resource: { type, name, patternType: 'literal' },
            operations: type === 'topic' ? ['Describe'] : ['Read', 'Describe'],
          },
        ],
      });
    // Joins, and then may not read: the client gives up, and we do not.
    await grant('topic', sessionsTopic);
    await grant('group', 'bystander');
    await eventually(
      () => expect(consumer.state().refused).toMatch(/TOPIC_AUTHORIZATION_FAILED/),
      patience,
    );
    await grantPermissions({
      brokers: servers.kafkaBrokers.split(','),
      permissions: [
        {
          user: 'bystander',
          resource: { type: 'topic', name: sessionsTopic, patternType: 'literal' },
          operations: ['Read'],
        },
      ],
    });
    await eventually(
      async () => expect(await readEffects(pool, 'bystander', 'plain')).toHaveProperty('s-1'),
      patience,
    );
    await eventually(() => {
      expect(consumer.state()).toMatchObject({ joined: true });
      expect(consumer.state().refused).toBeUndefined();
    }, patience);
  });
});

describe('readings that end', () => {
  it('say at once that the password is wrong', async () => {
    const connection = as('auditor', 'guessed');
    expect(await probeKafka(connection)).toEqual({
      reachable: false,
      reason: expect.stringContaining('Kafka does not let user auditor in') as string,
    });
  });

  it('say at once that the group is not permitted, instead of waiting', async () => {
    const reading = replayTopics({
      ...as('auditor', passwords.auditor),
      topics: [sessionsTopic],
      handle: async () => undefined,
    });
    await expect(reading).rejects.toThrow(
      /does not permit user auditor to read charging.sessions.v1 as group replay-.*GROUP_AUTH/,
    );
  });

  it('cannot tell a topic that is not there from one they may not know of', async () => {
    const topics = ['ledger.journal.v1'];
    await expect(logEnds({ ...as('auditor', passwords.auditor), topics })).rejects.toThrow(
      'the cluster has no topic ledger.journal.v1, or does not let this user know of it',
    );
  });

  it('read what they may', async () => {
    const client = connectKafka({
      ...as('auditor', passwords.auditor),
      clientId: 'auditor',
      logger: silentLogger,
    });
    const offsets = await client.admin.offsets(sessionsTopic);
    await client.close();
    expect(offsets.reduce((sum, { end }) => sum + end, 0n)).toBeGreaterThan(0n);
  });
});
