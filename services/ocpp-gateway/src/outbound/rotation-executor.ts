import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import type { ChargerConnections } from './charger-connections';
import type { CommitQueue } from './commit-queue';
import type { CredentialRotations, DueRotation } from './credential-rotations';

/** Tells the chargers of this process their new passwords. */
export class RotationExecutor {
  /** By charge point: a charger is told one at a time, in order, and none waits for another. */
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      commits: CommitQueue;
      rotations: CredentialRotations;
      connections: ChargerConnections;
      logger: Logger;
    }>,
  ) {}

  /** One look; what it finds goes on by itself. */
  async run(): Promise<void> {
    const { rotations, connections, sql, logger } = this.parts;
    await rotations.sendAway(sql);
    for (const due of await rotations.due(sql)) {
      const charger = connections.find(due);
      if (charger?.connectionId !== due.connectionId) continue; // it is another process's
      const station = `${due.cpoId}/${due.chargePointId}`;
      if (this.underWay.has(station)) continue;
      const attempt = this.attempt(due, charger.setPassword)
        .catch((error: unknown) =>
          // Whether the charger has it is not known, so both passwords stay valid.
          logger.warn({ err: error, rotationId: due.rotationId }, 'new password was not answered'),
        )
        .finally(() => this.underWay.delete(station));
      this.underWay.set(station, attempt);
    }
  }

  /** Resolves when what was sent has an end: called once no charger is connected any more. */
  async drained(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private async attempt(
    due: DueRotation,
    setPassword: (password: string) => Promise<string | undefined>,
  ): Promise<void> {
    const { commits, rotations } = this.parts;
    const password = await commits.submit((tx) => rotations.claim(tx, due));
    if (password === undefined) return;
    const refusal = await setPassword(password);
    const now = instantFromEpochMs(Date.now());
    await commits.submit((tx) =>
      refusal === undefined
        ? rotations.accepted(tx, due)
        : rotations.rejected(tx, due, refusal, now),
    );
  }
}
