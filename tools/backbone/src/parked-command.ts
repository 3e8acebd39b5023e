import { serviceNames, type ServiceName } from './addresses';
import { columns, UsageFault, type Command } from './command';
import { callService } from './operator-api';

type ParkedItem = Readonly<{
  consumer: string;
  topic: string;
  key: string;
  partition: number;
  offset: string;
  kind: string;
  reason: string;
  parkedAt: string;
}>;

type FoundItem = ParkedItem & Readonly<{ service: ServiceName }>;

const isService = (text: string): text is ServiceName =>
  (serviceNames as readonly string[]).includes(text);

/** Consumers are named after their service, with a dash and more when it has several. */
export const serviceOfConsumer = (consumer: string): ServiceName | undefined =>
  serviceNames.find((name) => consumer === name || consumer.startsWith(`${name}-`));

const text = (items: readonly FoundItem[]): string =>
  items.length === 0
    ? 'nothing is parked'
    : columns([
        ['consumer', 'topic', 'key', 'place', 'kind', 'parked at', 'reason'],
        ...items.map(({ consumer, topic, key, partition, offset, kind, parkedAt, reason }) => [
          consumer,
          topic,
          key,
          `${partition}@${offset}`,
          kind,
          parkedAt,
          reason,
        ]),
      ]);

export const parkedListCommand: Command = {
  name: 'parked list',
  synopsis: '[--service <name>] [--json]',
  about: 'Lists the records that consumers could not take, of all services or of one.',
  help: ['', 'Asks the services; exits 1 when something is parked.'],
  options: { service: { type: 'string' } },
  positionals: [0, 0],
  run: async ({ addresses, options }) => {
    const { service } = options;
    if (typeof service === 'string' && !isService(service)) {
      throw new UsageFault(`'${service}' is no service; there are ${serviceNames.join(', ')}`);
    }
    const asked = typeof service === 'string' && isService(service) ? [service] : serviceNames;
    const items: FoundItem[] = [];
    for (const name of asked) {
      const answer = await callService<{ items: readonly ParkedItem[] }>(addresses, name, {
        method: 'GET',
        path: '/v1/parked',
      });
      if (!answer.ok) throw new Error(`${name}: ${answer.problem.title}`);
      items.push(...answer.body.items.map((item) => ({ ...item, service: name })));
    }
    return { hasFindings: items.length > 0, json: { items }, text: text(items) };
  },
};

export const parkedReplayCommand: Command = {
  name: 'parked replay',
  synopsis: '<consumer> <topic> <key> [--service <name>] [--json]',
  about: 'Hands everything parked of a key to its consumer again, in order: all of it or nothing.',
  help: [
    '',
    'Its own service does it, in one transaction. Exits 1 when it fails again or nothing is parked.',
    '  --service <name>   for a consumer that is not named after its service',
  ],
  options: { service: { type: 'string' } },
  positionals: [3, 3],
  run: async ({ addresses, options, positionals }) => {
    const [consumer = '', topic = '', key = ''] = positionals;
    const named = options['service'];
    const service =
      typeof named === 'string' && isService(named) ? named : serviceOfConsumer(consumer);
    if (service === undefined || (typeof named === 'string' && !isService(named))) {
      throw new UsageFault(
        `no service has a consumer '${consumer}'; name it with --service <name>`,
      );
    }
    const answer = await callService<{ replayed: number }>(addresses, service, {
      method: 'POST',
      path: '/v1/parked/replay',
      body: { consumer, topic, key },
    });
    if (answer.ok) {
      const { replayed } = answer.body;
      return {
        hasFindings: false,
        json: answer.body,
        text: `${replayed} event${replayed === 1 ? '' : 's'} of ${key} taken by ${consumer}`,
      };
    }
    const { title, detail } = answer.problem;
    return {
      hasFindings: true,
      json: { problem: answer.problem },
      text: `${title}${detail === undefined ? '' : `: ${detail}`}`,
    };
  },
};
