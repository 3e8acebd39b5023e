import { encodeEvent, type CdrEvent, type EventMetadata } from '@tallywatt/contracts';
import { cdrContentHashes } from '@tallywatt/derivations';
import type { EventLog, Logger, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import { instantFromEpochMs } from '@tallywatt/time';
import { keepCdrs, knownCdrs, type CdrEntry } from './cdr-table';
import type { PricingMetrics } from './pricing-metrics';

/** A CDR, or its refusal, and the record of the fact that led to it. */
export type DecidedCdr = Readonly<{ cdr: CdrEvent; cause: EventMetadata }>;

/** Where decisions about CDRs are recorded. */
export class CdrLog {
  constructor(
    private readonly eventLog: Pick<EventLog, 'append'>,
    private readonly metrics: PricingMetrics,
    private readonly logger: Logger,
  ) {}

  /**
   * Records what was decided. A CDR that exists stays: when a rebuild computes another under its
   * id, the one in the log counts and an alarm is raised.
   */
  async record(tx: SqlClient, decided: readonly DecidedCdr[]): Promise<void> {
    if (decided.length === 0) return;
    const known = await knownCdrs(
      tx,
      decided.flatMap(({ cdr }) => (cdr.type === 'CdrWithheld' ? [] : [cdr])),
    );
    const fresh = decided.filter(({ cdr }) => !this.isKnown(cdr, known));
    const issuedAt = instantFromEpochMs(Date.now());
    const appended = await this.eventLog.append(tx, fresh.map(outgoing), { recordedAt: issuedAt });
    const entries = appended.flatMap(({ event, id }): CdrEntry[] => {
      if (event.type !== 'CdrIssued' && event.type !== 'CreditCdrIssued') return [];
      const { cpoId, cdrId, sessionId } = event;
      const { contentHash } = encodeEvent(event);
      return [{ cpoId, cdrId, sessionId, eventId: id, contentHash, issuedAt }];
    });
    await keepCdrs(tx, entries);
    // What the log has said before is no news: a new database computes all of it again.
    appended.forEach(({ appended: isNews }, index) => {
      const cdr = fresh[index]?.cdr;
      if (isNews && cdr !== undefined) this.metrics.decided(cdr);
    });
  }

  private isKnown(cdr: CdrEvent, known: ReadonlyMap<string, string>): boolean {
    if (cdr.type === 'CdrWithheld') return false;
    const recorded = known.get(`${cdr.cpoId}/${cdr.cdrId}`);
    if (recorded === undefined) return false;
    const [computed, ...before] = cdrContentHashes(cdr);
    if (recorded !== computed && !before.includes(recorded)) {
      const { cpoId, cdrId, sessionId } = cdr;
      this.metrics.recomputedDifferently();
      this.logger.error(
        { cpoId, cdrId, sessionId, recorded, computed },
        'the CDR computed again is not the one in the log',
      );
    }
    return true;
  }
}

// A CDR happened when the fact that it follows from did: its time is no one's clock.
const outgoing = ({ cdr, cause }: DecidedCdr): OutgoingEvent => ({
  event: cdr,
  occurredAt: cause.occurredAt,
  cause,
});
