import { readingsOf, type SampledValue } from './meter-reading';

const readAt = '2026-11-21T10:00:00.000Z';
const read = (...sampledValues: SampledValue[]) => readingsOf([{ readAt, sampledValues }]);

describe('a sampled value', () => {
  it('is the imported energy in Wh, read periodically, when it says nothing else', () =>
    expect(read({ value: '12345' })).toEqual([
      { readAt, context: 'Sample.Periodic', registerMilliWh: 12_345_000n },
    ]));

  it.each([
    ['12.3456', 'kWh', 12_345_600n],
    ['0.1', 'Wh', 100n],
    ['-1', 'Wh', -1_000n],
    ['1.5E2', 'Wh', 150_000n],
    ['9007199254740993', 'Wh', 9_007_199_254_740_993_000n],
    ['0.0123', 'Wh', 12n],
  ])('%s %s is %p mWh exactly (row 12)', (value, unit, registerMilliWh) =>
    expect(read({ value, unit })[0]).toMatchObject({ registerMilliWh }),
  );

  it.each(['', 'NaN', '1,5', '0x10', '9'.repeat(30)])('%p is no number and is kept', (value) =>
    expect(read({ value })).toEqual([
      { readAt, context: 'Sample.Periodic', implausibleReason: 'not-a-number' },
    ]),
  );
});

describe('a meter value', () => {
  it('with a state of charge only has no energy: absent is not zero (row 2)', () =>
    expect(read({ value: '80', measurand: 'SoC', unit: 'Percent' })).toEqual([
      { readAt, context: 'Sample.Periodic', stateOfChargePercent: { unscaled: 80n, scale: 0 } },
    ]));

  it('takes the total where there are phases beside it', () =>
    expect(
      read({ value: '10', phase: 'L1' }, { value: '31' }, { value: '11', phase: 'L2' })[0],
    ).toMatchObject({ registerMilliWh: 31_000n }));

  it('sums phases where there is no total', () =>
    expect(
      read(
        { value: '10', phase: 'L1', measurand: 'Current.Import', unit: 'A' },
        { value: '11.5', phase: 'L2', measurand: 'Current.Import', unit: 'A' },
        { value: '3', measurand: 'Power.Active.Import', unit: 'kW' },
      ),
    ).toEqual([
      { readAt, context: 'Sample.Periodic', currentMilliA: 21_500n, powerMilliW: 3_000_000n },
    ]));

  it('does not take exported energy or signed data for imported energy', () =>
    expect(
      read(
        { value: '99', measurand: 'Energy.Active.Export.Register' },
        { value: 'OCMF|{}|{}', format: 'SignedData' },
      ),
    ).toEqual([{ readAt, context: 'Sample.Periodic' }]));

  it('keeps what the meter signed with the reading of its instant and context (row 21)', () => {
    const sealed = (n: number) => ({ sealedData: `v1:${n}`, dataMark: `mark-${n}` });
    expect(
      read(
        { value: '12', signed: sealed(1) },
        { value: 'OCMF|{}|{}', format: 'SignedData', signed: sealed(2) },
        { value: '13', context: 'Transaction.End', signed: sealed(3) },
      ),
    ).toEqual([
      {
        readAt,
        context: 'Sample.Periodic',
        registerMilliWh: 12_000n,
        signedValues: [sealed(1), sealed(2)],
      },
      {
        readAt,
        context: 'Transaction.End',
        registerMilliWh: 13_000n,
        signedValues: [sealed(3)],
      },
    ]);
  });

  it('has no more than a hundred signed values, and further readings for the rest', () => {
    const sealed = { sealedData: 'v1', dataMark: 'mark' };
    const sample = { value: 'OCMF', format: 'SignedData', signed: sealed };
    const readings = read({ value: '12' }, ...Array.from({ length: 250 }, () => sample));
    expect(readings.map(({ signedValues }) => signedValues?.length)).toEqual([100, 100, 50]);
    expect(readings.map(({ registerMilliWh }) => registerMilliWh)).toEqual([
      12_000n,
      undefined,
      undefined,
    ]);
  });

  it('prefers the outlet to other places', () =>
    expect(
      read({ value: '99', location: 'Inlet' }, { value: '12', location: 'Outlet' })[0],
    ).toMatchObject({ registerMilliWh: 12_000n }));

  it('is one reading for each context', () =>
    expect(
      read({ value: '0', context: 'Transaction.Begin' }, { value: '5', context: 'Sample.Clock' }),
    ).toEqual([
      { readAt, context: 'Transaction.Begin', registerMilliWh: 0n },
      { readAt, context: 'Sample.Clock', registerMilliWh: 5_000n },
    ]));

  it('of a context for each of thousands of samples is grouped in one pass', () => {
    let looked = 0;
    const samples = Array.from({ length: 2_000 }, (_, n) => ({
      value: '1',
      get context(): string {
        looked += 1;
        return `context ${n}`;
      },
    }));
    expect(read(...samples)).toHaveLength(2_000);
    expect(looked).toBeLessThan(10 * samples.length);
  });
});
