import { allNamedSteps } from './named-steps';
import { faultKinds, type PlannedFault } from './fault-plan';
import type { DoneFault } from './fault-run';
import type { Violation } from './judge';
import type { MutationName } from './mutations';
import type { FailedSession, RanSession } from './ran-session';
import { sessionKinds, type SessionPlan } from './session-plan';

export type ReportParts = Readonly<{
  seed: string;
  mutation?: MutationName;
  sessionPlan: SessionPlan;
  faultPlan: readonly PlannedFault[];
  ran: readonly RanSession[];
  failed: readonly FailedSession[];
  faults: readonly DoneFault[];
  atProcessor: Readonly<Record<string, number>>;
  ownExits: readonly string[];
  resolvedFindings: readonly string[];
  settleSeconds: number;
  rebuild: string;
  violations: readonly Violation[];
  runSeconds: number;
}>;

/** What a run has shown, for programs; `textOf` says it to people. */
export type Report = Readonly<{
  seed: string;
  mutation: MutationName | null;
  isClean: boolean;
  verdict: string;
  sessions: Readonly<{ planned: number; over: number; byKind: Readonly<Record<string, number>> }>;
  faults: Readonly<{
    planned: number;
    done: number;
    byKind: Readonly<Record<string, number>>;
    /** How often the processor did what it was told to do wrong, in the sandbox's own words. */
    atProcessor: Readonly<Record<string, number>>;
    /** Named steps at which a service died, as `service step`. */
    stepsReached: readonly string[];
    /** Steps that were tried and not come to in time. */
    stepsMissed: readonly string[];
    /** Steps that no fault was in time for. */
    stepsUntried: readonly string[];
    stepsKnown: number;
  }>;
  /** Services that ended by themselves and were started again. */
  ownExits: readonly string[];
  /** Findings of reconciliation that came and went. */
  resolvedFindings: readonly string[];
  settleSeconds: number;
  runSeconds: number;
  rebuild: string;
  violations: readonly Violation[];
}>;

const counts = <T extends string>(
  names: readonly T[],
  all: readonly T[],
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    names
      .map((name) => [name, all.filter((one) => one === name).length] as const)
      .filter(([, count]) => count > 0),
  );

const stepsThat = (faults: readonly DoneFault[], came: 'reached' | 'missed'): string[] => [
  ...new Set(
    faults.flatMap(({ fault: { action }, crashes }) =>
      action.kind === 'crash-at-step'
        ? (crashes?.[came] ?? []).map((step) => `${action.service} ${step}`)
        : [],
    ),
  ),
];

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;

export const reportOf = (parts: ReportParts): Report => {
  const { faults, mutation, ran, seed, sessionPlan, violations } = parts;
  const done = faults.filter(({ result }) => result === 'done');
  const reached = stepsThat(faults, 'reached');
  const missed = stepsThat(faults, 'missed').filter((step) => !reached.includes(step));
  const known = allNamedSteps.map(({ service, step }) => `${service} ${step}`);
  const planned = sessionPlan.visits.flatMap(({ sessions }) => sessions);
  const kinds = new Set(violations.map(({ kind }) => kind));
  const isClean = violations.length === 0;
  return {
    seed,
    mutation: mutation ?? null,
    isClean,
    verdict: isClean
      ? `CLEAN: seed ${seed}, ${ran.length} sessions, ${done.length} faults, nothing lost, nothing doubled`
      : `FAILED: seed ${seed}, ${violations.length} violations (${[...kinds].join(', ')}) in ${ran.length} sessions under ${done.length} faults`,
    sessions: {
      planned: planned.length,
      over: ran.length,
      byKind: counts(
        sessionKinds,
        ran.map(({ plan }) => plan.kind),
      ),
    },
    faults: {
      planned: parts.faultPlan.length,
      done: done.length,
      byKind: counts(
        faultKinds,
        done.map(({ fault }) => fault.action.kind),
      ),
      atProcessor: parts.atProcessor,
      stepsReached: reached,
      stepsMissed: missed,
      stepsUntried: known.filter((step) => !reached.includes(step) && !missed.includes(step)),
      stepsKnown: known.length,
    },
    ownExits: parts.ownExits,
    resolvedFindings: parts.resolvedFindings,
    settleSeconds: rounded(parts.settleSeconds),
    runSeconds: rounded(parts.runSeconds),
    rebuild: parts.rebuild,
    violations,
  };
};

const table = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const untriedShown = 20;

const stepsText = (faults: Report['faults']): string => {
  const { stepsKnown, stepsMissed, stepsReached, stepsUntried } = faults;
  const untried =
    stepsUntried.length > untriedShown ? `${stepsUntried.length}` : stepsUntried.join(', ');
  return [
    `${stepsReached.length} of ${stepsKnown} died at`,
    ...(stepsMissed.length === 0 ? [] : [`not come to: ${stepsMissed.join(', ')}`]),
    ...(untried === '' ? [] : [`no time for: ${untried}`]),
  ].join('; ');
};

const violationsShown = 60;

export const textOf = (report: Report): string => {
  const { faults, ownExits, resolvedFindings, sessions, violations } = report;
  return [
    '',
    `seed        ${report.seed}${report.mutation === null ? '' : `, mutation ${report.mutation}`}`,
    `sessions    ${sessions.over} of ${sessions.planned}: ${table(sessions.byKind)}`,
    `faults      ${faults.done} of ${faults.planned}: ${table(faults.byKind)}`,
    `processor   ${table(faults.atProcessor)}`,
    `named steps ${stepsText(faults)}`,
    `settling    ${report.settleSeconds} s, of ${report.runSeconds} s in all`,
    `rebuild     ${report.rebuild}`,
    ...(ownExits.length === 0
      ? []
      : [`exits       ${ownExits.length} services ended by themselves: ${ownExits.join('; ')}`]),
    ...(resolvedFindings.length === 0
      ? []
      : [`findings    came and went: ${resolvedFindings.slice(0, 10).join('; ')}`]),
    `violations  ${violations.length}`,
    ...violations
      .slice(0, violationsShown)
      .map(
        ({ kind, subject, expected, got }) =>
          `  ${kind}: ${subject}: expected ${expected}, got ${got} (seed ${report.seed})`,
      ),
    ...(violations.length > violationsShown
      ? [`  ... and ${violations.length - violationsShown} more; --report writes all of them`]
      : []),
    report.verdict,
  ].join('\n');
};
