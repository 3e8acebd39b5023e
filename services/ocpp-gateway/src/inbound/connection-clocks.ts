import type { MeterReading } from '@tallywatt/contracts';
import { type Instant, parseInstant } from '@tallywatt/time';
import { type ClockWitness, type LiveClock, liveClock } from '../domain/clock-correction';
import type { Connection } from '../outbound/station-store';

const witnessesMax = 20;
/** A storm of statuses drives none out that is old enough to say something. */
const witnessesApartMs = 2_000;

/**
 * What the connections of this process have shown of their chargers' clocks. It goes with the
 * connection: on the next one the clock may be another.
 */
export class ConnectionClocks {
  private readonly witnesses = new WeakMap<Connection, ClockWitness[]>();

  /** The clock by which a message was made, if it was made when it came. */
  at(connection: Connection, claimedAt: Instant, receivedAt: Instant): LiveClock | undefined {
    const known = this.witnesses.get(connection) ?? [];
    return liveClock(known, { claimedAt, receivedAt }, connection.connectedAt);
  }

  /** A status was made when it came: others are compared with it. */
  witness(connection: Connection, claimedAt: Instant, receivedAt: Instant): void {
    const known = this.witnesses.get(connection) ?? [];
    const last = known.at(-1);
    const isSoon =
      last !== undefined &&
      parseInstant(receivedAt) - parseInstant(last.receivedAt) < witnessesApartMs;
    if (isSoon) return;
    known.push({ claimedAt, receivedAt });
    // The first one stays: the longer ago, the more it says.
    if (known.length > witnessesMax) known.splice(1, 1);
    this.witnesses.set(connection, known);
  }
}

/** The clock by which readings were made: the last of them was made when they came, if any was. */
export const clockOf = (
  clocks: ConnectionClocks,
  connection: Connection,
  readings: readonly MeterReading[],
  receivedAt: Instant,
): LiveClock | undefined => {
  const last = readings
    .map(({ readAt }) => readAt)
    .sort()
    .at(-1);
  return last === undefined ? undefined : clocks.at(connection, last, receivedAt);
};
