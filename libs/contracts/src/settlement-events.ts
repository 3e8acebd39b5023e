import type {
  PayoutMember as PayoutMemberMessage,
  BalanceTransactionAvailable as BalanceTransactionAvailableMessage,
  BalanceTransactionRecorded as BalanceTransactionRecordedMessage,
  PayoutCreated as PayoutCreatedMessage,
  PayoutFailed as PayoutFailedMessage,
  PayoutPaid as PayoutPaidMessage,
} from './gen/tallywatt/payment/v1/payment_events_pb';
import {
  BalanceTransactionAvailableSchema,
  BalanceTransactionRecordedSchema,
  PayoutCreatedSchema,
  PayoutFailedSchema,
  PayoutPaidSchema,
} from './gen/tallywatt/payment/v1/payment_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type PayoutMember = Readable<PayoutMemberMessage>;

export type BalanceTransactionRecorded = EventOf<
  'BalanceTransactionRecorded',
  BalanceTransactionRecordedMessage
>;
export type BalanceTransactionAvailable = EventOf<
  'BalanceTransactionAvailable',
  BalanceTransactionAvailableMessage
>;
export type PayoutCreated = EventOf<'PayoutCreated', PayoutCreatedMessage>;
export type PayoutPaid = EventOf<'PayoutPaid', PayoutPaidMessage>;
export type PayoutFailed = EventOf<'PayoutFailed', PayoutFailedMessage>;

/** Events of `payments.settlements.v1`: movements of the processor's balance. */
export type SettlementEvent =
  | BalanceTransactionRecorded
  | BalanceTransactionAvailable
  | PayoutCreated
  | PayoutPaid
  | PayoutFailed;

export const settlementContracts = {
  BalanceTransactionRecorded: contractOf(
    'payments.settlements.v1',
    BalanceTransactionRecordedSchema,
  ),
  BalanceTransactionAvailable: contractOf(
    'payments.settlements.v1',
    BalanceTransactionAvailableSchema,
  ),
  PayoutCreated: contractOf('payments.settlements.v1', PayoutCreatedSchema),
  PayoutPaid: contractOf('payments.settlements.v1', PayoutPaidSchema),
  PayoutFailed: contractOf('payments.settlements.v1', PayoutFailedSchema),
} as const;
