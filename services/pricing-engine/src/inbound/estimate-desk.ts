import { pinnedReference, sessionEstimate, type PinnedTariff } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import { Problem } from '@tallywatt/service-kit';
import { findEstimate, type EstimateRow } from '../outbound/estimate-table';
import { loadSessions, type SessionKey } from '../outbound/session-table';
import { TariffShelf } from '../outbound/tariff-shelf';

/** Where an operator asks what a running session costs. */
export class EstimateDesk {
  private readonly tariffs = new TariffShelf();

  constructor(private readonly db: SqlClient) {}

  /**
   * The last estimate of a running session.
   * @throws Problem 404 with the reason why there is none, or none any more.
   */
  async latest(key: SessionKey): Promise<EstimateRow> {
    const [session] = (await loadSessions(this.db, [key])).values();
    if (session === undefined) throw noEstimate('session-unknown', 'no such session has started');
    const reference = pinnedReference(session);
    const wanted = reference === undefined ? [] : [{ cpoId: key.cpoId, reference }];
    await this.tariffs.fetch(this.db, wanted);
    const pinned: PinnedTariff | undefined =
      reference === undefined ? { kind: 'none' } : this.tariffs.known(key.cpoId, reference);
    if (pinned === undefined) throw noEstimate('tariff-awaited', 'its tariff has not come yet');
    // An estimate from before a doubt, or before the close, is not shown as if it still held.
    const now = sessionEstimate(session, pinned, 0n);
    if (now.kind === 'none') throw noEstimate(now.reason, now.detail);
    const row = await findEstimate(this.db, key);
    if (row !== undefined) return row;
    throw noEstimate('no-fact-since-start', 'nothing has been read or reported since it started');
  }
}

const noEstimate = (reason: string, detail: string): Problem =>
  new Problem({
    status: 404,
    type: 'estimate-none',
    title: 'Nobody can say what this session would cost now',
    detail: `${reason}: ${detail}`,
  });
