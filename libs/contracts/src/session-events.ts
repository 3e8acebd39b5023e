import type {
  ClockCorrection as ClockCorrectionMessage,
  MeterReading as MeterReadingMessage,
  SignedMeterValue as SignedMeterValueMessage,
  ChargingStateChanged as ChargingStateChangedMessage,
  MeterValuesRecorded as MeterValuesRecordedMessage,
  SessionClosed as SessionClosedMessage,
  SessionQuarantined as SessionQuarantinedMessage,
  SessionReleased as SessionReleasedMessage,
  SessionStarted as SessionStartedMessage,
  SessionStopped as SessionStoppedMessage,
  StopConflicted as StopConflictedMessage,
  StopCorrected as StopCorrectedMessage,
  TransactionGapGivenUp as TransactionGapGivenUpMessage,
  TransactionGapHealed as TransactionGapHealedMessage,
  TransactionGapNoticed as TransactionGapNoticedMessage,
} from './gen/tallywatt/session/v1/session_events_pb';
import {
  ChargingStateChangedSchema,
  MeterValuesRecordedSchema,
  SessionClosedSchema,
  SessionQuarantinedSchema,
  SessionReleasedSchema,
  SessionStartedSchema,
  SessionStoppedSchema,
  StopConflictedSchema,
  StopCorrectedSchema,
  TransactionGapGivenUpSchema,
  TransactionGapHealedSchema,
  TransactionGapNoticedSchema,
} from './gen/tallywatt/session/v1/session_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

/** OCPP 2.0.1 part 2, ChargingStateEnumType. */
export const chargingStateValues = [
  'Charging',
  'EVConnected',
  'SuspendedEV',
  'SuspendedEVSE',
  'Idle',
] as const;
export type ChargingState = (typeof chargingStateValues)[number];

/** What ended the billing of a session. */
export const closedByValues = ['stop', 'available', 'next-start', 'time-out', 'cap'] as const;
export type ClosedBy = (typeof closedByValues)[number];

/** Where a reading stood in OCPP 1.6: MeterValues.req or StopTransaction.req transactionData. */
export const reportedInValues = ['meter-values', 'transaction-data'] as const;
export type ReportedIn = (typeof reportedInValues)[number];

export type MeterReading = Readable<MeterReadingMessage>;
/** A value that the meter signed, encrypted. */
export type SignedMeterValue = Readable<SignedMeterValueMessage>;
/** What a charger without a working clock claimed, and what took its place. */
export type ClockCorrection = Readable<ClockCorrectionMessage>;

export type SessionStarted = EventOf<'SessionStarted', SessionStartedMessage>;
export type MeterValuesRecorded = EventOf<
  'MeterValuesRecorded',
  MeterValuesRecordedMessage,
  { readonly reportedIn: ReportedIn }
>;
export type ChargingStateChanged = EventOf<
  'ChargingStateChanged',
  ChargingStateChangedMessage,
  { readonly chargingState: ChargingState }
>;
export type SessionStopped = EventOf<'SessionStopped', SessionStoppedMessage>;
export type SessionClosed = EventOf<
  'SessionClosed',
  SessionClosedMessage,
  { readonly closedBy: ClosedBy }
>;
export type StopConflicted = EventOf<'StopConflicted', StopConflictedMessage>;
export type StopCorrected = EventOf<'StopCorrected', StopCorrectedMessage>;
export type SessionQuarantined = EventOf<'SessionQuarantined', SessionQuarantinedMessage>;
export type SessionReleased = EventOf<'SessionReleased', SessionReleasedMessage>;
export type TransactionGapNoticed = EventOf<'TransactionGapNoticed', TransactionGapNoticedMessage>;
export type TransactionGapHealed = EventOf<'TransactionGapHealed', TransactionGapHealedMessage>;
export type TransactionGapGivenUp = EventOf<'TransactionGapGivenUp', TransactionGapGivenUpMessage>;
/** Events of a transaction that are missing, while later ones have come. */
export type TransactionGapEvent =
  TransactionGapNoticed | TransactionGapHealed | TransactionGapGivenUp;

/** Events of `charging.sessions.v1`: what happened in one charging session. */
export type SessionEvent =
  | SessionStarted
  | MeterValuesRecorded
  | ChargingStateChanged
  | SessionStopped
  | SessionClosed
  | StopConflicted
  | StopCorrected
  | TransactionGapEvent
  | SessionQuarantined
  | SessionReleased;

export const sessionContracts = {
  SessionStarted: contractOf('charging.sessions.v1', SessionStartedSchema),
  MeterValuesRecorded: contractOf('charging.sessions.v1', MeterValuesRecordedSchema, {
    reportedIn: reportedInValues,
  }),
  ChargingStateChanged: contractOf('charging.sessions.v1', ChargingStateChangedSchema, {
    chargingState: chargingStateValues,
  }),
  SessionStopped: contractOf('charging.sessions.v1', SessionStoppedSchema),
  SessionClosed: contractOf('charging.sessions.v1', SessionClosedSchema, {
    closedBy: closedByValues,
  }),
  StopConflicted: contractOf('charging.sessions.v1', StopConflictedSchema),
  StopCorrected: contractOf('charging.sessions.v1', StopCorrectedSchema),
  TransactionGapNoticed: contractOf('charging.sessions.v1', TransactionGapNoticedSchema),
  TransactionGapHealed: contractOf('charging.sessions.v1', TransactionGapHealedSchema),
  TransactionGapGivenUp: contractOf('charging.sessions.v1', TransactionGapGivenUpSchema),
  SessionQuarantined: contractOf('charging.sessions.v1', SessionQuarantinedSchema),
  SessionReleased: contractOf('charging.sessions.v1', SessionReleasedSchema),
} as const;
