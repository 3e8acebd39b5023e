/**
 * Every topic of the log: what creates them locally, what the Kubernetes resources are generated
 * from and what the docs list. Partition counts are fixed at birth: a key must never move.
 */
export type TopicDefinition = Readonly<{
  name: string;
  owner: string;
  /** What the record key is, after the CPO id and a slash. */
  key: string;
  partitions: number;
  /** -1 keeps records for ever: the log is the system of record. */
  retentionMs: number;
  about: string;
}>;

const forever = -1;
const dayMs = 24 * 60 * 60 * 1000;

const topic = <Name extends string>(
  name: Name,
  owner: string,
  key: string,
  about: string,
  partitions = 6,
  retentionMs = forever,
) => ({ name, owner, key, partitions, retentionMs, about }) as const;

export const topics = [
  topic('charging.registry.v1', 'ocpp-gateway', 'charge point id', 'which charge points exist', 3),
  topic('charging.sessions.v1', 'ocpp-gateway', 'session id', 'what happened in one session'),
  topic('charging.orphans.v1', 'ocpp-gateway', 'charge point id', 'facts without a session', 3),
  topic('charging.stations.v1', 'ocpp-gateway', 'charge point id', 'connections, boots, statuses'),
  topic('charging.frames.v1', 'ocpp-gateway', 'charge point id', 'what was said, frame by frame'),
  topic(
    'charging.commands.v1',
    'ocpp-gateway',
    'charge point id',
    'remote commands and answers',
    3,
  ),
  topic(
    'access.accounts.v1',
    'authorization',
    'driver, token or fleet reference',
    'drivers, tokens and fleets',
    3,
  ),
  topic('access.decisions.v1', 'authorization', 'token reference', 'who may charge, and why'),
  topic('access.entitlements.v1', 'authorization', 'driver reference', 'membership tiers', 3),
  topic(
    'access.allowances.v1',
    'authorization',
    'driver or fleet reference and month',
    'included energy, drawn and returned',
  ),
  topic('pricing.tariffs.v1', 'pricing-engine', 'tariff id', 'tariff versions, assignments', 3),
  topic('pricing.cdrs.v1', 'pricing-engine', 'session id', 'priced sessions'),
  topic(
    'pricing.fleet-fees.v1',
    'pricing-engine',
    'fleet reference',
    'monthly fees of fleet plans',
    3,
  ),
  // Nothing rests on what a session would have cost: the only records that expire.
  topic(
    'pricing.estimates.v1',
    'pricing-engine',
    'session id',
    'what running sessions would cost now',
    6,
    7 * dayMs,
  ),
  topic(
    'payments.payments.v1',
    'payment-capture',
    'payment id',
    'asked of and said by the processor',
  ),
  topic('payments.settlements.v1', 'payment-capture', 'processor object id', 'balance and payouts'),
  topic('ledger.journal.v1', 'ledger', 'session or document id', 'the books'),
  topic(
    'reconciliation.findings.v1',
    'reconciliation',
    'subject id',
    'what agrees and what does not',
  ),
] as const satisfies readonly TopicDefinition[];

export type TopicName = (typeof topics)[number]['name'];

const retentions: ReadonlyMap<string, number> = new Map(
  topics.map(({ name, retentionMs }) => [name, retentionMs]),
);

/** How long a topic keeps its records, in milliseconds; undefined: for ever. */
export const keptMs = (name: TopicName): number | undefined => {
  const retentionMs = retentions.get(name) ?? forever;
  return retentionMs === forever ? undefined : retentionMs;
};

/** Where records of a topic go that a consumer cannot take; partitions as the topic's. */
export const parkedTopic = (name: string): string => `${name}.parked`;

/** Every topic that has to exist, the parked ones included. */
export const allTopicDefinitions: readonly TopicDefinition[] = topics.flatMap((definition) => [
  definition,
  {
    ...definition,
    name: parkedTopic(definition.name),
    about: `records of ${definition.name} that a consumer could not take`,
  },
]);
