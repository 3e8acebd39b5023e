import { planCharge, WATT_MS_PER_WH } from './charge-plan';

const MINUTE_MS = 60_000;

describe('a charge to an amount of energy', () => {
  const plan = planCharge({ curve: 'ac', powerWMax: 11_000, energyWh: 11_000n });

  it('delivers exactly that amount', () => {
    expect(plan.wattMsAt(plan.endsAfterMs)).toBe(11_000n * WATT_MS_PER_WH);
    expect(plan.wattMsAt(plan.endsAfterMs + MINUTE_MS)).toBe(11_000n * WATT_MS_PER_WH);
  });

  it('holds full power, then tapers, then draws nothing', () => {
    expect(plan.powerWAt(30 * MINUTE_MS)).toBe(11_000);
    // 54 min at full power are 9,900 of 11,000 Wh, 90 %: the taper begins.
    expect(plan.powerWAt(53 * MINUTE_MS)).toBe(11_000);
    expect(plan.powerWAt(56 * MINUTE_MS)).toBeLessThan(11_000);
    expect(plan.powerWAt(plan.endsAfterMs)).toBe(0);
  });

  it('sums energy as the integral of power', () => {
    let sum = 0n;
    for (let ms = 0; ms < plan.endsAfterMs; ms += 1_000) {
      const spanMs = Math.min(1_000, plan.endsAfterMs - ms);
      sum += BigInt(plan.powerWAt(ms)) * BigInt(spanMs);
    }
    // The last step is cut to the goal: less than one millisecond of power.
    expect(sum - plan.wattMsAt(plan.endsAfterMs)).toBeLessThan(11_000n);
    expect(sum).toBeGreaterThanOrEqual(plan.wattMsAt(plan.endsAfterMs));
  });

  it('never runs backwards', () => {
    let before = -1n;
    for (let ms = 0; ms <= plan.endsAfterMs + 5_000; ms += 3_700) {
      const now = plan.wattMsAt(ms);
      expect(now >= before).toBe(true);
      before = now;
    }
  });
});

describe('a charge for a time', () => {
  it('ends when the driver leaves', () => {
    const plan = planCharge({ curve: 'dc', powerWMax: 150_000, durationSeconds: 1_800 });
    expect(plan.endsAfterMs).toBe(30 * MINUTE_MS);
    expect(plan.powerWAt(0)).toBe(30_000);
    expect(plan.powerWAt(5 * MINUTE_MS)).toBe(150_000);
    expect(plan.powerWAt(25 * MINUTE_MS)).toBeLessThan(100_000);
    expect(plan.progressAt(15 * MINUTE_MS)).toBe(0.5);
  });

  it('ends at the energy when that comes first', () => {
    const both = { curve: 'ac', powerWMax: 22_000, energyWh: 1_000n } as const;
    const plan = planCharge({ ...both, durationSeconds: 86_400 });
    expect(plan.wattMsAt(plan.endsAfterMs)).toBe(1_000n * WATT_MS_PER_WH);
    expect(plan.endsAfterMs).toBeLessThan(10 * MINUTE_MS);
  });
});

describe('a charge that cannot be', () => {
  it.each([
    [{ curve: 'ac', powerWMax: 11_000 }, 'give energyWh'],
    [{ curve: 'ac', powerWMax: 11_000, energyWh: 0n }, 'above 0'],
    [{ curve: 'ac', powerWMax: 0.5, energyWh: 1n }, 'whole watts'],
    [{ curve: 'ac', powerWMax: 100, energyWh: 1_000_000n }, 'seven days'],
    [{ curve: 'ac', powerWMax: 100, durationSeconds: -1 }, 'duration'],
  ] as const)('%# is refused', (target, message) => {
    expect(() => planCharge(target)).toThrow(message);
  });
});
