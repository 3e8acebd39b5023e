import type { CdrIssued, SessionCostEstimated } from '@tallywatt/contracts';
import { costNumber, costToldBy, replacesCost, showsTheSame } from './session-cost';

const totals = { totalInclTaxMinor: 1_230n, currency: 'EUR', energyMilliWh: 5_000_000n };
const estimated = {
  type: 'SessionCostEstimated',
  cpoId: 'default',
  chargePointId: 'CP-1',
  sessionId: 'S-1',
  ...totals,
  asOf: '2026-11-20T10:10:00.000Z',
  sessionSequence: 4n,
} as SessionCostEstimated;
const issued = {
  ...estimated,
  type: 'CdrIssued',
  closedAt: '2026-11-20T10:30:00.000Z',
} as unknown as CdrIssued;

const running = (sequence: bigint) => costToldBy({ ...estimated, sessionSequence: sequence });
const final = costToldBy(issued);

describe('what a driver is told', () => {
  it('is the newest estimate with its tax', () => {
    expect(running(4n)).toMatchObject({ ...totals, asOf: estimated.asOf, sequence: 4n });
  });

  it('is no estimate of which included energy has not come off', () => {
    expect(costToldBy({ ...estimated, beforeIncludedEnergy: true })).toBeUndefined();
  });

  it('is the first CDR, and none that replaces one', () => {
    expect(final).toMatchObject({ asOf: issued.closedAt, sequence: 'final' });
    expect(costToldBy({ ...issued, replacesCdrId: 'CDR-1' })).toBeUndefined();
  });
});

describe('a cost', () => {
  it.each([
    ['a first', running(4n), undefined, true],
    ['a later', running(5n), running(4n), true],
    ['an earlier', running(3n), running(4n), false],
    ['the same', running(4n), running(4n), false],
    ['a final', final, running(4n), true],
    ['a running after the final', running(9n), final, false],
    ['another final', final, final, false],
  ])('takes the place of another: %s', (_name, one, known, expected) => {
    if (one === undefined) throw new Error('told none');
    expect(replacesCost(one, known)).toBe(expected);
  });

  it('is nothing new where amount and energy are the same', () => {
    const [four, five] = [running(4n), running(5n)];
    if (four === undefined || five === undefined || final === undefined) throw new Error('none');
    expect(showsTheSame(five, four)).toBe(true);
    expect(showsTheSame({ ...five, totalInclTaxMinor: 1_231n }, four)).toBe(false);
    expect(showsTheSame({ ...five, energyMilliWh: 1n }, four)).toBe(false);
    expect(showsTheSame(final, four)).toBe(false);
    expect(showsTheSame(four, undefined)).toBe(false);
  });
});

describe('an amount as JSON', () => {
  it.each([
    [1_230n, 'EUR', '12.3'],
    [1n, 'EUR', '0.01'],
    [0n, 'EUR', '0'],
    [-5n, 'EUR', '-0.05'],
    [500n, 'JPY', '500'],
    [1_234n, 'KWD', '1.234'],
    [99_999_999_999_999n, 'EUR', '999999999999.99'],
  ])('of %s %s is %s', (amountMinor, currency, expected) => {
    expect(JSON.stringify(costNumber(amountMinor, currency))).toBe(expected);
  });

  it('is none where the number would not be exact, or its currency is unknown', () => {
    expect(costNumber(10n ** 16n + 1n, 'EUR')).toBeUndefined();
    expect(costNumber(1n, 'XXQ')).toBeUndefined();
  });
});
