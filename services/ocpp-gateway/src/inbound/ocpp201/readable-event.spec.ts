import { connectorOf } from './evse';
import type { SealSignedValue } from '../../outbound/signed-values';
import { readEvent } from './readable-event';

const markOf = (idToken: string): string => `mark-of-${idToken.length}`;
const sealing =
  (idToken = 'nobody'): SealSignedValue =>
  ({ data, encodingMethod = '' }) => ({
    sealedData: `sealed for ${idToken}`,
    dataMark: `mark of ${data}`,
    encodingMethod,
  });
const said = {
  eventType: 'Ended',
  triggerReason: 'EVDeparted',
  timestamp: '2026-11-21T10:00:00Z',
  seqNo: 3,
  transactionInfo: {
    transactionId: 'TX-1',
    chargingState: 'Idle',
    stoppedReason: 'EVDisconnected',
  },
  evse: { id: 2, connectorId: 1 },
  idToken: { idToken: 'TAG', type: 'ISO14443' },
  meterValue: [
    {
      timestamp: '2026-11-21T10:00:00Z',
      sampledValue: [
        {
          value: 12.345678,
          context: 'Transaction.End',
          unitOfMeasure: { unit: 'Wh', multiplier: 3 },
          signedMeterValue: {
            signedMeterData: 'T0NNRg==',
            signingMethod: '',
            encodingMethod: 'OCMF',
            publicKey: '',
          },
        },
        { value: 3.5, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'kW' } },
      ],
    },
  ],
};
const read = (other: object = {}) => readEvent({ ...said, ...other }, markOf, sealing);

describe('a TransactionEvent', () => {
  it('is read in full', () => {
    expect(read()).toEqual({
      transactionId: 'TX-1',
      idToken: 'TAG',
      isEnd: true,
      isOffline: false,
      event: {
        eventType: 'Ended',
        seqNo: 3,
        happenedAt: '2026-11-21T10:00:00.000Z',
        triggerReason: 'EVDeparted',
        connectorId: 2,
        chargingState: 'Idle',
        stoppedReason: 'EVDisconnected',
        tokenMark: 'mark-of-3',
        readings: [
          {
            readAt: '2026-11-21T10:00:00.000Z',
            context: 'Transaction.End',
            // 12.345678 times 10^3 Wh.
            registerMilliWh: 12_345_678n,
            signedValues: [
              {
                sealedData: 'sealed for TAG',
                dataMark: 'mark of T0NNRg==',
                encodingMethod: 'OCMF',
              },
            ],
          },
          {
            readAt: '2026-11-21T10:00:00.000Z',
            context: 'Sample.Periodic',
            powerMilliW: 3_500_000n,
          },
        ],
        contentHash: expect.any(String),
      },
    });
  });

  it('is the same with what a resend may differ in, and another with other words', () => {
    const hash = read().event?.contentHash;
    const customData = { vendorId: 'V', more: [1] };
    expect(read({ offline: true, customData, reservationId: 7 }).event?.contentHash).toBe(hash);
    for (const other of [{ seqNo: 4 }, { timestamp: '2026-11-21T10:00:01Z' }, { meterValue: [] }]) {
      expect(read(other).event?.contentHash).not.toBe(hash);
    }
  });

  it.each([
    ['a null', { idToken: null }],
    [
      'a state that is none',
      { transactionInfo: { transactionId: 'TX-1', chargingState: 'Parked' } },
    ],
    ['a value that is none', { meterValue: [{ timestamp: 'noon', sampledValue: 'many' }] }],
    ['an EVSE that is none', { evse: { id: 0 } }],
  ])('with %s says the rest', (_, other) => {
    expect(read(other).event).toMatchObject({ eventType: 'Ended', seqNo: 3 });
  });

  it.each([
    ['no number', { seqNo: 'three' }],
    ['a number beyond 32 bits', { seqNo: 2 ** 40 }],
    ['no time', { timestamp: '2026-02-30T10:00:00Z' }],
    ['no type', { eventType: 'Over' }],
    ['no transaction', { transactionInfo: null }],
  ])('with %s is no event that could be placed', (_, other) => {
    expect(read(other).event).toBeUndefined();
  });

  it.each([[undefined], [null], ['text'], [[]], [7]])('%j is none', (params) => {
    expect(readEvent(params, markOf, sealing)).toEqual({ isEnd: false, isOffline: false });
  });

  it('reads a multiplier below zero, and none that no meter can have', () => {
    const register = (multiplier: unknown) => {
      const sample = { value: 12345, unitOfMeasure: { unit: 'Wh', multiplier } };
      const meterValue = [{ timestamp: said.timestamp, sampledValue: [sample] }];
      return read({ meterValue }).event?.readings[0];
    };
    expect(register(-2)).toMatchObject({ registerMilliWh: 123_450n });
    expect(register(null)).toMatchObject({ registerMilliWh: 12_345_000n });
    expect(register(400)).toMatchObject({ implausibleReason: 'unit-unknown' });
    expect(register('x')).toBeUndefined();
  });
});

describe('a connector of an EVSE', () => {
  it.each([
    [1, undefined, 1],
    [2, 1, 2],
    [3, 0, 3],
    [1, 2, 102],
    [4, 3, 403],
  ])('%i/%p is connector %i of the registration', (evseId, connectorId, expected) => {
    expect(connectorOf(evseId, connectorId)).toBe(expected);
  });
});
