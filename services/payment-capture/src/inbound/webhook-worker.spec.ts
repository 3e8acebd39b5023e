import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import type { PaymentCommand } from '../domain/payment-command';
import type { LockedPayment, PaymentStore } from '../outbound/payment-store';
import type { Processor } from '../outbound/processor';
import type { ClaimedNotice, WebhookInbox } from '../outbound/webhook-inbox';
import type { SettlementSync } from './settlement-sync';
import { WebhookWorker } from './webhook-worker';

const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };

const notice: ClaimedNotice = {
  eventId: 'evt_1',
  type: 'payment_intent.canceled',
  paymentIntentId: 'pi_1',
  createdAt: '2026-11-21T10:00:00.000Z',
  tries: 1,
};

/** What a payment is told when its intent pi_1 is seen canceled, and what was said of it. */
const toldOf = async (payment: Pick<LockedPayment, 'paymentIntentId'>) => {
  const told: PaymentCommand[] = [];
  const errors: unknown[] = [];
  const finished: string[] = [];
  const payments: Partial<PaymentStore> = {
    lockPayment: async () => ({
      identity,
      chargePointId: 'CP-1',
      facts: { identity, started: true },
      ...payment,
    }),
    handle: async (_tx, _locked, commands) => {
      told.push(...commands);
      return { payment: { status: 'absent' }, decisions: [] };
    },
  };
  const inbox: Partial<WebhookInbox> = {
    claim: async () => [notice],
    finish: async (_, eventIds) => void finished.push(...eventIds),
  };
  const processor: Partial<Processor> = {
    observe: async (paymentIntentId) => ({
      paymentIntentId,
      owner: { cpoId: 'default', paymentId: 'pay-1' },
      answers: [{ kind: 'voided' }],
    }),
  };
  await new WebhookWorker({
    pool: {} as Pool,
    eventLog: {
      transaction: <T>(work: (tx: SqlClient) => Promise<T>) => work({} as SqlClient),
    } as unknown as EventLog,
    logger: { error: (facts: unknown) => errors.push(facts) } as unknown as Logger,
    processor: processor as Processor,
    inbox: inbox as WebhookInbox,
    payments: payments as PaymentStore,
    settlement: {} as SettlementSync,
    backOffMaxMs: 1_000,
  }).run();
  return { told, errors, finished };
};

describe('a webhook about an intent', () => {
  it('tells the payment that holds it', async () =>
    expect(await toldOf({ paymentIntentId: 'pi_1' })).toEqual({
      told: [{ type: 'RecordVoid' }],
      errors: [],
      finished: ['evt_1'],
    }));

  it('that names a payment held by another intent tells it nothing, and is reported', async () =>
    expect(await toldOf({ paymentIntentId: 'pi_2' })).toEqual({
      told: [],
      errors: [{ paymentId: 'pay-1', paymentIntentId: 'pi_1', heldBy: 'pi_2' }],
      finished: ['evt_1'],
    }));
});
