/** One passage of a built file, and what it becomes. */
export type Passage = Readonly<{
  /** From the root of the workspace. */
  file: string;
  /** Occurs exactly once in the file. */
  text: string;
  replacement: string;
}>;

/** A well-meant mistake, made in the built code while it is loaded. */
export type Mutation = Readonly<{ about: string; passages: readonly Passage[] }>;

export const mutationNames = ['dedupe', 'relay-order', 'early-ack'] as const;
export type MutationName = (typeof mutationNames)[number];

export const mutations: Readonly<Record<MutationName, Mutation>> = {
  dedupe: {
    // The first alone shows nowhere, as every effect is recognised a second time: so two of those
    // recognitions go with it.
    about: 'consumers take records again, and what follows from them is said and held for again',
    passages: [
      {
        file: 'libs/event-log/dist/key-book.js',
        text: "return [{ do: 'drop', record }];",
        replacement: "return [{ do: 'handle', record, wasParked: false }];",
      },
      {
        file: 'libs/event-log/dist/schema.js',
        text: 'WHERE NOT EXISTS (SELECT FROM event_log.outbox o WHERE o.event_id = g.event_id)',
        replacement: 'WHERE true',
      },
      {
        file: 'services/payment-capture/dist/domain/payment.js',
        text: ": (0, decider_1.ignore)('already-preauthorized');",
        replacement:
          ': (0, decider_1.accept)(preauthorizationRequested(command, (payment.attempt ?? 1) + 1));',
      },
    ],
  },
  'relay-order': {
    about: 'the outbox relay goes on after the highest id it has published',
    passages: [
      {
        file: 'libs/event-log/dist/outbox-relay.js',
        text: 'WHERE published_at IS NULL ORDER BY id',
        replacement:
          'WHERE id > coalesce((SELECT max(id) FROM event_log.outbox WHERE published_at IS NOT NULL), 0) ORDER BY id',
      },
    ],
  },
  'early-ack': {
    about: 'the gateway confirms readings and stops at once, and commits them a second later',
    passages: [
      {
        file: 'services/ocpp-gateway/dist/inbound/websocket.js',
        text: 'const result = await (route.isOrdered ? lanes.run((0, charger_connection_1.laneOf)(connection), work) : work());',
        replacement: `const early = action === 'StopTransaction' || action === 'MeterValues';
        const later = async () => {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            return work();
        };
        const task = early ? later : work;
        const working = route.isOrdered ? lanes.run((0, charger_connection_1.laneOf)(connection), task) : task();
        working.catch(() => undefined);
        const result = early ? {} : await working;`,
      },
    ],
  },
};

/** @throws when the passage is not there exactly once: then the mutation proves nothing. */
export const mutated = ({ file, text, replacement }: Passage, source: string): string => {
  const parts = source.split(text);
  if (parts.length !== 2) {
    throw new Error(`mutation: found ${parts.length - 1} times in ${file}, not once: ${text}`);
  }
  return parts.join(replacement);
};

/** The variable that names the mutation to a service process. */
export const mutationVariable = 'FAULT_BENCH_MUTATION';

/** What the hook writes to standard error once the mutated code is loaded. */
export const mutationNotice = (file: string): string => `fault-bench: mutated ${file}`;
