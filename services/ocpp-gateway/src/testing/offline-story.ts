import type { SessionFact } from '../domain/charging-session';
import { matchOrphans, type WaitingOrphan } from '../domain/orphan-match';
import { startFingerprint } from '../domain/session-identity';
import { beginningOf, reportOf, stopCommandOf } from '../domain/session-message';
import { carryOut, type StoredSession } from '../domain/session-record';

export const now = '2026-11-22T00:00:00.000Z';
export const at = (minute: number): string =>
  new Date(Date.UTC(2026, 10, 21, 10, minute)).toISOString();
const station = { cpoId: 'default', chargePointId: 'CP-1' };

export type OfflineStart = Readonly<{
  say: 'start';
  connectorId: number;
  tag: string;
  meterStartWh: number;
  startedAt: string;
}>;
export type OfflineStop = Readonly<{
  say: 'stop';
  transactionId: number;
  tag?: string;
  meterStopWh: number;
  stoppedAt: string;
  beginWh?: number;
}>;
export type OfflineReading = Readonly<{
  say: 'reading';
  connectorId: number;
  transactionId?: number;
  readAt: string;
  registerWh?: number;
}>;
/** What a charger of OCPP 1.6 kept while it was away. */
export type OfflineMessage = OfflineStart | OfflineStop | OfflineReading;

const milli = (wattHours: number): bigint => BigInt(wattHours) * 1_000n;

const readingOf = (
  readAt: string,
  registerWh: number | undefined,
  context = 'Sample.Periodic',
) => ({
  readAt,
  context,
  ...(registerWh === undefined ? {} : { registerMilliWh: milli(registerWh) }),
});

const facts = {
  ocppVersion: '1.6',
  powerWMax: 11_000n,
  location: { locationId: 'L', timeZone: 'Europe/Berlin', currency: 'EUR' },
  decision: {
    decisionId: 'D',
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    rule: 'token-accepted',
    decidedAt: at(0),
    tariff: { tariffId: 'T', version: 1n, contentHash: 'ab', billsParkingTime: false },
  },
} as const;

/** What the gateway makes of them, without its database: what it keeps, and what it attaches. */
export class OfflineStory {
  readonly sessions = new Map<string, StoredSession>();
  readonly recorded: SessionFact[] = [];
  readonly attached: string[] = [];
  private readonly kept = new Map<string, WaitingOrphan>();

  hear(...messages: readonly OfflineMessage[]): this {
    for (const message of messages) this.take(message);
    return this;
  }

  /** The charger has said nothing more for a while. */
  settle(): this {
    const found = matchOrphans([...this.kept.values()], [...this.sessions.values()], now);
    for (const { orphan, session: one, method } of found) {
      const session = this.sessions.get(one.sessionId);
      if (session === undefined) continue;
      this.kept.delete(orphan.orphanId);
      this.attached.push(`${orphan.orphanId} ${session.sessionId} ${method}`);
      const message = { ...orphan.message, now };
      if (orphan.kind === 'stop') {
        const stop = { ...orphan.message, now };
        this.carryOut(stopCommandOf(stop, session, {}, method), session);
      } else if ('connectorId' in message) {
        this.carryOut(reportOf(message, method).command, session);
      }
    }
    return this;
  }

  get waiting(): readonly string[] {
    return [...this.kept.keys()].sort();
  }

  get orphans(): readonly WaitingOrphan[] {
    return [...this.kept.values()];
  }

  /** All facts of all sessions, and what waits, in an order of their own. */
  told(): string[] {
    const sessions = [...this.sessions.values()].map(({ sessionId }) => sessionId);
    return [
      ...sessions.map((sessionId) =>
        this.recorded
          .filter((fact) => 'sessionId' in fact && fact.sessionId === sessionId)
          .map(textOf)
          .join('\n'),
      ),
      ...this.attached,
      ...this.waiting,
    ].sort();
  }

  private take(message: OfflineMessage): void {
    switch (message.say) {
      case 'start': {
        const { connectorId, tag, meterStartWh, startedAt } = message;
        const meterStartMilliWh = milli(meterStartWh);
        const words = { connectorId, tokenMark: tag, meterStartMilliWh, startedAt };
        const idTagInfo = { status: 'Accepted' };
        const start = { station, words, now, idTagInfo, facts };
        // Which number it gets depends on the order, and nothing else does.
        const id = String(parseInt(startFingerprint(words).slice(0, 7), 16));
        const { session, command } = beginningOf(start, 1, id);
        if (!this.sessions.has(session.sessionId)) this.carryOut(command, session);
        return;
      }
      case 'stop': {
        const { transactionId, tag, meterStopWh, stoppedAt, beginWh } = message;
        const said = {
          station,
          transactionId,
          stop: { stoppedAt, meterStopMilliWh: milli(meterStopWh), stopReason: 'Local' },
          ...(tag === undefined ? {} : { tokenMark: tag }),
          readings: beginWh === undefined ? [] : [readingOf(at(0), beginWh, 'Transaction.Begin')],
        };
        const session = [...this.sessions.values()].find(
          ({ ocppTransactionId }) => ocppTransactionId === String(transactionId),
        );
        const command = stopCommandOf({ ...said, now }, session, {});
        if (session !== undefined) return this.carryOut(command, session);
        return this.keep({ kind: 'stop', orphanId: command.origin.orphanId, message: said });
      }
      case 'reading': {
        const { connectorId, transactionId, readAt, registerWh } = message;
        const said = {
          station,
          connectorId,
          ...(transactionId === undefined ? {} : { transactionId }),
          readings: [readingOf(readAt, registerWh)],
          isQueued: true,
        };
        const { orphanId } = reportOf({ ...said, now }).command.origin;
        return this.keep({ kind: 'readings', orphanId, message: said });
      }
    }
  }

  private keep(orphan: WaitingOrphan): void {
    const isAttached = this.attached.some((text) => text.startsWith(orphan.orphanId));
    if (!isAttached) this.kept.set(orphan.orphanId, orphan);
  }

  private carryOut(command: Parameters<typeof carryOut>[0], session: StoredSession): void {
    const { decision, after } = carryOut(command, session, now);
    if (decision.kind === 'accepted') this.recorded.push(...decision.events);
    if (after !== undefined) this.sessions.set(session.sessionId, { ...session, ...after });
  }
}

const textOf = (fact: SessionFact): string =>
  JSON.stringify(fact, (_, value: unknown) => (typeof value === 'bigint' ? `${value} mWh` : value));
