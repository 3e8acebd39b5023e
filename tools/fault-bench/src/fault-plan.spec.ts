import { faultKinds, planFaults } from './fault-plan';
import { allNamedSteps } from './named-steps';

const long = { seed: 'spec', seconds: 1_200 };

describe('a plan of faults', () => {
  it('follows from its seed alone', () => {
    expect(planFaults(long)).toEqual(planFaults(long));
    expect(planFaults({ ...long, seed: 'other' })).not.toEqual(planFaults(long));
  });

  it('has every kind and every named step when it is long', () => {
    const planned = planFaults(long);
    expect(new Set(planned.map(({ action }) => action.kind))).toEqual(new Set(faultKinds));
    const steps = planned.flatMap(({ action }) =>
      action.kind === 'crash-at-step'
        ? action.steps.map(({ step }) => `${action.service} ${step}`)
        : [],
    );
    expect(new Set(steps)).toEqual(
      new Set(allNamedSteps.map(({ service, step }) => `${service} ${step}`)),
    );
  });

  it('lets a service die a few times in a row, not at one step again', () => {
    for (const { action } of planFaults(long)) {
      if (action.kind !== 'crash-at-step') continue;
      const steps = action.steps.map(({ step }) => step);
      expect(steps.length).toBeLessThanOrEqual(3);
      expect(new Set(steps).size).toBe(steps.length);
    }
  });

  it('lets each kind of four minutes happen alone, or beside others', () => {
    const planned = planFaults({ ...long, seconds: 240 });
    const alone = planned.filter(({ line }) => line === 'alone');
    expect(alone.length).toBeGreaterThan(3);
    expect(planned.length).toBeGreaterThan(alone.length);
    for (const { atSeconds } of alone) expect(atSeconds).toBeLessThan(60);
  });

  it('has only the kinds that are asked for', () => {
    const planned = planFaults({ ...long, kinds: ['kill', 'webhook-late'] });
    expect(new Set(planned.map(({ action }) => action.kind))).toEqual(
      new Set(['kill', 'webhook-late']),
    );
  });

  it('leaves services alone that are not asked for', () => {
    const services = ['ocpp-gateway', 'ledger'] as const;
    const planned = planFaults({ ...long, kinds: ['kill', 'crash-at-step'], services });
    const struck = planned.map(({ action }) => ('service' in action ? action.service : undefined));
    expect(new Set(struck)).toEqual(new Set(services));
  });

  it('begins nothing in the last seconds', () => {
    for (const { atSeconds } of planFaults(long)) expect(atSeconds).toBeLessThan(1_195);
  });
});
