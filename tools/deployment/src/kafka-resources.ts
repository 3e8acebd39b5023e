import { allTopicDefinitions, parkedTopic, topics } from '@tallywatt/contracts';
import type { Permission } from '@tallywatt/event-log';
import { type DeployedService, deployedServices } from './services';

/** The cluster of k8s/base/kafka/cluster.yaml. */
const cluster = 'tallywatt';
const apiVersion = 'kafka.strimzi.io/v1';
const metadata = (name: string) => ({ name, labels: { 'strimzi.io/cluster': cluster } });

/** Strimzi's KafkaTopic for every topic of the log, the parked ones included. */
export const kafkaTopics = () =>
  allTopicDefinitions.map(({ name, partitions, retentionMs }) => ({
    apiVersion,
    kind: 'KafkaTopic',
    metadata: metadata(name),
    spec: {
      partitions,
      replicas: 3,
      config: {
        'cleanup.policy': 'delete',
        'min.insync.replicas': 2,
        'retention.ms': retentionMs,
      },
    },
  }));

type Operation = Permission['operations'][number];
type Acl = Omit<Permission, 'user'>;

const onTopic = (name: string, ...operations: Operation[]): Acl => ({
  resource: { type: 'topic', name, patternType: 'literal' },
  operations,
});
const onGroups = (prefix: string): Acl => ({
  resource: { type: 'group', name: prefix, patternType: 'prefix' },
  operations: ['Read', 'Describe'],
});

/**
 * What a service may do: write and read its own topics (a new database adopts its streams from
 * them), read those it consumes, and copy what it cannot take to the parked topic beside each. The
 * names of its groups begin with its own.
 */
const serviceAcls = ({ name, reads }: DeployedService): Acl[] => {
  const owned = topics.filter(({ owner }) => owner === name).map((definition) => definition.name);
  return [
    ...owned.map((topic) => onTopic(topic, 'Read', 'Write', 'Describe')),
    ...reads.map((topic) => onTopic(topic, 'Read', 'Describe')),
    ...[...owned, ...reads].map((topic) => onTopic(parkedTopic(topic), 'Write', 'Describe')),
    onGroups(name),
    // Its rebuild reads in groups of this name.
    ...(name === 'ledger' ? [onGroups('replay')] : []),
  ];
};

/** Reads everything and writes nothing: `backbone audit`, `rebuild`, `topics`, `ledger export`. */
const auditorAcls: readonly Acl[] = [
  ...allTopicDefinitions.map(({ name }) => onTopic(name, 'Read', 'Describe', 'DescribeConfigs')),
  onGroups('log-scan'),
  onGroups('replay'),
  // Other programs, as kcat with -G audit-....
  onGroups('audit'),
];

const aclsByUser: readonly (readonly [string, readonly Acl[]])[] = [
  ...deployedServices.map((service) => [service.name, serviceAcls(service)] as const),
  ['auditor', auditorAcls],
];

/** What every user of the log may do, for a cluster of any kind. */
export const permissions: readonly Permission[] = aclsByUser.flatMap(([user, acls]) =>
  acls.map((acl) => ({ user, ...acl })),
);

/** Strimzi's KafkaUser for every service, and one for people who only read. */
export const kafkaUsers = () =>
  aclsByUser.map(([name, acls]) => ({
    apiVersion,
    kind: 'KafkaUser',
    metadata: metadata(name),
    spec: {
      authentication: { type: 'scram-sha-512' },
      authorization: { type: 'simple', acls },
    },
  }));
