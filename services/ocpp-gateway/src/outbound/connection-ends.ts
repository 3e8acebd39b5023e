import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Instant } from '@tallywatt/time';
import type { CommitQueue } from './commit-queue';
import type { Station } from './session-store';
import { onBehalfOf } from './station-lock';
import type { DisconnectCause } from './station-store';

export type ConnectionEnd = Station &
  Readonly<{ connectionId: string; cause: DisconnectCause; at: Instant }>;

type Disconnected = (
  tx: SqlClient,
  connection: Station & { connectionId: string },
  cause: DisconnectCause,
  at: Instant,
) => Promise<void>;

const recordedAtOnce = 64;

/**
 * Ends of connections that could not be written down when they came. Nobody else ends a connection of
 * a process that lives, so they are tried again until they are written; one more try does no harm.
 */
export class ConnectionEnds {
  private readonly unrecorded = new Map<string, ConnectionEnd>();

  constructor(
    private readonly parts: Readonly<{
      commits: Pick<CommitQueue, 'submit'>;
      disconnected: Disconnected;
      logger: Logger;
    }>,
  ) {}

  /** How many wait: one for each charger that went while the database was away. */
  get count(): number {
    return this.unrecorded.size;
  }

  keep(end: ConnectionEnd, error: unknown): void {
    this.parts.logger.warn({ ...end, err: error }, 'end of connection not recorded yet');
    this.unrecorded.set(end.connectionId, end);
  }

  /** Writes down what waits, as far as it can be. */
  async record(): Promise<void> {
    const ends = [...this.unrecorded.values()];
    for (let first = 0; first < ends.length; first += recordedAtOnce) {
      const some = ends.slice(first, first + recordedAtOnce);
      const outcomes = await Promise.allSettled(some.map((end) => this.write(end)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined) continue;
      const { count } = this;
      this.parts.logger.warn({ err: failed.reason as unknown, count }, 'ends are not recorded yet');
      // When none can be written the next ones need not be tried now.
      if (outcomes.every(({ status }) => status === 'rejected')) return;
    }
  }

  private async write(end: ConnectionEnd): Promise<void> {
    const { commits, disconnected } = this.parts;
    const { cpoId, chargePointId, connectionId, cause, at } = end;
    await onBehalfOf(`${cpoId}/${chargePointId}`, () =>
      commits.submit((tx) => disconnected(tx, end, cause, at)),
    );
    this.unrecorded.delete(connectionId);
  }
}
