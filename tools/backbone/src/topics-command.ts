import { allTopicDefinitions } from '@tallywatt/contracts';
import { ensureTopics, inspectTopics, type TopicCondition } from '@tallywatt/event-log';
import { columns, textOption, UsageFault, type Command } from './command';
import { reachableKafka } from './log-access';

const recordsIn = ({ partitions }: TopicCondition): bigint =>
  partitions.reduce((sum, { start, end }) => sum + (end - start), 0n);

const rowOf = (condition: TopicCondition): readonly string[] => [
  condition.name,
  condition.exists ? String(condition.partitions.length) : '-',
  condition.exists ? String(condition.replicationFactor) : '-',
  condition.exists ? recordsIn(condition).toString() : '-',
  condition.partitions.map(({ end }) => end.toString()).join(' '),
  condition.drift.length === 0 ? 'ok' : condition.drift.join('; '),
];

const replicationFactorOf = (text: string): number => {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageFault(`a replication factor is a number from 1 to 99, not '${text}'`);
};

export const topicsCommand: Command = {
  name: 'topics',
  synopsis: '[--create] [--replication-factor <n>] [--json]',
  about: 'Lists every topic: whether it exists, its end offsets, where its settings drifted.',
  help: [
    '',
    '  --create                   creates those that are missing; changes no other',
    '  --replication-factor <n>   for --create; KAFKA_REPLICATION_FACTOR, or 1, if not given',
  ],
  options: { create: { type: 'boolean' }, 'replication-factor': { type: 'string' } },
  positionals: [0, 0],
  run: async ({ addresses, options, env }) => {
    const replicationFactor = replicationFactorOf(
      textOption(options, 'replication-factor') ?? (env['KAFKA_REPLICATION_FACTOR'] || '1'),
    );
    const kafka = await reachableKafka(addresses);
    const look = () => inspectTopics({ ...kafka, definitions: allTopicDefinitions });
    let topics = await look();
    let created: string[] = [];
    if (options['create'] === true) {
      const missing = new Set(topics.filter(({ exists }) => !exists).map(({ name }) => name));
      const definitions = allTopicDefinitions.filter(({ name }) => missing.has(name));
      if (definitions.length > 0) {
        created = await ensureTopics({ ...kafka, definitions, replicationFactor });
        topics = await look();
      }
    }
    const header = ['topic', 'partitions', 'replicas', 'records', 'end offsets', 'state'];
    return {
      hasFindings: topics.some(({ drift }) => drift.length > 0),
      json: { created, topics },
      text: [
        columns([header, ...topics.map(rowOf)]),
        ...(created.length === 0 ? [] : ['', `created: ${created.join(', ')}`]),
      ].join('\n'),
    };
  },
};
