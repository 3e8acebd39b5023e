import { crashPoint, type SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import type { CommandEnd } from '../domain/command-end';
import type { ChargerCommands, DueCommand, OpenCommand } from './charger-commands';
import type { ChargerCertificates } from './charger-certificates';
import type { ChargerConnections } from './charger-connections';
import type { CommitQueue } from './commit-queue';

const retryMs = 1_000;

/** Sends what waits for the chargers of this process, and ends what can have no other end. */
export class CommandExecutor {
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly parts: Readonly<{
      sql: SqlClient;
      commits: CommitQueue;
      commands: ChargerCommands;
      certificates: Pick<ChargerCertificates, 'delivered'>;
      connections: ChargerConnections;
      logger: Logger;
    }>,
  ) {}

  /** For who has just asked for something: one look, whose failure is the next look's matter. */
  soon(): void {
    this.run().catch((error: unknown) => this.parts.logger.warn({ err: error }, 'commands'));
  }

  /** One look; what it finds goes on by itself. */
  async run(): Promise<void> {
    const { commands, sql, logger } = this.parts;
    for (const due of await commands.due(sql)) {
      if (this.underWay.has(due.commandId)) continue;
      const attempt = this.attempt(due)
        .catch((error: unknown) =>
          logger.error({ err: error, commandId: due.commandId }, 'command not carried out'),
        )
        .finally(() => this.underWay.delete(due.commandId));
      this.underWay.set(due.commandId, attempt);
    }
  }

  /** Resolves when what was sent has an end: called once no charger is connected any more. */
  async drained(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  async endOverdue(): Promise<void> {
    for (const { end, ...open } of await this.parts.commands.overdue(this.parts.sql)) {
      if (!this.underWay.has(open.commandId)) await this.conclude(open, end);
    }
  }

  private async attempt(due: DueCommand): Promise<void> {
    const { commits, commands, connections } = this.parts;
    const charger = connections.find(due);
    if (charger?.connectionId !== due.connectionId) return; // it is another process's
    // Durable before it is sent: whoever finds it claimed does not send it again.
    const claimed = await commits.submit((tx) => commands.claim(tx, due));
    if (claimed === undefined) return;
    crashPoint(`gateway.before-command.${due.name}`);
    const end = await charger.carryOut(claimed);
    crashPoint(`gateway.after-command.${due.name}`);
    if (end === 'not-sent') return commits.submit((tx) => commands.release(tx, due));
    // What the charger has said is not lost to a database that is away for a while.
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.conclude(due, end);
      } catch (error) {
        if (attempt === 30) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  private conclude(open: OpenCommand, end: CommandEnd): Promise<void> {
    const now = instantFromEpochMs(Date.now());
    const { commits, commands, certificates } = this.parts;
    return commits.submit(async (tx) => {
      const isNews = await commands.conclude(tx, open, end, now);
      if (isNews && open.name === 'CertificateDelivery') {
        await certificates.delivered(tx, open, end, now);
      }
    });
  }
}
