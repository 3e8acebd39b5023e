import type { ExpectedFacts, ExpectedSession, Json } from './corpus-case';
import { differences, filled, type Scope, textOf } from './placeholder';

/** One session as the server under test understood it, in the words of the corpus. */
export type ObservedSession = Readonly<{
  connector: number;
  /** As text, whatever it is on the wire. */
  transactionId: string;
  startedAt: string;
  stoppedAt: string | null;
  startRegisterWh: string;
  stopRegisterWh: string | null;
  energyWh: string | null;
  stopReason: string | null;
  closedBy: string | null;
  closedAt: string | null;
  heldBack: readonly string[];
  conflictingStops: number;
  duplicates: number;
  readings: readonly Json[];
  chargingStates: readonly string[];
  sequenceGaps: readonly Json[];
  signedValues: readonly string[];
}>;

/** All that the server under test knows of the charge point of a case. */
export type ObservedFacts = Readonly<{
  sessions: readonly ObservedSession[];
  orphanStops: number;
  orphanReports: number;
}>;

/** Left out is none, of what keeps a session from being billed as it stands. */
const asTemplate = (expected: ExpectedSession, scope: Scope): Json => {
  const { transactionId, heldBack = [], conflictingStops = 0, ...rest } = expected;
  return {
    ...(rest as Record<string, Json>),
    conflictingStops,
    heldBack: [...heldBack].sort(),
    ...(transactionId === undefined ? {} : { transactionId: textOf(filled(transactionId, scope)) }),
  };
};

const asJson = (session: ObservedSession): Json => ({
  ...session,
  heldBack: [...session.heldBack].sort(),
});

const countFaults = (what: string, expected: number, observed: number): string[] =>
  expected === observed ? [] : [`${observed} ${what} instead of ${expected}`];

/**
 * In what the facts that a server has kept differ from those expected. Sessions are compared in any
 * order: each expected one takes the first that fits it.
 */
export const factFaults = (
  expected: ExpectedFacts,
  observed: ObservedFacts,
  scope: Scope,
): string[] => {
  const left = [...observed.sessions];
  const faults = expected.sessions.flatMap((session, index) => {
    const template = asTemplate(session, scope);
    const found = left.map((one) => differences(template, asJson(one), scope, `session ${index}`));
    const fitting = found.findIndex((misses) => misses.length === 0);
    if (fitting >= 0) {
      left.splice(fitting, 1);
      return [];
    }
    const [closest] = [...found].sort((one, other) => one.length - other.length);
    return closest ?? [`session ${index}: there is none`];
  });
  return [
    ...faults,
    ...countFaults('sessions', expected.sessions.length, observed.sessions.length),
    ...countFaults('orphan stops', expected.orphanStops ?? 0, observed.orphanStops),
    ...countFaults('orphan reports', expected.orphanReports ?? 0, observed.orphanReports),
  ];
};
