import { SimulatedChargePoint, type SessionCharged } from '@tallywatt/charge-point-simulator';
import { OperatorApi } from './api';
import { collectEvidence, findSessionId, findSubject, type SessionEvidence } from './evidence';
import { until } from './patience';
import { scenarios, type Scenario } from './scenarios';
import { chargePointPassword, issueToken, publishTariffs, registerChargePoint } from './setup';
import type { System } from './system';
import { berlinInstant, latestTuesday } from './virtual-day';

/** Virtual seconds a real second has: an hour of charging takes six seconds. */
const speed = 600;
const hopTimeoutMs = 60_000;

export type ScenarioResult = Readonly<{
  scenario: string;
  sessionId: string | null;
  ok: boolean;
  faults: readonly string[];
  status: string | null;
  outcome: string | null;
  billedMinor: string | null;
  capturedMinor: string | null;
  refundedMinor: string | null;
  receivableMinor: string | null;
}>;

type Running = Readonly<{ scenario: Scenario; sessionId: string; outcome: SessionCharged }>;

/** Tells runs on the same data apart: another register makes another session. */
const runRegisterWh = (): bigint => BigInt(Math.floor(Date.now() / 1_000) % 50_000_000);

const chargePointId = (scenario: Scenario): string => `DEMO-${scenario.name}`;
const tokenUid = (scenario: Scenario): string =>
  `DEMO${scenario.name.replaceAll('-', '').toUpperCase()}`.slice(0, 20);

/** Runs one session on its own simulated charger and follows it until it is paid for. */
const runScenario = async (
  system: System,
  api: OperatorApi,
  scenario: Scenario,
): Promise<Running> => {
  const id = chargePointId(scenario);
  await registerChargePoint(api, id, scenario.tariff);
  await issueToken(api, {
    uid: tokenUid(scenario),
    paymentMethod: scenario.paymentMethod,
    ...(scenario.membership === undefined ? {} : { membership: scenario.membership }),
  });
  const startAt = berlinInstant(latestTuesday(new Date()), scenario.startsAt);
  const charger = new SimulatedChargePoint({
    url: system.addresses.ocpp,
    id,
    password: chargePointPassword,
    ...(scenario.ocppVersion === undefined ? {} : { ocppVersion: scenario.ocppVersion }),
    connectors: [{ id: 1, powerKwMax: 22, registerWh: runRegisterWh() }],
    virtualClock: { start: new Date(startAt.getTime() - 60_000).toISOString(), speed },
  });
  await charger.connect();
  try {
    const outcome = await charger.runSession({
      connectorId: 1,
      idTag: tokenUid(scenario),
      startAt,
      ...scenario.session,
    });
    if (!outcome.started)
      throw new Error(`the session was not started: ${outcome.authorizeStatus}`);
    const sessionId = await until(
      `${scenario.name}: the session at the gateway`,
      () => findSessionId(api, id, outcome.transactionId),
      hopTimeoutMs,
    );
    return { scenario, sessionId, outcome };
  } finally {
    await charger.disconnect();
  }
};

/** Waits for money: captured, or owed. */
const untilPaid = ({ scenario, sessionId }: Running, api: OperatorApi): Promise<unknown> =>
  until(
    `${scenario.name}: payment`,
    async () => {
      const subject = await findSubject(api, sessionId);
      const paid = BigInt(subject.capturedMinor) + BigInt(subject.receivableMinor);
      return paid > 0n && paid >= BigInt(subject.billedMinor) ? true : undefined;
    },
    hopTimeoutMs,
  );

const refund = async (running: Running, api: OperatorApi): Promise<void> => {
  const { scenario, sessionId } = running;
  if (scenario.refundMinor === undefined) return;
  await api.post('paymentCapture', '/v1/refunds', {
    sessionId,
    amountMinor: scenario.refundMinor.toString(),
    reason: 'requested by the driver',
  });
  await until(
    `${scenario.name}: refund`,
    async () => {
      const subject = await findSubject(api, sessionId);
      return BigInt(subject.refundedMinor) === scenario.refundMinor ? true : undefined;
    },
    hopTimeoutMs,
  );
};

/** Lets the sandbox live through the days that settlement and payout take. */
const passDays = async (system: System, days: number): Promise<void> => {
  const response = await fetch(`${system.addresses.stripeSandbox}/_sandbox/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advanceSeconds: days * 86_400 }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`the sandbox's clock answered ${await response.text()}`);
};

const judge = async (
  running: Running,
  api: OperatorApi,
): Promise<[ScenarioResult, SessionEvidence]> => {
  const { scenario, sessionId, outcome } = running;
  await until(
    `${scenario.name}: reconciliation`,
    async () => {
      const subject = await findSubject(api, sessionId);
      return subject.status === 'reconciled' || subject.status === 'discrepant' ? true : undefined;
    },
    hopTimeoutMs,
  );
  const evidence = await collectEvidence(api, sessionId);
  const { subject } = evidence;
  const faults = [
    ...(subject.status === 'reconciled' ? [] : [`reconciliation says ${subject.status}`]),
    ...scenario.faults(evidence, outcome),
  ];
  return [
    {
      scenario: scenario.name,
      sessionId,
      ok: faults.length === 0,
      faults,
      status: subject.status,
      outcome: subject.outcome,
      billedMinor: subject.billedMinor,
      capturedMinor: subject.capturedMinor,
      refundedMinor: subject.refundedMinor,
      receivableMinor: subject.receivableMinor,
    },
    evidence,
  ];
};

const failed = (scenario: Scenario, sessionId: string | null, error: unknown): ScenarioResult => ({
  scenario: scenario.name,
  sessionId,
  ok: false,
  faults: [String(error)],
  status: null,
  outcome: null,
  billedMinor: null,
  capturedMinor: null,
  refundedMinor: null,
  receivableMinor: null,
});

/**
 * Runs a session of every kind, lets the money settle, and says of each whether it ended as
 * expected. A scenario that fails does not keep the others from being judged.
 */
export const runDemonstration = async (
  system: System,
  print: (line: string) => void,
  show: (scenario: Scenario, evidence: SessionEvidence) => void,
): Promise<readonly ScenarioResult[]> => {
  const api = new OperatorApi(system.addresses, system.operatorToken);
  await publishTariffs(api);
  const attempts = await Promise.all(
    scenarios.map(async (scenario): Promise<Running | ScenarioResult> => {
      let sessionId: string | null = null;
      try {
        const running = await runScenario(system, api, scenario);
        sessionId = running.sessionId;
        await untilPaid(running, api);
        await refund(running, api);
        return running;
      } catch (error) {
        return failed(scenario, sessionId, error);
      }
    }),
  );
  print('-- the processor settles: six days pass in the sandbox --');
  await passDays(system, 6);
  return Promise.all(
    attempts.map(async (attempt) => {
      if ('ok' in attempt) return attempt;
      try {
        const [result, evidence] = await judge(attempt, api);
        show(attempt.scenario, evidence);
        return result;
      } catch (error) {
        return failed(attempt.scenario, attempt.sessionId, error);
      }
    }),
  );
};
