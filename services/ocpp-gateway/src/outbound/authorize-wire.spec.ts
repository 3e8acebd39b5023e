import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { AuthorizeBatchRequestSchema, AuthorizeBatchResponseSchema } from '@tallywatt/contracts';
import { decodeAnswers, encodeSwipes, type SwipePlace } from './authorize-wire';

const place: SwipePlace = {
  cpoId: 'default',
  chargePointId: 'CP-1',
  connectorId: 2,
  tariffId: 'T',
  currency: 'EUR',
  powerWMax: 22_000n,
  locationId: 'Straße 1',
  siteGroups: ['a', 'b'],
  evseGroups: [],
  timeZone: 'Europe/Berlin',
};
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('AuthorizeBatch, written and read by hand', () => {
  it('asks what the contract’s own codec reads', () => {
    const instants = ['2026-11-21T10:00:00.123Z', '1969-12-31T23:59:59.500Z'];
    const swipes = instants.map((at, index) => ({
      swipe: { place, idTag: `Ä-${index}`, at },
      traceparent: index === 0 ? traceparent : undefined,
    }));
    const { questions } = fromBinary(AuthorizeBatchRequestSchema, encodeSwipes(swipes));
    const expected = create(AuthorizeBatchRequestSchema, {
      questions: instants.map((at, index) => ({
        request: {
          ...place,
          siteGroups: ['a', 'b'],
          evseGroups: [],
          purpose: 'authorize',
          idTag: `Ä-${index}`,
          at: timestampFromMs(Date.parse(at)),
        },
        ...(index === 0 ? { traceparent } : {}),
      })),
    });
    expect(questions).toEqual(expected.questions);
  });

  it('reads what the contract’s own codec answers, each outcome in its place', () => {
    const decision = {
      decisionId: 'd',
      status: 'Accepted',
      tokenRef: 't',
      tier: 'retail',
      holdAmountMinor: 5_000n,
      rule: 'retail',
      decidedAt: timestampFromMs(1_000),
    };
    const message = create(AuthorizeBatchResponseSchema, {
      outcomes: [
        { outcome: { case: 'response', value: { decision } } },
        { outcome: { case: 'referred', value: 'no such token' } },
        { outcome: { case: 'response', value: {} } },
        {
          outcome: {
            case: 'response',
            value: {
              decision: { ...decision, status: 'Blocked' },
              expiresAt: timestampFromMs(Date.parse('2030-01-01T00:00:00.000Z')),
              parentIdTag: 'Gruppe Ä',
            },
          },
        },
        {},
      ],
    });
    expect(decodeAnswers(toBinary(AuthorizeBatchResponseSchema, message))).toEqual([
      { decision: { status: 'Accepted' } },
      undefined,
      undefined,
      {
        decision: { status: 'Blocked' },
        expiresAt: '2030-01-01T00:00:00.000Z',
        parentIdTag: 'Gruppe Ä',
      },
      undefined,
    ]);
  });

  it('refuses what is cut off', () => {
    const message = create(AuthorizeBatchResponseSchema, {
      outcomes: [{ outcome: { case: 'response', value: { decision: { status: 'Accepted' } } } }],
    });
    const bytes = toBinary(AuthorizeBatchResponseSchema, message);
    expect(() => decodeAnswers(bytes.subarray(0, -3))).toThrow();
  });
});
