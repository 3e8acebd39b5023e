import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import type { BalanceMovement } from '../domain/settlement';
import type { PriceRow } from './price-row';
import { SettlementStore } from './settlement-store';

const movement = (reportingCategory: string, amountMinor: bigint): BalanceMovement => ({
  balanceTransactionId: `txn_${reportingCategory}`,
  reportingCategory,
  currency: 'EUR',
  amountMinor,
  feeMinor: 0n,
  netMinor: amountMinor,
  createdAt: '2026-11-21T10:00:00.000Z',
  availableOn: '2026-11-24T00:00:00.000Z',
  isAvailable: false,
  sourceId: 'src_1',
  paymentIntentId: 'pi_1',
  description: '',
});

const price: PriceRow = {
  cdrId: 'cdr-1',
  amountMinor: '1190',
  currency: 'EUR',
  replacedCdrIds: [],
  issuedAt: '2026-11-21T09:00:00.000Z',
  taxes: [{ rateUnscaled: '19', rateScale: 0, taxableMinor: '1000', taxMinor: '190' }],
};

/** A store whose database knows one payment, by what has been read of its session's CDR. */
const recordWith = async (known: PriceRow | null, recorded: BalanceMovement) => {
  const published: OutgoingEvent[] = [];
  const tx = {
    query: async (text: string) => {
      if (text.includes('FROM payments')) {
        const row = { cpo_id: 'c', payment_id: 'p', session_id: 's', payment_intent_id: 'pi_1' };
        return { rows: [{ ...row, price: known }], rowCount: 1 };
      }
      return { rows: [{ sum: '0' }], rowCount: 1 };
    },
  } as SqlClient;
  const append: EventLog['append'] = async (_, events) => {
    published.push(...events);
    return [];
  };
  await new SettlementStore({ append } as EventLog, 'c').record(tx, [recorded]);
  return published.map(({ event }) => event);
};

describe('a refund', () => {
  it('is published with the tax of its CDR', async () => {
    expect(await recordWith(price, movement('refund', -119n))).toMatchObject([
      { type: 'BalanceTransactionRecorded', taxes: [{ taxableMinor: 100n, taxMinor: 19n }] },
    ]);
  });

  it('waits for its CDR rather than to be published without tax', async () => {
    await expect(recordWith(null, movement('refund', -119n))).rejects.toThrow(
      'waiting for the CDR of session s of c',
    );
  });
});

it('a charge does not wait for the CDR', async () => {
  expect(await recordWith(null, movement('charge', 1_190n))).toMatchObject([
    { type: 'BalanceTransactionRecorded', sessionId: 's', taxes: [] },
  ]);
});
