import { isEstimateDue } from './session-estimate';
import {
  closed,
  corrected,
  quarantined,
  reading,
  released,
  started,
  stateChanged,
  stopped,
} from './testing/charging-story';

describe('an estimate is due', () => {
  const read = reading('2026-06-01T13:50:00.000Z', 1_003_000_000n);

  it.each([
    ['a reading', read, true],
    ['a state', stateChanged('2026-06-01T14:00:00.000Z', 'SuspendedEV'), true],
    ['a stop', stopped, true],
    ['a corrected stop', corrected(1_010_000_000n), true],
    ['a release', released('meter-jumped'), true],
    ['a start', started(), false],
    ['a doubt', quarantined('meter-jumped'), false],
    ['a close', closed(), false],
  ])('by %s: %s', (_, fact, isDue) => expect(isEstimateDue([fact], 3n, 2n)).toBe(isDue));

  it('once for a fact, whatever is read again', () => {
    expect(isEstimateDue([read], 3n, 3n)).toBe(false);
    expect(isEstimateDue([read, stopped], 3n, 4n)).toBe(false);
  });

  it('by each of 500 readings, then by fewer, and by a stop at any time', () => {
    const estimated: bigint[] = [];
    for (let sequence = 1n; sequence <= 8_640n; sequence += 1n) {
      const isDue = isEstimateDue([read], sequence, estimated.at(-1) ?? 0n);
      if (isDue) estimated.push(sequence);
    }
    expect(estimated.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, n) => BigInt(n + 1)));
    // 500 + 500 x ln(8640 / 500), less what rounding up saves
    expect(estimated.length).toBeGreaterThan(1_500);
    expect(estimated.length).toBeLessThan(1_925);
    expect(isEstimateDue([read], 8_642n, 8_640n)).toBe(false);
    expect(isEstimateDue([read, stopped], 8_642n, 8_640n)).toBe(true);
  });
});
