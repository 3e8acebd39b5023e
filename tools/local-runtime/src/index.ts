export { createDatabase, databaseUrl } from './database';
export type { KafkaServer } from './kafka-server';
export type { SecuredKafka } from './kafka-security';
export { type LocalRuntime, type RuntimeOptions, startLocalRuntime } from './local-runtime';
export { freePort } from './port';
export type { PostgresServer } from './postgres-server';
