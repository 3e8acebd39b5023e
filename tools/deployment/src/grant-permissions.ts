import { grantPermissions, readKafkaConnection } from '@tallywatt/event-log';
import { permissions } from './kafka-resources';

// For a cluster without Strimzi, whose operator keeps the permissions of its users by itself.
const run = async (): Promise<void> => {
  await grantPermissions({ ...readKafkaConnection(process.env), permissions });
  const users = new Set(permissions.map(({ user }) => user));
  console.log(`${permissions.length} resources granted to ${[...users].join(', ')}`);
};

run().catch((error: unknown) => {
  console.error(`grant-permissions: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
