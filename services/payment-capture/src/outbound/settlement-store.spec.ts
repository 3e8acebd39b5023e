import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import type { BalanceMovement } from '../domain/settlement';
import { SettlementStore } from './settlement-store';

const movementOf = (second: number, paymentIntentId: string): BalanceMovement => ({
  balanceTransactionId: `txn_${second}`,
  reportingCategory: 'charge',
  currency: 'EUR',
  amountMinor: 1190n,
  feeMinor: 43n,
  netMinor: 1147n,
  createdAt: `2026-11-21T10:00:0${second}.000Z`,
  availableOn: '2026-11-24T00:00:00.000Z',
  isAvailable: false,
  sourceId: `ch_${second}`,
  paymentIntentId,
  description: '',
});

describe('recording movements', () => {
  it('locks the payments at once, in the order of their ids, before anything is written', async () => {
    const asked: string[] = [];
    const tx = {
      query: async (text: string, values: readonly unknown[]) => {
        asked.push(text.trim().split(' ')[0] ?? '');
        if (!text.includes('FOR UPDATE')) return { rows: [], rowCount: 1 };
        expect(text).toContain('ORDER BY payment_id FOR UPDATE');
        const ids = values[0] as string[];
        const rows = ids.map((id) => ({
          cpo_id: 'default',
          payment_id: `pay-of-${id}`,
          session_id: `session-of-${id}`,
          payment_intent_id: id,
          price: null,
        }));
        return { rows, rowCount: rows.length };
      },
    } as unknown as SqlClient;
    const published: unknown[] = [];
    const eventLog = {
      append: async (_: SqlClient, events: readonly OutgoingEvent[]) => {
        published.push(...events.map(({ event }) => ('paymentId' in event ? event.paymentId : '')));
        return [];
      },
    } as unknown as EventLog;
    const store = new SettlementStore(eventLog, 'default');
    await store.record(tx, [movementOf(2, 'pi_a'), movementOf(1, 'pi_b')]);
    expect(asked).toEqual(['SELECT', 'INSERT', 'INSERT']);
    expect(published).toEqual(['pay-of-pi_b', 'pay-of-pi_a']);
  });
});
