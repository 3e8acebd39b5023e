import type { FaultAction } from './fault-plan';
import type { DoneFault } from './fault-run';
import { allNamedSteps } from './named-steps';
import { reportOf, textOf, type Report } from './report';
import { planSessions } from './session-plan';

const doneFault = (
  action: FaultAction,
  more: Partial<Pick<DoneFault, 'result' | 'crashes'>> = {},
): DoneFault => ({
  fault: { number: 1, line: 'alone', atSeconds: 1, action },
  fromSeconds: 1,
  toSeconds: 2,
  result: 'done',
  ...more,
});

const reportWith = (faults: readonly DoneFault[]): Report =>
  reportOf({
    seed: 'spec',
    sessionPlan: planSessions({ seed: 'spec', sessions: 1, seconds: 60 }),
    faultPlan: faults.map(({ fault }) => fault),
    ran: [],
    failed: [],
    faults,
    atProcessor: { 'error-500': 7, 'duplicate-webhook': 3 },
    ownExits: [],
    resolvedFindings: [],
    settleSeconds: 1,
    rebuild: 'identical',
    violations: [],
    runSeconds: 2,
  });

const crash = (...steps: string[]): FaultAction => ({
  kind: 'crash-at-step',
  service: 'ledger',
  steps: steps.map((step) => ({ step, time: 1 })),
});

describe('the report', () => {
  it('says at which steps a service died, which it did not come to and which nobody tried', () => {
    const { faults } = reportWith([
      doneFault(crash('relay.before-send', 'relay.after-send'), {
        crashes: { reached: ['relay.before-send'], missed: ['relay.after-send'] },
      }),
      doneFault(crash('relay.after-mark'), {
        result: 'not-reached',
        crashes: { reached: [], missed: ['relay.after-mark'] },
      }),
      doneFault(crash('relay.after-mark'), {
        crashes: { reached: ['relay.after-mark'], missed: [] },
      }),
    ]);
    expect(faults.stepsReached).toEqual(['ledger relay.before-send', 'ledger relay.after-mark']);
    expect(faults.stepsMissed).toEqual(['ledger relay.after-send']);
    expect(faults.stepsUntried).toHaveLength(allNamedSteps.length - 3);
    expect(faults.stepsKnown).toBe(allNamedSteps.length);
  });

  it('counts faults of processor and webhooks by what was done and by what happened', () => {
    const report = reportWith([
      doneFault({ kind: 'processor-timeout', path: '/v1/*', times: 2 }),
      doneFault({ kind: 'processor-409', path: '/v1/*', times: 2 }),
      doneFault({ kind: 'webhook-shuffled', eventType: '*', delaySeconds: [1, 2] }),
      doneFault({ kind: 'webhook-forged', forgery: 'unsigned' }),
      doneFault({ kind: 'webhook-forged', forgery: 'altered' }, { result: 'not-reached' }),
    ]);
    expect(report.faults.byKind).toEqual({
      'processor-timeout': 1,
      'processor-409': 1,
      'webhook-shuffled': 1,
      'webhook-forged': 1,
    });
    expect(textOf(report)).toContain('processor   error-500 7, duplicate-webhook 3');
  });
});
