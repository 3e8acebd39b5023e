import type { ChargingDecision } from '@tallywatt/contracts';
import type { SessionFact } from '../domain/charging-session';
import { carryOut, type StoredSession } from '../domain/session-record';
import { advance, commandsOf } from '../domain/station-transaction';
import { sessionOf, type Speaker } from '../domain/transaction-beginning';
import {
  contentHashOf,
  type Grant,
  type HeardEvent,
  type TransactionEvent,
} from '../domain/transaction-event';

export const now = '2026-11-21T12:00:00.000Z';
export const at = (minute: number): string =>
  `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`;

const decision: ChargingDecision = {
  decisionId: 'D',
  status: 'Accepted',
  tokenRef: 'token-1',
  tier: 'retail',
  paymentRoute: 'card',
  rule: 'token-accepted',
  decidedAt: at(0),
  tariff: { tariffId: 'T', version: 1n, contentHash: 'ab', billsParkingTime: true },
};
export const grant: Grant = { decision, idTagInfo: { status: 'Accepted' }, connectorId: 1 };
export const denial: Grant = {
  decision: { ...decision, status: 'Invalid', rule: 'token-unknown' },
  idTagInfo: { status: 'Invalid' },
  connectorId: 1,
};

/** An event as it is heard. */
export const event = (
  eventType: TransactionEvent['eventType'],
  seqNo: number,
  other: Partial<HeardEvent> & Readonly<{ isUnplaced?: boolean }> = {},
): HeardEvent => {
  const { grant: granted, isUnplaced = false, ...said } = other;
  const words: TransactionEvent = {
    eventType,
    seqNo,
    happenedAt: at(seqNo),
    triggerReason: 'MeterValuePeriodic',
    ...(eventType === 'Started' && !isUnplaced ? { connectorId: 1 } : {}),
    readings: [],
    ...said,
  };
  const contentHash = contentHashOf(words);
  return { ...words, contentHash, ...(granted === undefined ? {} : { grant: granted }) };
};

export const register = (milliWh: bigint, readAt: string, context = 'Sample.Periodic') => ({
  readAt,
  context,
  registerMilliWh: milliWh,
});

const speaker: Speaker = {
  cpoId: 'default',
  chargePointId: 'CP-1',
  transactionId: 'TX',
  now,
};
const place = {
  ocppVersion: '2.0.1',
  powerWMax: 22_000n,
  location: { locationId: 'L', timeZone: 'Europe/Berlin', currency: 'EUR' },
};

/** A transaction as the gateway hears it, without its database. */
export class TransactionStory {
  readonly facts: SessionFact[] = [];
  session: StoredSession | undefined;
  want = 'nothing';
  private nextSeqNo: number | undefined;
  private held: readonly HeardEvent[] = [];
  private readonly heard = new Set<string>();

  hear(...events: readonly HeardEvent[]): this {
    for (const one of events) {
      if (this.heard.has(one.contentHash)) continue;
      this.heard.add(one.contentHash);
      this.held = [...this.held, one];
      this.goOn({});
    }
    return this;
  }

  /** What is missing has been waited for; nobody's token was decided on. */
  giveUp(nobody?: Grant): this {
    this.goOn({ isGapGivenUp: true, ...(nobody === undefined ? {} : { nobody }) });
    return this;
  }

  types(): string[] {
    return this.facts.map(({ type }) => type);
  }

  /** The facts but for what depends on when something was told, as one text each. */
  told(): string[] {
    return this.facts.map((fact) =>
      JSON.stringify(fact, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value} mWh` : value,
      ),
    );
  }

  private goOn(how: Readonly<{ isGapGivenUp?: boolean; nobody?: Grant }>): void {
    const step = advance(this.nextSeqNo, this.held, how);
    this.want = step.want;
    const { beginning } = step;
    if (beginning !== undefined) {
      const { session, commands } = sessionOf(speaker, beginning, 1, place, false);
      this.session = session;
      for (const command of commands) this.carryOut(command);
    }
    for (const [index, one] of step.taken.entries()) {
      const isStateTold = index < (beginning?.statesTold ?? 0);
      for (const command of commandsOf(speaker, one, this.session, { isStateTold })) {
        this.carryOut(command);
      }
    }
    this.held = step.held;
    this.nextSeqNo = step.nextSeqNo;
  }

  private carryOut(command: Parameters<typeof carryOut>[0]): void {
    const { decision: made, after } = carryOut(command, this.session, now);
    if (made.kind === 'accepted') this.facts.push(...made.events);
    if (this.session !== undefined && after !== undefined) {
      this.session = { ...this.session, ...after };
    }
  }
}

export const stopOf = (story: TransactionStory) =>
  story.facts.find((fact) => fact.type === 'SessionStopped');
export const reasons = (story: TransactionStory): string[] =>
  story.facts.flatMap((fact) => (fact.type === 'SessionQuarantined' ? [fact.reason] : []));
