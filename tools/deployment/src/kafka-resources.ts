import { allTopicDefinitions, parkedTopic, topics } from '@tallywatt/contracts';
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

type Operation = 'Read' | 'Write' | 'Describe' | 'DescribeConfigs';
type Acl = Readonly<{
  resource: Readonly<{ type: 'topic' | 'group'; name: string; patternType: 'literal' | 'prefix' }>;
  operations: readonly Operation[];
}>;

const onTopic = (name: string, ...operations: Operation[]): Acl => ({
  resource: { type: 'topic', name, patternType: 'literal' },
  operations,
});
const onGroups = (prefix: string): Acl => ({
  resource: { type: 'group', name: prefix, patternType: 'prefix' },
  operations: ['Read', 'Describe'],
});

const user = (name: string, acls: readonly Acl[]) => ({
  apiVersion,
  kind: 'KafkaUser',
  metadata: metadata(name),
  spec: {
    authentication: { type: 'scram-sha-512' },
    authorization: { type: 'simple', acls },
  },
});

/**
 * What a service may do: write and read its own topics (a new database adopts its streams from
 * them), read those it consumes, and copy what it cannot take to the parked topic beside each.
 */
const serviceAcls = ({ name, reads }: DeployedService): Acl[] => {
  const owned = topics.filter(({ owner }) => owner === name).map((definition) => definition.name);
  return [
    ...owned.map((topic) => onTopic(topic, 'Read', 'Write', 'Describe')),
    ...reads.map((topic) => onTopic(topic, 'Read', 'Describe')),
    ...[...owned, ...reads].map((topic) => onTopic(parkedTopic(topic), 'Write', 'Describe')),
    onGroups(name),
    // Rebuilds read in groups of this name.
    onGroups('replay'),
  ];
};

/** Strimzi's KafkaUser for every service, and one for people who only read. */
export const kafkaUsers = () => [
  ...deployedServices.map((service) => user(service.name, serviceAcls(service))),
  user('auditor', [
    ...allTopicDefinitions.map(({ name }) => onTopic(name, 'Read', 'Describe', 'DescribeConfigs')),
    onGroups('audit'),
    onGroups('replay'),
  ]),
];
