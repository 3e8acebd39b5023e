import { isDeepStrictEqual, inspect } from 'node:util';
import { type Decider, fold } from '@tallywatt/decider';

/** What may be said of a decision. */
export type Outcome<Event, Reason extends string = string> = Readonly<{
  /** The command was accepted with exactly these events, in this order. */
  then(...events: Event[]): void;
  thenIgnored(reason: Reason): void;
  thenRefused(reason: Reason): void;
}>;

// Not JSON: domain values hold bigint, which JSON.stringify throws on.
const shown = (value: unknown): string => inspect(value, { depth: 12, breakLength: 100 });

const expectSame = (actual: unknown, expected: unknown): void => {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`expected the decision\n  ${shown(expected)}\nbut it was\n  ${shown(actual)}`);
};

/** Given these events, when this command comes, then this is decided: all a decider's test says. */
export const specification = <Command, State, Event, Reason extends string>(
  decider: Decider<Command, State, Event, Reason>,
) => ({
  given: (...history: Event[]) => ({
    when: (command: Command): Outcome<Event, Reason> => {
      const decision = decider.decide(command, fold(decider, history));
      // A refusal's detail is for people to read and is not part of the promise.
      const plain =
        decision.kind === 'refused' ? { kind: decision.kind, reason: decision.reason } : decision;
      return {
        then: (...events) => expectSame(plain, { kind: 'accepted', events }),
        thenIgnored: (reason) => expectSame(plain, { kind: 'ignored', reason }),
        thenRefused: (reason) => expectSame(plain, { kind: 'refused', reason }),
      };
    },
  }),
});
