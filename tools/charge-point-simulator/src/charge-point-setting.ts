import type { BackoffLimits } from './backoff';
import type { Payload } from './message-lane';
import type { MisbehaviourName } from './misbehaviour';
import type { ClockSetting } from './station-clock';
import type { SessionOptions, SessionOutcome } from './session-terms';

/** One line of what a charger does, for whoever watches. */
export type SimulatorLogEntry = Readonly<{
  chargePointId: string;
  /** Virtual time. */
  at: Date;
  /** `sent`, `answered`, `unanswered`, `command`, `connected`, `disconnected`, ... */
  event: string;
  detail: Payload;
}>;

export type OcppVersion = '1.6' | '2.0.1';

export type ChargePointSetting = Readonly<{
  /** Address without the charge point id, e.g. `ws://127.0.0.1:9310/ocpp`. */
  url: string;
  id: string;
  /** Default: 1.6. */
  ocppVersion?: OcppVersion;
  /** HTTP basic auth (security profiles 1 and 2), with the id as the user name. */
  password?: string;
  /** `registerWh`: the meter's state when it is installed; default: some large seeded value. */
  connectors: readonly Readonly<{ id: number; powerKwMax: number; registerWh?: bigint }>[];
  virtualClock: ClockSetting;
  /** Same seed, same charger; default: the id. */
  seed?: string | number;
  /** Of reconnecting and resending, real milliseconds; default 250 to 5000. */
  backoff?: BackoffLimits;
  /** How long a call waits for its answer, real milliseconds; default 10000. */
  callTimeoutMs?: number;
  /** How long `connect` tries to reach a server that is not there, real ms; default 30000. */
  connectPatienceMs?: number;
  /** What it does wrong; a charger without any behaves well. */
  misbehaviours?: readonly MisbehaviourName[];
  /** What the car does in sessions that the server starts; default 10 kWh of AC. */
  remoteSession?: Omit<SessionOptions, 'connectorId' | 'idTag'>;
  /** Is told the outcome of each session that the server started. */
  onRemoteSession?: (outcome: SessionOutcome) => void;
  log?: (entry: SimulatorLogEntry) => void;
}>;
