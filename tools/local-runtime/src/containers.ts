import type { KafkaServer } from './kafka-server';
import { freePort } from './port';
import type { PostgresServer } from './postgres-server';

const noEngine = (error: unknown): Error =>
  new Error(
    'TESTCONTAINERS=1 is set, but the containers could not be started ' +
      `(${error instanceof Error ? error.message : String(error)}). Start a Docker engine, or ` +
      'unset TESTCONTAINERS to run Kafka and PostgreSQL without one.',
    { cause: error },
  );

const notHere = (): never => {
  throw new Error('Servers in containers are not signalled; unset TESTCONTAINERS for this test.');
};

/** Kafka in a container, on a port of this machine that it also advertises. */
export const startKafkaContainer = async (): Promise<KafkaServer> => {
  const port = await freePort();
  try {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer('apache/kafka:4.1.0')
      .withExposedPorts({ container: port, host: port })
      .withEnvironment({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
        KAFKA_LOG_RETENTION_MS: '-1',
      })
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .start();
    return {
      pid: undefined,
      port,
      start: () => container.restart(),
      stop: async () => void (await container.stop()),
      kill: async () => notHere(),
      freeze: async () => notHere(),
      thaw: notHere,
    };
  } catch (error) {
    throw noEngine(error);
  }
};

/** PostgreSQL in a container, with the URL of its superuser. */
export const startPostgresContainer = async (): Promise<PostgresServer & { url: string }> => {
  try {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    const container = await new PostgreSqlContainer('postgres:18')
      .withCommand(['-c', 'max_connections=300'])
      .start();
    return {
      pid: undefined,
      port: container.getPort(),
      url: container.getConnectionUri(),
      start: () => container.restart(),
      stop: async () => void (await container.stop()),
      stopNow: async () => notHere(),
    };
  } catch (error) {
    throw noEngine(error);
  }
};
