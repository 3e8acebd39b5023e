import { connectKafka } from './kafka-client';
import { connectionOf, type KafkaConnection } from './kafka-connection';
import type { Logger } from './observer';

export const operations = ['Read', 'Write', 'Describe', 'DescribeConfigs'] as const;

/** What a user of the cluster may do with a topic or a group; from any address. */
export type Permission = Readonly<{
  user: string;
  resource: Readonly<{ type: 'topic' | 'group'; name: string; patternType: 'literal' | 'prefix' }>;
  operations: readonly (typeof operations)[number][];
}>;

const quiet = (): void => undefined;
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/**
 * Adds permissions to a cluster, whose administrator the connection has to be. Those that are there
 * already stay as they are, and none is taken away.
 */
export const grantPermissions = async (
  options: KafkaConnection & Readonly<{ permissions: readonly Permission[] }>,
): Promise<void> => {
  const client = connectKafka({ ...connectionOf(options), clientId: 'permissions', logger });
  try {
    await client.admin.grant(options.permissions);
  } finally {
    await client.close();
  }
};
