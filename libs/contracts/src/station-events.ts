import type {
  CertificateIssued as CertificateIssuedMessage,
  ConnectorStatusChanged as ConnectorStatusChangedMessage,
  CredentialsRotated as CredentialsRotatedMessage,
  CredentialsRotationFailed as CredentialsRotationFailedMessage,
  CredentialsRotationRequested as CredentialsRotationRequestedMessage,
  IdentityContested as IdentityContestedMessage,
  OutageExcluded as OutageExcludedMessage,
  OutageExclusionWithdrawn as OutageExclusionWithdrawnMessage,
  StationBooted as StationBootedMessage,
  StationClockMeasured as StationClockMeasuredMessage,
  StationConnected as StationConnectedMessage,
  StationDisconnected as StationDisconnectedMessage,
} from './gen/tallywatt/station/v1/station_events_pb';
import {
  CertificateIssuedSchema,
  ConnectorStatusChangedSchema,
  CredentialsRotatedSchema,
  CredentialsRotationFailedSchema,
  CredentialsRotationRequestedSchema,
  IdentityContestedSchema,
  OutageExcludedSchema,
  OutageExclusionWithdrawnSchema,
  StationBootedSchema,
  StationClockMeasuredSchema,
  StationConnectedSchema,
  StationDisconnectedSchema,
} from './gen/tallywatt/station/v1/station_events_pb';
import {
  FirmwareStatusChangedSchema,
  type FirmwareStatusChanged as FirmwareStatusChangedMessage,
  DiagnosticsStatusChangedSchema,
  type DiagnosticsStatusChanged as DiagnosticsStatusChangedMessage,
  LogStatusChangedSchema,
  type LogStatusChanged as LogStatusChangedMessage,
  ChargePointPendingSchema,
  type ChargePointPending as ChargePointPendingMessage,
  ChargePointRefusedSchema,
  type ChargePointRefused as ChargePointRefusedMessage,
  SecurityProfileRaisedSchema,
  type SecurityProfileRaised as SecurityProfileRaisedMessage,
  SecurityEventReportedSchema,
  type SecurityEventReported as SecurityEventReportedMessage,
  VariablesReportedSchema,
  type VariablesReported as VariablesReportedMessage,
} from './gen/tallywatt/station/v1/station_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type StationConnected = EventOf<'StationConnected', StationConnectedMessage>;
export type StationDisconnected = EventOf<'StationDisconnected', StationDisconnectedMessage>;
export type StationBooted = EventOf<'StationBooted', StationBootedMessage>;
export type StationClockMeasured = EventOf<'StationClockMeasured', StationClockMeasuredMessage>;
export type ConnectorStatusChanged = EventOf<
  'ConnectorStatusChanged',
  ConnectorStatusChangedMessage
>;

export type IdentityContested = EventOf<'IdentityContested', IdentityContestedMessage>;
export type CredentialsRotationRequested = EventOf<
  'CredentialsRotationRequested',
  CredentialsRotationRequestedMessage
>;
export type CredentialsRotated = EventOf<'CredentialsRotated', CredentialsRotatedMessage>;
export type CredentialsRotationFailed = EventOf<
  'CredentialsRotationFailed',
  CredentialsRotationFailedMessage
>;
export type CertificateIssued = EventOf<'CertificateIssued', CertificateIssuedMessage>;

export type OutageExcluded = EventOf<'OutageExcluded', OutageExcludedMessage>;
export type OutageExclusionWithdrawn = EventOf<
  'OutageExclusionWithdrawn',
  OutageExclusionWithdrawnMessage
>;

export type FirmwareStatusChanged = EventOf<'FirmwareStatusChanged', FirmwareStatusChangedMessage>;
export type DiagnosticsStatusChanged = EventOf<
  'DiagnosticsStatusChanged',
  DiagnosticsStatusChangedMessage
>;
export type LogStatusChanged = EventOf<'LogStatusChanged', LogStatusChangedMessage>;
export type SecurityProfileRaised = EventOf<'SecurityProfileRaised', SecurityProfileRaisedMessage>;
export type ChargePointPending = EventOf<'ChargePointPending', ChargePointPendingMessage>;
export type ChargePointRefused = EventOf<'ChargePointRefused', ChargePointRefusedMessage>;
export type SecurityEventReported = EventOf<'SecurityEventReported', SecurityEventReportedMessage>;
export type VariablesReported = EventOf<'VariablesReported', VariablesReportedMessage>;

/**
 * Events of `charging.stations.v1`: connections, boots, connector states, how credentials changed,
 * and which outages do not count.
 */
export type StationEvent =
  | StationConnected
  | StationDisconnected
  | StationBooted
  | ConnectorStatusChanged
  | IdentityContested
  | OutageExcluded
  | OutageExclusionWithdrawn
  | CredentialsRotationRequested
  | CredentialsRotated
  | CredentialsRotationFailed
  | CertificateIssued
  | StationClockMeasured
  | FirmwareStatusChanged
  | DiagnosticsStatusChanged
  | LogStatusChanged
  | SecurityEventReported
  | SecurityProfileRaised
  | ChargePointRefused
  | ChargePointPending
  | VariablesReported;

const kind = ['password', 'certificate'] as const;

/** Why outage is not held against a charge point, by 23 CFR 680.116(b)(3). */
export const exclusionReasons = [
  'utility-interruption',
  'vehicle-fault',
  'scheduled-maintenance',
  'vandalism',
  'natural-disaster',
  'outside-opening-hours',
] as const;

export const stationContracts = {
  StationConnected: contractOf('charging.stations.v1', StationConnectedSchema),
  StationDisconnected: contractOf('charging.stations.v1', StationDisconnectedSchema),
  StationBooted: contractOf('charging.stations.v1', StationBootedSchema),
  StationClockMeasured: contractOf('charging.stations.v1', StationClockMeasuredSchema),
  ConnectorStatusChanged: contractOf('charging.stations.v1', ConnectorStatusChangedSchema),
  IdentityContested: contractOf('charging.stations.v1', IdentityContestedSchema, {
    outcome: ['newer-won', 'older-won'],
  }),
  OutageExcluded: contractOf('charging.stations.v1', OutageExcludedSchema, {
    reason: exclusionReasons,
  }),
  OutageExclusionWithdrawn: contractOf('charging.stations.v1', OutageExclusionWithdrawnSchema),
  CredentialsRotationRequested: contractOf(
    'charging.stations.v1',
    CredentialsRotationRequestedSchema,
    { kind },
  ),
  CredentialsRotated: contractOf('charging.stations.v1', CredentialsRotatedSchema, { kind }),
  CredentialsRotationFailed: contractOf('charging.stations.v1', CredentialsRotationFailedSchema, {
    kind,
    reason: [
      'rejected-by-charger',
      'not-answered',
      'request-invalid',
      'no-certificate-authority',
      'too-many-requests',
    ],
  }),
  CertificateIssued: contractOf('charging.stations.v1', CertificateIssuedSchema),
  FirmwareStatusChanged: contractOf('charging.stations.v1', FirmwareStatusChangedSchema),
  DiagnosticsStatusChanged: contractOf('charging.stations.v1', DiagnosticsStatusChangedSchema),
  LogStatusChanged: contractOf('charging.stations.v1', LogStatusChangedSchema),
  SecurityProfileRaised: contractOf('charging.stations.v1', SecurityProfileRaisedSchema),
  ChargePointPending: contractOf('charging.stations.v1', ChargePointPendingSchema),
  ChargePointRefused: contractOf('charging.stations.v1', ChargePointRefusedSchema),
  SecurityEventReported: contractOf('charging.stations.v1', SecurityEventReportedSchema),
  VariablesReported: contractOf('charging.stations.v1', VariablesReportedSchema),
} as const;
