import { accountContracts, type AccountEvent } from './account-events';
import { allowanceContracts, type AllowanceEvent } from './allowance-events';
import { cdrContracts, type CdrEvent } from './cdr-events';
import { commandContracts, type CommandEvent } from './command-events';
import type { EventContract } from './event-contract';
import { decisionContracts, type DecisionEvent } from './decision-events';
import { entitlementContracts, type EntitlementEvent } from './entitlement-events';
import { estimateContracts, type EstimateEvent } from './estimate-events';
import { frameContracts, type FrameEvent } from './frame-events';
import { fleetFeeContracts, type FleetFeeEvent } from './fleet-fee-events';
import { journalContracts, type JournalEvent } from './journal-events';
import { orphanContracts, type OrphanEvent } from './orphan-events';
import { paymentContracts, type PaymentEvent } from './payment-events';
import { reconciliationContracts, type ReconciliationEvent } from './reconciliation-events';
import { registryContracts, type RegistryEvent } from './registry-events';
import { sessionContracts, type SessionEvent } from './session-events';
import { settlementContracts, type SettlementEvent } from './settlement-events';
import { stationContracts, type StationEvent } from './station-events';
import { tariffContracts, type TariffEvent } from './tariff-events';

/** Any event of any stream. */
export type TallywattEvent =
  | AccountEvent
  | AllowanceEvent
  | CdrEvent
  | CommandEvent
  | DecisionEvent
  | EntitlementEvent
  | EstimateEvent
  | FrameEvent
  | FleetFeeEvent
  | JournalEvent
  | OrphanEvent
  | PaymentEvent
  | ReconciliationEvent
  | RegistryEvent
  | SessionEvent
  | SettlementEvent
  | StationEvent
  | TariffEvent;

export type EventType = TallywattEvent['type'];

/** Every event type with its contract; closed, so that a forgotten event does not compile. */
export const eventContracts: Readonly<Record<EventType, EventContract>> = {
  ...registryContracts,
  ...sessionContracts,
  ...orphanContracts,
  ...stationContracts,
  ...frameContracts,
  ...commandContracts,
  ...accountContracts,
  ...decisionContracts,
  ...entitlementContracts,
  ...allowanceContracts,
  ...tariffContracts,
  ...estimateContracts,
  ...cdrContracts,
  ...fleetFeeContracts,
  ...paymentContracts,
  ...settlementContracts,
  ...journalContracts,
  ...reconciliationContracts,
};

/** The key of the stream an event belongs to: the CPO id, a slash, and what the topic says. */
export const streamKeyOf = (event: TallywattEvent): string => `${event.cpoId}/${subjectOf(event)}`;

const isOfCommand = (event: TallywattEvent): event is CommandEvent =>
  event.type in commandContracts;

const subjectOf = (event: TallywattEvent): string => {
  if (isOfCommand(event)) return event.chargePointId;
  switch (event.type) {
    case 'ChargePointRegistered':
    case 'CredentialsRotationRequested':
    case 'CredentialsRotated':
    case 'CredentialsRotationFailed':
    case 'CertificateIssued':
    case 'StationConnected':
    case 'StationDisconnected':
    case 'StationBooted':
    case 'StationClockMeasured':
    case 'ConnectorStatusChanged':
    case 'IdentityContested':
    case 'OutageExcluded':
    case 'OutageExclusionWithdrawn':
    case 'FirmwareStatusChanged':
    case 'DiagnosticsStatusChanged':
    case 'LogStatusChanged':
    case 'SecurityEventReported':
    case 'SecurityProfileRaised':
    case 'ChargePointRefused':
    case 'ChargePointPending':
    case 'VariablesReported':
    case 'FramesRecorded':
    case 'StopOrphaned':
    case 'MeterValuesOrphaned':
    case 'OrphanAttached':
      return event.chargePointId;
    case 'SessionStarted':
    case 'MeterValuesRecorded':
    case 'ChargingStateChanged':
    case 'SessionStopped':
    case 'SessionClosed':
    case 'StopConflicted':
    case 'StopCorrected':
    case 'TransactionGapNoticed':
    case 'TransactionGapHealed':
    case 'TransactionGapGivenUp':
    case 'SessionQuarantined':
    case 'SessionReleased':
    case 'SessionCostEstimated':
    case 'CdrIssued':
    case 'CreditCdrIssued':
    case 'CdrWithheld':
      return event.sessionId;
    case 'DriverRegistered':
    case 'EntitlementGranted':
    case 'EntitlementChanged':
    case 'EntitlementRevoked':
    case 'EntitlementExpired':
      return event.driverRef;
    case 'AllowanceDrawn':
    case 'AllowanceReturned':
      return `${event.subjectRef}/${event.period}`;
    case 'TokenIssued':
    case 'TokenBlocked':
      return event.tokenRef;
    case 'FleetRegistered':
    case 'FleetClosed':
    case 'FleetFeeCharged':
    case 'FleetFeeWithheld':
      return event.fleetRef;
    case 'ChargingAuthorized':
    case 'ChargingDenied':
      return event.decision.tokenRef;
    case 'TariffPublished':
      return event.tariff.tariffId;
    case 'PricingRuleSet':
      return event.base.tariffId;
    case 'TariffWithdrawn':
    case 'TariffAssigned':
    case 'TariffUnassigned':
    case 'PricingRuleRemoved':
      return event.tariffId;
    case 'PaymentPreauthorizationRequested':
    case 'PaymentPreauthorized':
    case 'PaymentPreauthorizationDeclined':
    case 'PaymentCaptureRequested':
    case 'PaymentCaptured':
    case 'PaymentCaptureFailed':
    case 'PaymentVoidRequested':
    case 'PaymentVoided':
    case 'PaymentRefundRequested':
    case 'PaymentRefunded':
    case 'PaymentRefundFailed':
    case 'ReceivableOpened':
    case 'ReceivableReduced':
      return event.paymentId;
    case 'BalanceTransactionRecorded':
    case 'BalanceTransactionAvailable':
      return event.balanceTransactionId;
    case 'PayoutCreated':
    case 'PayoutPaid':
    case 'PayoutFailed':
      return event.payoutId;
    case 'JournalEntryPosted':
    case 'JournalEntryReversed':
      return event.sessionId ?? event.entryId;
    case 'JournalRootSigned':
    case 'DayClosed':
      return `days/${event.day}`;
    case 'SubjectReconciled':
    case 'DiscrepancyFound':
    case 'DiscrepancyResolved':
      return event.subjectId;
    default:
      throw new Error(`no stream for ${(event satisfies never as TallywattEvent).type}`);
  }
};
