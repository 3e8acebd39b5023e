import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  type Kafka,
  ResourcePatternTypes,
} from 'kafkajs';
import type { Naming } from './kafka-refusal';
import type { LogAdmin } from './log-port';
import type { Permission } from './permissions';

const operationTypes = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
} as const;

const aclsOf = ({ user, resource, operations }: Permission): AclEntry[] =>
  operations.map((operation) => ({
    resourceType: resource.type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: resource.name,
    resourcePatternType:
      resource.patternType === 'prefix'
        ? ResourcePatternTypes.PREFIXED
        : ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: operationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }));

/** Questions to a cluster, over one connection that is opened anew after a failure. */
export const openAdmin = (
  kafka: Kafka,
  naming: Naming,
): { admin: LogAdmin; close: () => Promise<void> } => {
  let connected: Promise<Admin> | undefined;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  };
  const drop = async (): Promise<void> => {
    const dropped = connected;
    connected = undefined;
    await dropped?.then((admin) => admin.disconnect()).catch(() => undefined);
  };
  const ask = async <T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> => {
    try {
      return await question(await (connected ??= connect()));
    } catch (error) {
      await drop(); // the next question gets a fresh connection
      throw naming(error, what);
    }
  };
  const admin: LogAdmin = {
    clusterId: () =>
      ask('describe the cluster', async (client) => (await client.describeCluster()).clusterId),
    offsets: (topic) =>
      ask(`describe ${topic}`, async (client) =>
        (await client.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
          partition,
          start: BigInt(low),
          end: BigInt(high),
        })),
      ),
    partitionCounts: (topics) =>
      ask(`describe ${topics.join(', ')}`, async (client) => {
        const { topics: found } = await client.fetchTopicMetadata({ topics: [...topics] });
        return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
      }),
    topicNames: () => ask('list topics', (client) => client.listTopics()),
    topicDetails: (topic) =>
      ask(`describe the settings of ${topic}`, async (client) => {
        const { resources } = await client.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
        });
        const { topics } = await client.fetchTopicMetadata({ topics: [topic] });
        const entries = resources.flatMap(({ configEntries }) => configEntries);
        return {
          settings: new Map(
            entries.map(({ configName, configValue }) => [configName, configValue]),
          ),
          replicationFactor: topics[0]?.partitions[0]?.replicas.length ?? 0,
        };
      }),
    createTopics: (topics) =>
      ask(`create ${topics.map(({ name }) => name).join(', ')}`, async (client) => {
        await client.createTopics({
          waitForLeaders: true,
          topics: topics.map(({ name, partitions, replicationFactor, settings }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(settings).map(([entry, value]) => ({
              name: entry,
              value,
            })),
          })),
        });
      }),
    grant: (permissions) =>
      ask('change permissions', async (client) => {
        await client.createAcls({ acl: permissions.flatMap(aclsOf) });
      }),
  };
  return { admin, close: drop };
};
