import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import type { MeterValue } from '@tallywatt/ocpp-gateway/domain/meter-reading';
import type { IdTagInfo } from '@tallywatt/ocpp-gateway/domain/session-record';
import type { Instant } from '@tallywatt/time';

/** What a charger says, in OCPP 1.6's words as far as the gateway's domain hears them. */
export type Frame =
  | Readonly<{
      action: 'StartTransaction';
      connectorId: number;
      idTag: string;
      meterStartWh: number;
      timestamp: Instant;
    }>
  | Readonly<{
      action: 'StopTransaction';
      transactionId: number;
      /** Left out where it cannot be read. */
      meterStopWh?: number;
      timestamp: Instant;
      reason: string;
      idTag?: string;
      transactionData: readonly MeterValue[];
    }>
  | Readonly<{
      action: 'MeterValues';
      connectorId: number;
      transactionId?: number;
      meterValue: readonly MeterValue[];
    }>
  | Readonly<{
      action: 'StatusNotification';
      connectorId: number;
      status: ConnectorStatus;
      timestamp: Instant;
    }>;

export type Answer =
  | Readonly<{ kind: 'started'; transactionId: number; idTagInfo: IdTagInfo }>
  | Readonly<{ kind: 'confirmed' }>
  /** Nothing was recorded; the charger says it again. */
  | Readonly<{ kind: 'internal-error' }>;

/** A charger as the gateway can call it. */
export type ConnectedCharger = Readonly<{
  chargePointId: string;
  connectedAt: Instant;
  close: () => void;
  remoteStop: (transactionId: number, answer: (accepted: boolean) => void) => void;
}>;
