import type { ConfigurationVariable } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';

/** How a charger is restarted: OCPP 2.0.1 ResetEnumType, and the Hard of OCPP 1.6. */
export const resetTypes = ['Immediate', 'OnIdle', 'Hard'] as const;

/** Messages a charger can be asked to send (TriggerMessage, 1.6 also ExtendedTriggerMessage). */
export const triggerableMessages = [
  'BootNotification',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'PublishFirmwareStatusNotification',
  'SignChargingStationCertificate',
  'SignCombinedCertificate',
  'SignV2GCertificate',
  'StatusNotification',
  'TransactionEvent',
] as const;

/** OCPP 2.0.1 IdTokenEnumType; 1.6 has no types. */
export const tokenTypes = [
  'Central',
  'eMAID',
  'ISO14443',
  'ISO15693',
  'KeyCode',
  'Local',
  'MacAddress',
] as const;

/** A token in clear, which is in no event and no log. */
export type ClearToken = Readonly<{ token: string; tokenType: (typeof tokenTypes)[number] }>;
/** What authorization has said of a token. */
type Decided = Readonly<{ tokenRef: string; decisionId: string }>;
type Retries = Readonly<{ retries?: number; retryIntervalSeconds?: number }>;
type Period = Readonly<{ from?: Instant; to?: Instant }>;

/** Restarts the charger, or one EVSE of a 2.0.1 station. */
export type Reset = Readonly<{
  type: 'Reset';
  resetType: (typeof resetTypes)[number];
  connectorId?: number;
}>;
/** Releases the cable. */
export type ConnectorUnlock = Readonly<{ type: 'ConnectorUnlock'; connectorId: number }>;
/** Asks for a message that the charger would send of itself at another time. */
export type MessageTrigger = Readonly<{
  type: 'MessageTrigger';
  message: (typeof triggerableMessages)[number];
  connectorId?: number;
}>;
/** Starts a session as if the token had been shown: from app, QR code or terminal. */
export type RemoteStart = ClearToken &
  Decided &
  Readonly<{ type: 'RemoteStart'; connectorId?: number }>;
/** Keeps a connector, or any, free for a token. */
export type Reservation = ClearToken &
  Decided &
  Readonly<{ type: 'Reservation'; connectorId?: number; expiresAt: Instant }>;
export type ReservationCancellation = Readonly<{
  type: 'ReservationCancellation';
  /** The command that made it. */
  reservationId: string;
  /** What the charger knows it by. */
  reservationNumber: number;
}>;
/** Takes a connector, or the whole charge point, out of service or into it. */
export type AvailabilityChange = Readonly<{
  type: 'AvailabilityChange';
  connectorId?: number;
  availability: 'Operative' | 'Inoperative';
}>;
export type ConfigurationChange = Readonly<{
  type: 'ConfigurationChange';
  variable: ConfigurationVariable;
  value: string;
}>;
export type ConfigurationReport = Readonly<{
  type: 'ConfigurationReport';
  /** None for all, which only 1.6 can be asked for in one answer. */
  variables: readonly ConfigurationVariable[];
}>;
export type BaseReport = Readonly<{
  type: 'BaseReport';
  reportBase: 'ConfigurationInventory' | 'FullInventory' | 'SummaryInventory';
}>;
/** Has the charger upload its diagnostics; the location may hold a password. */
export type DiagnosticsUpload = Period &
  Retries &
  Readonly<{ type: 'DiagnosticsUpload'; location: string }>;
export type LogUpload = Period &
  Retries &
  Readonly<{
    type: 'LogUpload';
    logType: 'DiagnosticsLog' | 'SecurityLog';
    location: string;
  }>;
/** Signed where it has both certificate and signature. */
export type FirmwareUpdate = Retries &
  Readonly<{
    type: 'FirmwareUpdate';
    location: string;
    retrieveAt: Instant;
    installAt?: Instant;
    signing?: Readonly<{ certificate: string; signature: string }>;
  }>;
export type LocalListEntry = ClearToken &
  Readonly<{
    /** Left out to take the token off the list. */
    status?: 'Accepted' | 'Blocked' | 'Expired' | 'Invalid';
    expiresAt?: Instant;
  }>;
/** The tokens that the charger accepts by itself. */
export type LocalListUpdate = Readonly<{
  type: 'LocalListUpdate';
  listVersion: number;
  updateType: 'Full' | 'Differential';
  entries: readonly LocalListEntry[];
}>;
export type LocalListVersion = Readonly<{ type: 'LocalListVersion' }>;
export type CacheClearing = Readonly<{ type: 'CacheClearing' }>;
/** DataTransfer; what it means is between operator and vendor. */
export type VendorMessage = Readonly<{
  type: 'VendorMessage';
  vendorId: string;
  messageId?: string;
  data?: string;
}>;
export type DisplayMessage = Period &
  Readonly<{
    type: 'DisplayMessage';
    messageId: number;
    priority: 'AlwaysFront' | 'InFront' | 'NormalCycle';
    state?: 'Charging' | 'Faulted' | 'Idle' | 'Unavailable';
    text: string;
    format: 'ASCII' | 'HTML' | 'URI' | 'UTF8';
    language?: string;
    sessionId?: string;
    ocppTransactionId?: string;
  }>;
/**
 * What a driver reads of prices before a session: by OCPP 1.6's pricing extension for one token
 * (SetUserPrice) or for whoever comes (DefaultPrice), by 2.0.1 for the latter (TariffFallbackMessage).
 */
export type PriceDisplay = Readonly<{
  type: 'PriceDisplay';
  text: string;
  /** The token, in clear, whose driver is to read it; in no event. */
  forToken?: string;
}>;
export type DisplayMessageRemoval = Readonly<{ type: 'DisplayMessageRemoval'; messageId: number }>;
/** Whether messages of a session, or of any, still wait at the station. */
export type TransactionStatus = Readonly<{
  type: 'TransactionStatus';
  sessionId?: string;
  ocppTransactionId?: string;
}>;

/** OCPP 2.0.1 OCPPInterfaceEnumType. */
export const networkInterfaces = [
  'Wired0',
  'Wired1',
  'Wired2',
  'Wired3',
  'Wireless0',
  'Wireless1',
  'Wireless2',
  'Wireless3',
] as const;

/** What a root certificate is for: OCPP 2.0.1 InstallCertificateUseEnumType. */
export const rootCertificateUses = [
  'CSMSRootCertificate',
  'ManufacturerRootCertificate',
  'MORootCertificate',
  'V2GRootCertificate',
] as const;
/** Has the charger trust another root certificate, such as that of a new server certificate. */
export type CertificateInstallation = Readonly<{
  type: 'CertificateInstallation';
  certificateUse: (typeof rootCertificateUses)[number];
  /** PEM. */
  certificate: string;
  fingerprintSha256: string;
}>;
/** Takes away a root certificate, by what the charger said of it in its report. */
export type CertificateDeletion = Readonly<{
  type: 'CertificateDeletion';
  hashAlgorithm: 'SHA256' | 'SHA384' | 'SHA512';
  issuerNameHash: string;
  issuerKeyHash: string;
  serialNumber: string;
}>;
/** Brings a charger the certificate that it has asked for (CertificateSigned). */
export type CertificateDelivery = Readonly<{
  type: 'CertificateDelivery';
  rotationId: string;
  fingerprintSha256: string;
  /** PEM: the certificate, then those of the authorities below the root. */
  certificateChain: string;
}>;
export type InstalledCertificatesReport = Readonly<{
  type: 'InstalledCertificatesReport';
  /** Left out for all, which 1.6 cannot be asked for. */
  certificateUse?: (typeof rootCertificateUses)[number] | 'V2GCertificateChain';
}>;

/** Where and how a station of 2.0.1 connects (NetworkConnectionProfileType). */
export type NetworkProfile = Readonly<{
  slot: number;
  /** wss. */
  csmsUrl: string;
  messageTimeoutSeconds: number;
  /** OCPPInterfaceEnumType. */
  networkInterface: (typeof networkInterfaces)[number];
  /** Slots in the order in which the station is to try them. */
  priority: readonly number[];
}>;
/** Has the charger come by a higher security profile; there is no way back over OCPP. */
export type SecurityProfileRaise = Readonly<{
  type: 'SecurityProfileRaise';
  securityProfile: 2 | 3;
  /** Of 2.0.1 only, and needed there. */
  networkProfile?: NetworkProfile;
}>;

export type CertificateCommand =
  CertificateInstallation | CertificateDeletion | CertificateDelivery | InstalledCertificatesReport;

/**
 * What a charger can be told to do, in words of no OCPP version; each version's folder says it in
 * its own. Connectors are those of the registration. Stopping a session is `RemoteStops`.
 */
export type ChargerCommand =
  | Reset
  | ConnectorUnlock
  | MessageTrigger
  | RemoteStart
  | Reservation
  | ReservationCancellation
  | AvailabilityChange
  | ConfigurationChange
  | ConfigurationReport
  | BaseReport
  | DiagnosticsUpload
  | LogUpload
  | FirmwareUpdate
  | LocalListUpdate
  | LocalListVersion
  | CacheClearing
  | VendorMessage
  | DisplayMessage
  | DisplayMessageRemoval
  | PriceDisplay
  | TransactionStatus
  | CertificateCommand
  | SecurityProfileRaise;
export type CommandName = ChargerCommand['type'];
