/**
 * What a decider answers to a command. A closed set, so callers can switch without a default.
 * `accepted` carries the facts to append; `ignored` says the command changes nothing (a duplicate,
 * a late resend); `refused` says it cannot apply. Reasons are kebab-case literals.
 */
export type Decision<Event, Reason extends string = string> =
  | Readonly<{ kind: 'accepted'; events: readonly Event[] }>
  | Readonly<{ kind: 'ignored'; reason: Reason }>
  | Readonly<{ kind: 'refused'; reason: Reason; detail?: string }>;

/** A stream's behaviour: `decide` never throws for a business reason, `evolve` never skips. */
export type Decider<Command, State, Event, Reason extends string = string> = Readonly<{
  initial: State;
  decide: (command: Command, state: State) => Decision<Event, Reason>;
  evolve: (state: State, event: Event) => State;
}>;

/** The command is carried out: these events happened, in this order. */
export const accept = <const Events extends readonly unknown[]>(
  ...events: Events
): Readonly<{ kind: 'accepted'; events: readonly Events[number][] }> => ({
  kind: 'accepted',
  events,
});

/** The command was already carried out, or does not matter any more. */
export const ignore = <const Reason extends string>(
  reason: Reason,
): Readonly<{ kind: 'ignored'; reason: Reason }> => ({ kind: 'ignored', reason });

/** The command cannot apply; `detail` is a sentence for whoever reads the log. */
export const refuse = <const Reason extends string>(
  reason: Reason,
  detail?: string,
): Readonly<{ kind: 'refused'; reason: Reason; detail?: string }> =>
  detail === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, detail };

/** The state after all events, oldest first. */
export const fold = <Command, State, Event, Reason extends string>(
  decider: Decider<Command, State, Event, Reason>,
  events: Iterable<Event>,
  from: State = decider.initial,
): State => {
  let state = from;
  for (const event of events) state = decider.evolve(state, event);
  return state;
};

/** A branch the type system proves empty; reached only when data lied about its type. */
export class UnreachableCase extends Error {
  readonly code = 'unreachable-case';

  constructor(value: unknown) {
    super(`no branch handles ${describe(value)}`);
    this.name = 'UnreachableCase';
  }
}

/** Ends an exhaustive switch: a new case in a union fails to compile here. */
export const unreachable = (value: never): never => {
  throw new UnreachableCase(value);
};

// JSON.stringify alone throws on bigint, which domain values are full of.
const describe = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  ) ?? String(value);
