import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import type { ChargerConnections } from './charger-connections';
import type { CommitQueue } from './commit-queue';
import type { CredentialRotations, DueRotation } from './credential-rotations';

/** Tells the chargers of this process their new passwords. */
export class RotationExecutor {
  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      commits: CommitQueue;
      rotations: CredentialRotations;
      connections: ChargerConnections;
      logger: Logger;
    }>,
  ) {}

  async run(): Promise<void> {
    const { rotations, connections, sql, logger } = this.parts;
    for (const due of await rotations.due(sql)) {
      const charger = connections.find(due);
      if (charger?.connectionId !== due.connectionId) continue; // it is another process's
      await this.attempt(due, charger.setPassword).catch((error: unknown) =>
        // Whether the charger has it is not known, so both passwords stay valid.
        logger.warn({ err: error, rotationId: due.rotationId }, 'new password was not answered'),
      );
    }
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
