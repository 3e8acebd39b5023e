import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import type { PayoutState, ProcessorPayout } from '../domain/settlement';
import type { CreatedSince, Processor } from '../outbound/processor';
import type { SettlementStore } from '../outbound/settlement-store';
import type { WebhookInbox } from '../outbound/webhook-inbox';
import { SettlementSync } from './settlement-sync';

const dayMs = 86_400_000;
const firstDayMs = Date.now() - 10 * dayMs;

/** The payout of a day, paid unless something else is said of it. */
const payoutOf = (day: number, status: ProcessorPayout['status'] = 'paid'): ProcessorPayout => {
  const at = new Date(firstDayMs + day * dayMs).toISOString();
  const amount = { amountMinor: 0n, currency: 'EUR' };
  return { payoutId: `po_${day}`, amount, status, automatic: true, createdAt: at, arrivalAt: at };
};

/** A sync over a processor whose payouts can be changed, and what it has published. */
const syncOver = (payouts: readonly ProcessorPayout[]) => {
  let listed = payouts;
  const published: string[] = [];
  const states = new Map<string, PayoutState>();
  const marks = new Map<string, string>();
  const stateOf = (payoutId: string): PayoutState =>
    states.get(payoutId) ?? { created: false, paid: false, failed: false };
  const looks = { locks: 0 };
  const processor: Partial<Processor> = {
    listMovements: async () => [],
    membersOf: async () => [],
    listPayouts: async ({ since = '' }: CreatedSince) =>
      listed.filter(({ createdAt }) => createdAt >= since),
    readPayout: async (payoutId) =>
      listed.find((payout) => payout.payoutId === payoutId) as ProcessorPayout,
  };
  const settlements: Partial<SettlementStore> = {
    cpoId: 'default',
    pendingUntil: async () => undefined,
    membersOf: async () => [],
    openPayouts: async () =>
      [...states].filter(([, { paid, failed }]) => !paid && !failed).map(([payoutId]) => payoutId),
    payoutStates: async () => states,
    lockPayout: async (_, payoutId) => {
      looks.locks += 1;
      return stateOf(payoutId);
    },
    savePayout: async (_, payoutId, state) => void states.set(payoutId, state),
    readUntil: async (_, list) => marks.get(list),
    setReadUntil: async (_, list, until) => void marks.set(list, until),
  };
  const eventLog = {
    transaction: <T>(work: (tx: SqlClient) => Promise<T>) => work({} as SqlClient),
    append: async (_: SqlClient, events: readonly OutgoingEvent[]) => {
      published.push(
        ...events.map(({ event }) => `${event.type} ${'payoutId' in event ? event.payoutId : ''}`),
      );
      return [];
    },
  };
  const sync = new SettlementSync({
    pool: {} as Pool,
    eventLog: eventLog as unknown as EventLog,
    logger: { error: () => undefined } as unknown as Logger,
    processor: processor as Processor,
    settlements: settlements as SettlementStore,
    inbox: { latestCreated: async () => undefined } as unknown as WebhookInbox,
    observeMismatch: () => undefined,
  });
  return {
    sync,
    published,
    looks,
    change: (payout: ProcessorPayout) => {
      listed = listed.map((one) => (one.payoutId === payout.payoutId ? payout : one));
    },
  };
};

describe('a payout that was paid', () => {
  it('fails days later, although newer payouts have been read since', async () => {
    const { sync, published, change } = syncOver([payoutOf(0), payoutOf(1), payoutOf(2)]);
    await sync.run();
    published.length = 0;
    change(payoutOf(0, 'failed'));
    await sync.run();
    expect(published).toEqual(['PayoutFailed po_0']);
  });

  it('is not looked at again while nothing has changed', async () => {
    const { sync, published, looks } = syncOver([payoutOf(0), payoutOf(1)]);
    await sync.run();
    const before = { published: [...published], locks: looks.locks };
    await sync.run();
    expect({ published, locks: looks.locks }).toEqual(before);
  });
});
