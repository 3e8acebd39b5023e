import * as wire from './gen/tallywatt/command/v1/command_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type ConfigurationVariable = Readable<wire.ConfigurationVariable>;
export type RemoteStopRequested = EventOf<'RemoteStopRequested', wire.RemoteStopRequested>;
export type RemoteStopAccepted = EventOf<'RemoteStopAccepted', wire.RemoteStopAccepted>;
export type RemoteStopRejected = EventOf<'RemoteStopRejected', wire.RemoteStopRejected>;
export type ResetRequested = EventOf<'ResetRequested', wire.ResetRequested>;
export type ConnectorUnlockRequested = EventOf<
  'ConnectorUnlockRequested',
  wire.ConnectorUnlockRequested
>;
export type MessageTriggerRequested = EventOf<
  'MessageTriggerRequested',
  wire.MessageTriggerRequested
>;
export type RemoteStartRequested = EventOf<'RemoteStartRequested', wire.RemoteStartRequested>;
export type ReservationRequested = EventOf<'ReservationRequested', wire.ReservationRequested>;
export type ReservationCancellationRequested = EventOf<
  'ReservationCancellationRequested',
  wire.ReservationCancellationRequested
>;
export type AvailabilityChangeRequested = EventOf<
  'AvailabilityChangeRequested',
  wire.AvailabilityChangeRequested
>;
export type ConfigurationChangeRequested = EventOf<
  'ConfigurationChangeRequested',
  wire.ConfigurationChangeRequested
>;
export type ConfigurationReportRequested = EventOf<
  'ConfigurationReportRequested',
  wire.ConfigurationReportRequested
>;
export type BaseReportRequested = EventOf<'BaseReportRequested', wire.BaseReportRequested>;
export type DiagnosticsUploadRequested = EventOf<
  'DiagnosticsUploadRequested',
  wire.DiagnosticsUploadRequested
>;
export type LogUploadRequested = EventOf<'LogUploadRequested', wire.LogUploadRequested>;
export type FirmwareUpdateRequested = EventOf<
  'FirmwareUpdateRequested',
  wire.FirmwareUpdateRequested
>;
export type LocalListUpdateRequested = EventOf<
  'LocalListUpdateRequested',
  wire.LocalListUpdateRequested
>;
export type LocalListVersionRequested = EventOf<
  'LocalListVersionRequested',
  wire.LocalListVersionRequested
>;
export type CacheClearingRequested = EventOf<'CacheClearingRequested', wire.CacheClearingRequested>;
export type VendorMessageRequested = EventOf<'VendorMessageRequested', wire.VendorMessageRequested>;
export type DisplayMessageRequested = EventOf<
  'DisplayMessageRequested',
  wire.DisplayMessageRequested
>;
export type PriceDisplayRequested = EventOf<'PriceDisplayRequested', wire.PriceDisplayRequested>;
export type DisplayMessageRemovalRequested = EventOf<
  'DisplayMessageRemovalRequested',
  wire.DisplayMessageRemovalRequested
>;
export type TransactionStatusRequested = EventOf<
  'TransactionStatusRequested',
  wire.TransactionStatusRequested
>;
export type CertificateInstallationRequested = EventOf<
  'CertificateInstallationRequested',
  wire.CertificateInstallationRequested
>;
export type CertificateDeletionRequested = EventOf<
  'CertificateDeletionRequested',
  wire.CertificateDeletionRequested
>;
export type InstalledCertificatesReportRequested = EventOf<
  'InstalledCertificatesReportRequested',
  wire.InstalledCertificatesReportRequested
>;
export type CertificateDeliveryRequested = EventOf<
  'CertificateDeliveryRequested',
  wire.CertificateDeliveryRequested
>;
export type SecurityProfileRaiseRequested = EventOf<
  'SecurityProfileRaiseRequested',
  wire.SecurityProfileRaiseRequested
>;
export type CommandAccepted = EventOf<'CommandAccepted', wire.CommandAccepted>;
export type CommandRejected = EventOf<'CommandRejected', wire.CommandRejected>;
export type ReservationEnded = EventOf<'ReservationEnded', wire.ReservationEnded>;
export type CommandFailed = EventOf<'CommandFailed', wire.CommandFailed>;

/** That a command is to be given, but for stopping a session; each ends with a `CommandOutcome`. */
export type CommandRequested =
  | ResetRequested
  | ConnectorUnlockRequested
  | MessageTriggerRequested
  | RemoteStartRequested
  | ReservationRequested
  | ReservationCancellationRequested
  | AvailabilityChangeRequested
  | ConfigurationChangeRequested
  | ConfigurationReportRequested
  | BaseReportRequested
  | DiagnosticsUploadRequested
  | LogUploadRequested
  | FirmwareUpdateRequested
  | LocalListUpdateRequested
  | LocalListVersionRequested
  | CacheClearingRequested
  | VendorMessageRequested
  | DisplayMessageRequested
  | DisplayMessageRemovalRequested
  | PriceDisplayRequested
  | TransactionStatusRequested
  | CertificateInstallationRequested
  | CertificateDeletionRequested
  | SecurityProfileRaiseRequested
  | CertificateDeliveryRequested
  | InstalledCertificatesReportRequested;
export type CommandOutcome = CommandAccepted | CommandRejected | CommandFailed;

/** Events of `charging.commands.v1`: what we asked a charger to do and what it answered. */
export type CommandEvent =
  | RemoteStopRequested
  | RemoteStopAccepted
  | RemoteStopRejected
  | CommandRequested
  | CommandOutcome
  | ReservationEnded;

const topic = 'charging.commands.v1';

export const commandContracts = {
  RemoteStopRequested: contractOf(topic, wire.RemoteStopRequestedSchema),
  RemoteStopAccepted: contractOf(topic, wire.RemoteStopAcceptedSchema),
  RemoteStopRejected: contractOf(topic, wire.RemoteStopRejectedSchema),
  ResetRequested: contractOf(topic, wire.ResetRequestedSchema),
  ConnectorUnlockRequested: contractOf(topic, wire.ConnectorUnlockRequestedSchema),
  MessageTriggerRequested: contractOf(topic, wire.MessageTriggerRequestedSchema),
  RemoteStartRequested: contractOf(topic, wire.RemoteStartRequestedSchema),
  ReservationRequested: contractOf(topic, wire.ReservationRequestedSchema),
  ReservationCancellationRequested: contractOf(topic, wire.ReservationCancellationRequestedSchema),
  AvailabilityChangeRequested: contractOf(topic, wire.AvailabilityChangeRequestedSchema),
  ConfigurationChangeRequested: contractOf(topic, wire.ConfigurationChangeRequestedSchema),
  ConfigurationReportRequested: contractOf(topic, wire.ConfigurationReportRequestedSchema),
  BaseReportRequested: contractOf(topic, wire.BaseReportRequestedSchema),
  DiagnosticsUploadRequested: contractOf(topic, wire.DiagnosticsUploadRequestedSchema),
  LogUploadRequested: contractOf(topic, wire.LogUploadRequestedSchema),
  FirmwareUpdateRequested: contractOf(topic, wire.FirmwareUpdateRequestedSchema),
  LocalListUpdateRequested: contractOf(topic, wire.LocalListUpdateRequestedSchema),
  LocalListVersionRequested: contractOf(topic, wire.LocalListVersionRequestedSchema),
  CacheClearingRequested: contractOf(topic, wire.CacheClearingRequestedSchema),
  VendorMessageRequested: contractOf(topic, wire.VendorMessageRequestedSchema),
  DisplayMessageRequested: contractOf(topic, wire.DisplayMessageRequestedSchema),
  PriceDisplayRequested: contractOf(topic, wire.PriceDisplayRequestedSchema),
  DisplayMessageRemovalRequested: contractOf(topic, wire.DisplayMessageRemovalRequestedSchema),
  TransactionStatusRequested: contractOf(topic, wire.TransactionStatusRequestedSchema),
  CertificateInstallationRequested: contractOf(topic, wire.CertificateInstallationRequestedSchema),
  CertificateDeletionRequested: contractOf(topic, wire.CertificateDeletionRequestedSchema),
  InstalledCertificatesReportRequested: contractOf(
    topic,
    wire.InstalledCertificatesReportRequestedSchema,
  ),
  CertificateDeliveryRequested: contractOf(topic, wire.CertificateDeliveryRequestedSchema),
  SecurityProfileRaiseRequested: contractOf(topic, wire.SecurityProfileRaiseRequestedSchema),
  CommandAccepted: contractOf(topic, wire.CommandAcceptedSchema),
  CommandRejected: contractOf(topic, wire.CommandRejectedSchema),
  ReservationEnded: contractOf(topic, wire.ReservationEndedSchema, {
    reason: ['used', 'expired', 'removed'],
  }),
  CommandFailed: contractOf(topic, wire.CommandFailedSchema),
} as const;
