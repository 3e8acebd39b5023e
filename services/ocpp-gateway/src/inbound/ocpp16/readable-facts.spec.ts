import type { SealSignedValue } from '../../outbound/signed-values';
import { readableMeterValues, readableStop } from './readable-facts';

const seal: SealSignedValue = ({ data }) => ({ sealedData: 'sealed', dataMark: `mark of ${data}` });
const sealing = () => seal;
const sound = { transactionId: 7, timestamp: '2026-11-20T10:30:00Z', meterStop: 6_000 };
const facts = {
  transactionId: 7,
  stoppedAt: '2026-11-20T10:30:00.000Z',
  meterStopMilliWh: 6_000_000n,
  stopReason: 'Local',
  readings: [],
};

describe('a faulty StopTransaction', () => {
  it.each([
    ['a fact that the standard does not know', { vendorId: 1 }, {}],
    ['a reason of its own', { reason: 'DriverWentHome' }, { stopReason: 'Other' }],
    ['nulls for what is left out', { idTag: null, reason: null, transactionData: null }, {}],
    ['numbers as texts', { transactionId: '7', meterStop: '6000' }, {}],
    ['a fraction of a Wh', { meterStop: 6_000.5 }, { meterStopMilliWh: 6_000_500n }],
    ['a tag that is too long', { idTag: 'T'.repeat(30) }, { idTag: 'T'.repeat(30) }],
    ['a tag that is no text', { idTag: 5 }, {}],
  ])('is read in full with %s', (_what, words, read) =>
    expect(readableStop({ ...sound, ...words }, sealing)).toEqual({ ...facts, ...read }),
  );

  it.each([
    ['meterStop', 'meterStopMilliWh', [undefined, null, '', 'much', '6 kWh', 1e300, 0.0001, true]],
    ['timestamp', 'stoppedAt', [undefined, null, 'noon', '2026-02-30T10:00:00Z', 1_732_000_000]],
    ['transactionId', 'transactionId', [undefined, null, 'seven', 7.5, {}]],
  ])('with an unreadable %s does not make one up', (name, fact, values) => {
    const { [fact as keyof typeof facts]: _, ...others } = facts;
    for (const value of values) {
      expect(readableStop({ ...sound, [name]: value }, sealing)).toEqual(others);
    }
  });

  it.each([undefined, null, 'stop', [1], 5])('that is %p says nothing', (params) =>
    expect(readableStop(params, sealing)).toEqual({ stopReason: 'Local', readings: [] }),
  );
});

describe('a faulty MeterValues', () => {
  const timestamp = '2026-11-20T10:10:00Z';
  const meterValue = [
    { timestamp, sampledValue: [{ value: 2.5, unit: 'kWh', context: null }] },
    { timestamp: 'noon', sampledValue: [{ value: '3', unit: 'kWh' }] },
    { timestamp, sampledValue: [{ value: '9', unit: 5 }, 'nonsense'] },
    null,
  ];
  const readings = [
    {
      readAt: '2026-11-20T10:10:00.000Z',
      context: 'Sample.Periodic',
      registerMilliWh: 2_500_000n,
    },
  ];

  it('keeps the readings that are sound', () =>
    expect(readableMeterValues({ connectorId: 1, transactionId: '7', meterValue }, seal)).toEqual({
      connectorId: 1,
      transactionId: 7,
      readings,
    }));

  it('is placed by its connector only when it names no transaction', () => {
    const byConnector = { connectorId: 1, transactionId: null, meterValue };
    expect(readableMeterValues(byConnector, seal)).toEqual({ connectorId: 1, readings });
    for (const words of [{ transactionId: 'seven' }, { connectorId: 'one' }]) {
      expect(readableMeterValues({ ...byConnector, ...words }, seal).readings).toEqual([]);
    }
  });
});
