import type { MessageLane, Payload } from './message-lane';
import type { SeededRandom } from './seeded-random';
import type { StationClock } from './station-clock';
import type { Dialect } from './dialect';
import type { Connector } from './connector';
import type { ConnectorStatus } from './terms';

/** What a session and the server's commands need of the charger they run on. */
export type Station = Readonly<{
  id: string;
  dialect: Dialect;
  clock: StationClock;
  random: SeededRandom;
  lane: MessageLane;
  connectors: ReadonlyMap<number, Connector>;
  configuration: Map<string, { value: string; readonly: boolean }>;
  /** Waits for a virtual instant or the signal; throws when the charger is switched off. */
  sleepUntil(at: Date, signal?: AbortSignal): Promise<void>;
  /** The configured MeterValueSampleInterval. */
  meterIntervalSeconds(): number;
  /** Asks until there is an answer, over lost connections: for what a driver would try again. */
  ask<T>(
    action: string,
    payload: Payload,
    read: (answer: Payload) => T,
  ): Promise<
    Readonly<{
      answer: T;
      /** The charger was offline, or had to ask again. */
      isDelayed: boolean;
      /** What the answered try took. */
      realMs: number;
    }>
  >;
  /** Puts a connector into a status and reports it; resolves when the server has heard of it. */
  turn(connector: Connector, status: ConnectorStatus, at: Date): Promise<void>;
  /** Reports the present status of a connector again, or of all. */
  reportStatus(connectorId?: number): void;
  sendHeartbeat(): void;
  sendBootNotification(): void;
  /** Starts a session that the server asked for; false when no connector is free. */
  startRemotely(idTag: string, connectorId: number | undefined): boolean;
  restart(kind: 'Soft' | 'Hard'): void;
}>;
