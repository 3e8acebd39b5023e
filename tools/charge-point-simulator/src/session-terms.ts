import type { Curve } from './charge-plan';
import type { AuthorizationStatus, StopReason } from './terms';

/** What a car and its driver do in one session. */
export type SessionOptions = Readonly<{
  connectorId: number;
  idTag: string;
  /** Charge this much, in Wh. */
  energyWh?: bigint;
  /** Charge this long. With both given, whichever comes first ends the charge. */
  durationMinutes?: number;
  /** Default: `ac`. */
  curve?: Curve;
  /** Virtual seconds between meter readings; default 900. 0 sends none in between. */
  meterIntervalSeconds?: number;
  /** Readings at multiples of the interval of the clock instead of the session. */
  clockAligned?: boolean;
  /** The car stays connected, full, this long before the session is stopped. */
  suspendedEvMinutes?: number;
  /** Finishing lasts this long after the stop; default: half a minute to unplug. */
  idleMinutesAfter?: number;
  /** The virtual instant at which energy begins to flow; default: twenty seconds from now. */
  startAt?: Date | string;
  /** How an undisturbed session is ended; default `Local`. */
  stopReason?: 'Local' | 'EVDisconnected';
  /** Send Authorize before the start and go no further unless accepted; default true. */
  authorizeFirst?: boolean;
  /** Send the answered stop once more under a new message id. */
  duplicateStop?: boolean;
}>;

type SessionEnd = Readonly<{
  chargePointId: string;
  connectorId: number;
  idTag: string;
  /** Answer to Authorize; absent when it was not asked. */
  authorizeStatus?: AuthorizationStatus;
  /** Real milliseconds that Authorize took; absent when it was not asked. */
  authorizeMs?: number;
}>;

/** The answer to Authorize was not Accepted, so nothing was charged. */
export type SessionDeclined = SessionEnd & Readonly<{ started: false }>;

/** A transaction was started, and stopped for the given reason. */
export type SessionCharged = SessionEnd &
  Readonly<{
    started: true;
    /** As given by the server (1.6), or by the charger itself. */
    transactionId: number | string;
    /** What the server said of the token when the session started. */
    idTagStatus: AuthorizationStatus;
    meterStartWh: bigint;
    meterStopWh: bigint;
    energyWh: bigint;
    startedAt: Date;
    stoppedAt: Date;
    /** When the connector was free again: the end of idle time. */
    availableAt: Date;
    stopReason: StopReason;
  }>;

/** What became of a session, as the charger saw it. */
export type SessionOutcome = SessionDeclined | SessionCharged;
