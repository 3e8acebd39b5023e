import { randomBytes } from 'node:crypto';
import { type LocalRuntime, createDatabase, startLocalRuntime } from '@tallywatt/local-runtime';

/** The variable in which a test run hands its servers' addresses to its processes, as JSON. */
export const testRuntimeVariable = 'TALLYWATT_TEST_RUNTIME';

/** The real servers of a test run. */
export type TestRuntime = Readonly<{
  kafkaBrokers: string;
  /** The superuser's URL without a database. */
  postgresUrl: string;
  /** Creates an empty database that no other test has and returns its URL. */
  createDatabase(): Promise<string>;
}>;

const randomName = (): string => `test_${randomBytes(6).toString('hex')}`;

const fromAddresses = (kafkaBrokers: string, postgresUrl: string): TestRuntime => ({
  kafkaBrokers,
  postgresUrl,
  createDatabase: () => createDatabase(postgresUrl, randomName()),
});

/** Starts servers of a test's own, to be killed and frozen at will. The test has to stop them. */
export const startTestServers = (
  options: {
    kafka?: boolean;
    postgres?: boolean;
    kafkaPort?: number;
    advertisedKafkaPort?: number;
    kafkaUsers?: Readonly<Record<string, string>>;
  } = {},
): Promise<LocalRuntime> =>
  startLocalRuntime({
    kafkaPort: 0,
    postgresPort: 0,
    ...options,
    instance: `test-${process.pid}-${randomBytes(4).toString('hex')}`,
    ephemeral: true,
    ownServers: true,
  });

let started: Promise<TestRuntime> | undefined;

/**
 * The servers shared by the tests of a run: those of TALLYWATT_TEST_RUNTIME if it is set, else some of
 * its own, started at the first call and ended with the process. Names of topics, groups and
 * databases have to be random, since other tests use the same servers.
 */
export const testRuntime = (): Promise<TestRuntime> => {
  started ??= (async () => {
    const given = process.env[testRuntimeVariable];
    if (given !== undefined && given !== '') {
      const { kafkaBrokers, postgresUrl } = JSON.parse(given) as {
        kafkaBrokers?: string;
        postgresUrl?: string;
      };
      if (kafkaBrokers === undefined || postgresUrl === undefined) {
        throw new Error(`${testRuntimeVariable} must be JSON with kafkaBrokers and postgresUrl.`);
      }
      return fromAddresses(kafkaBrokers, postgresUrl);
    }
    const runtime = await startLocalRuntime({
      instance: `test-${process.pid}-${randomBytes(4).toString('hex')}`,
      kafkaPort: 0,
      postgresPort: 0,
      ephemeral: true,
    });
    return fromAddresses(runtime.kafkaBrokers, runtime.postgresUrl);
  })();
  return started;
};
