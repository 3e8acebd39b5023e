import type { ServiceName } from '@tallywatt/demonstration';
import { startBenchSystem, type BenchSystem } from './bench-system';
import { ChargePointRun, runVisits } from './charge-point-run';
import { atMost, pause } from './patience';
import { planFaults, type FaultKind, type PlannedFault } from './fault-plan';
import { FaultRun } from './fault-run';
import { judge, type Violation } from './judge';
import { untilMutated } from './mutated-processes';
import type { MutationName } from './mutations';
import { observe, type Observation } from './observation';
import type { FailedSession, RanSession } from './ran-session';
import { verifyRebuild } from './rebuild';
import { Refunds } from './refunds';
import { reportOf, type Report } from './report';
import { passDays } from './sandbox-control';
import { planSessions, type SessionPlan } from './session-plan';
import { untilCollected, untilReconciled, type Settled } from './settling';
import { prepareSite } from './site';

export type BenchOptions = Readonly<{
  seed: string;
  sessions: number;
  minutes: number;
  faults?: readonly FaultKind[];
  /** Of faults that concern one service: only these. */
  services?: readonly ServiceName[];
  mutation?: MutationName;
  instance: string;
  /** How long the system may take to become quiet once the faults are over. */
  settleMinutes: number;
  print: (line: string) => void;
  /** The logs are kept when something is wrong. */
  onEnd?: (system: BenchSystem, report: Report) => void;
}>;

type Ended = Readonly<{ ran: RanSession[]; failed: FailedSession[] }>;

/** The sessions are over some seconds before the faults are, so that those have the last word. */
const sessionShare = 0.94;

const runSessions = async (
  bench: BenchSystem,
  { seed, print, settleMinutes }: BenchOptions,
  { chargePoints, visits }: SessionPlan,
  startedMs: number,
  seconds: number,
): Promise<Ended> => {
  const ran: RanSession[] = [];
  const failed: FailedSession[] = [];
  const refunds = new Refunds(bench);
  let isEnding = false;
  const runs = chargePoints.map((point, index) => ({
    point,
    run: new ChargePointRun({
      bench,
      point,
      index,
      seed,
      onRan: (session) => {
        ran.push(session);
        refunds.request(session);
      },
      onFailed: (session) => failed.push(session),
    }),
  }));
  const all = Promise.all(
    runs.map(({ point, run }) =>
      runVisits(
        run,
        visits.filter(({ chargePointId }) => chargePointId === point.id),
        startedMs,
        () => isEnding,
      ),
    ),
  );
  const limitMs = seconds * 1_000 + settleMinutes * 60_000 - (Date.now() - startedMs);
  await atMost(all, limitMs);
  isEnding = true;
  await Promise.all(runs.map(({ run }) => run.abandon()));
  await all;
  print(`${ran.length} sessions are over after ${secondsSince(startedMs)} s`);
  await refunds.settle(60_000);
  print(`refunds are asked for after ${secondsSince(startedMs)} s`);
  return { ran, failed };
};

const secondsSince = (startedMs: number): string => ((Date.now() - startedMs) / 1_000).toFixed(1);

/** Sessions that were planned and did not come about are no success of anybody. */
const unrunSessions = ({ visits }: SessionPlan, { ran, failed }: Ended): readonly Violation[] => {
  const known = new Set([...ran, ...failed].map(({ plan }) => plan.id));
  return visits
    .flatMap(({ sessions }) => sessions)
    .filter(({ id }) => !known.has(id))
    .map(({ id, kind }) => ({
      kind: 'session-not-run',
      subject: `${id} ${kind}`,
      expected: 'run',
      got: 'no time was left for it',
    }));
};

const unsettled = (what: string, { isSettled, waitingFor }: Settled): readonly Violation[] =>
  isSettled
    ? []
    : [{ kind: 'not-quiet', subject: what, expected: 'quiet in time', got: waitingFor }];

const notDone = (faults: FaultRun): readonly Violation[] =>
  faults.done
    .filter(({ result }) => result === 'failed')
    .map(({ fault, detail }) => ({
      kind: 'fault-failed',
      subject: `fault ${fault.number} ${fault.action.kind}`,
      expected: 'done, and recovered from',
      got: detail ?? '',
    }));

type Judged = Readonly<{
  violations: readonly Violation[];
  seen?: Observation;
  settleSeconds: number;
  rebuild: string;
}>;

const settleAndJudge = async (
  bench: BenchSystem,
  { print, settleMinutes }: BenchOptions,
  ended: Ended,
): Promise<Judged> => {
  const expected = ended.ran.filter(({ delivery }) => delivery !== undefined).length;
  const limitMs = settleMinutes * 60_000;
  const collected = await untilCollected(bench, expected, limitMs);
  print(`collected after ${collected.seconds.toFixed(1)} s; six days pass at the processor`);
  await passDays(bench.system, 6);
  const reconciled = await untilReconciled(bench, expected, collected.isSettled ? limitMs : 20_000);
  print(`reconciled after ${reconciled.seconds.toFixed(1)} s more; rebuilding from the log`);
  const rebuild = await verifyRebuild(bench);
  const seen = await observe(bench);
  return {
    violations: [
      ...unsettled('collection', collected),
      ...unsettled('reconciliation', reconciled),
      ...judge({ ...ended, seen }),
      ...rebuild.violations,
    ],
    seen,
    settleSeconds: collected.seconds + reconciled.seconds,
    rebuild: rebuild.verdict,
  };
};

const runOn = async (
  bench: BenchSystem,
  options: BenchOptions,
  sessionPlan: SessionPlan,
  faultPlan: readonly PlannedFault[],
): Promise<Report> => {
  const { minutes, mutation, print, seed } = options;
  if (mutation !== undefined) await untilMutated(bench.system, mutation);
  await prepareSite(bench.api, sessionPlan);
  const startedMs = Date.now();
  const faults = new FaultRun(bench, print);
  const seconds = minutes * 60;
  const faulting = faults.run(faultPlan, startedMs);
  const sessions = runSessions(bench, options, sessionPlan, startedMs, seconds);
  await pause(seconds * 1_000);
  faults.end();
  await faulting;
  print('no more faults; everything is put back in order');
  await faults.heal();
  const ended = await sessions;
  const judged = await settleAndJudge(bench, options, ended);
  const report = reportOf({
    seed,
    ...(mutation === undefined ? {} : { mutation }),
    sessionPlan,
    faultPlan,
    ...ended,
    faults: faults.done,
    atProcessor: faults.atProcessor,
    ownExits: Object.entries(bench.services).flatMap(([name, { ownExits }]) =>
      ownExits.map(({ code, signal }) => `${name}: code ${code}, signal ${signal}`),
    ),
    resolvedFindings: (judged.seen?.findings ?? [])
      .filter(({ status }) => status !== 'open')
      .map(({ kind, sessionId }) => `${kind} ${sessionId}`),
    settleSeconds: judged.settleSeconds,
    rebuild: judged.rebuild,
    violations: [...notDone(faults), ...unrunSessions(sessionPlan, ended), ...judged.violations],
    runSeconds: (Date.now() - startedMs) / 1_000,
  });
  options.onEnd?.(bench, report);
  return report;
};

/** Runs sessions under faults on a system of its own, lets it become quiet, and judges it. */
export const runBench = async (options: BenchOptions): Promise<Report> => {
  const { faults: kinds, instance, minutes, mutation, print, seed, services, sessions } = options;
  const seconds = minutes * 60;
  const sessionPlan = planSessions({ seed, sessions, seconds: seconds * sessionShare });
  const faultPlan = planFaults({
    seed,
    seconds,
    ...(kinds === undefined ? {} : { kinds }),
    ...(services === undefined ? {} : { services }),
  });
  print(
    `${sessions} sessions at ${sessionPlan.chargePoints.length} chargers and ${faultPlan.length} faults in ${minutes} minutes`,
  );
  const bench = await startBenchSystem({
    instance,
    ...(mutation === undefined ? {} : { mutation }),
    report: print,
  });
  try {
    return await runOn(bench, options, sessionPlan, faultPlan);
  } finally {
    await bench.stop();
  }
};
