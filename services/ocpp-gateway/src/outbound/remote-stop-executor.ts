import type { Logger } from '@tallywatt/service-kit';
import type { SqlClient } from '@tallywatt/event-log';
import { instantFromEpochMs } from '@tallywatt/time';
import type { ChargerConnections } from './charger-connections';
import type { CommitQueue } from './commit-queue';
import {
  type PendingStop,
  type RemoteStopAnswer,
  type RemoteStops,
  sessionOver,
} from './remote-stops';

const answerOf = (result: unknown): RemoteStopAnswer =>
  (result as { status?: unknown }).status === 'Accepted'
    ? { kind: 'accepted' }
    : { kind: 'rejected', reason: 'rejected-by-charger', detail: 'the charger answered Rejected' };

/** A CALLERROR is an answer; a time-out or a lost connection is none. */
const answerOfError = (error: unknown): RemoteStopAnswer | undefined => {
  const code = (error as { rpcErrorCode?: unknown }).rpcErrorCode;
  return typeof code === 'string'
    ? { kind: 'rejected', reason: 'rejected-by-charger', detail: `CALLERROR ${code}` }
    : undefined;
};

/**
 * Asks chargers to stop, those that are connected, again after reconnects and restarts,
 * until there is an answer or nothing to stop. A charger that is away keeps its command waiting.
 */
export class RemoteStopExecutor {
  private readonly underWay = new Set<string>();

  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      commits: CommitQueue;
      remoteStops: RemoteStops;
      connections: ChargerConnections;
      replicaId: string;
      logger: Logger;
    }>,
  ) {}

  async run(): Promise<void> {
    const { sql, remoteStops, replicaId } = this.parts;
    for (const command of await remoteStops.due(sql, replicaId)) {
      if (this.underWay.has(command.commandId)) continue;
      this.underWay.add(command.commandId);
      void this.attempt(command)
        .catch((error: unknown) =>
          this.parts.logger.error(
            { err: error, commandId: command.commandId },
            'remote stop failed',
          ),
        )
        .finally(() => this.underWay.delete(command.commandId));
    }
  }

  private async attempt(command: PendingStop): Promise<void> {
    const { commits, remoteStops, connections, logger, sql } = this.parts;
    const conclude = (answer: RemoteStopAnswer): Promise<void> => {
      const now = instantFromEpochMs(Date.now());
      return commits.submit((tx) => remoteStops.conclude(tx, command, answer, now));
    };
    if (!command.isSessionActive) return conclude(sessionOver);
    const charger = connections.find(command);
    if (charger === undefined) return remoteStops.postpone(sql, command);
    try {
      return await conclude(answerOf(await charger.requestStop(command.ocppTransactionId)));
    } catch (error) {
      const answer = answerOfError(error);
      if (answer !== undefined) return conclude(answer);
      logger.warn({ err: error, commandId: command.commandId }, 'remote stop was not answered');
      return remoteStops.postpone(sql, command);
    }
  }
}
