import type {
  AccountEvent,
  AllowanceEvent,
  CdrEvent,
  FleetFeeEvent,
  JournalEntryPosted,
  JournalRootSigned,
  RecordedEvent,
  SessionEvent,
  TariffEvent,
  TopicName,
} from '@tallywatt/contracts';
import { journalEntryHash, type Fact } from '@tallywatt/derivations';
import { logEnds, scanLog, type LogEnds, type KafkaConnection } from '@tallywatt/event-log';
import { CdrDerivation, type DerivedCdr } from './cdr-derivation';
import { differences } from './difference';
import { DrawDerivation } from './draw-derivation';
import { EntryDerivation } from './entry-derivation';
import type { Finding } from './finding';
import { FleetFeeDerivation } from './fleet-fee-derivation';
import { rootFindings, type TrustedKey } from './root-verification';
import { StreamBook } from './stream-book';
import { TariffDerivation } from './tariff-derivation';

/** Effects before causes: every record below its end has its cause below the end of its topic. */
const verifiedTopics = [
  'reconciliation.findings.v1',
  'ledger.journal.v1',
  'payments.settlements.v1',
  'payments.payments.v1',
  'pricing.fleet-fees.v1',
  'pricing.cdrs.v1',
  'charging.commands.v1',
  'charging.orphans.v1',
  'charging.stations.v1',
  'charging.frames.v1',
  'access.allowances.v1',
  'charging.sessions.v1',
  'access.decisions.v1',
  'access.entitlements.v1',
  'access.accounts.v1',
  'pricing.tariffs.v1',
  'charging.registry.v1',
] as const satisfies readonly TopicName[];

export type VerificationOptions = KafkaConnection &
  Readonly<{
    taxJurisdiction: string;
    keys: readonly TrustedKey[];
    /** What follows from a younger fact and is not in the log yet is under way, not missing. */
    settledBeforeMs: number;
  }>;

/** A CDR of the log that follows from its session. */
export type ProvenCdr = Readonly<{ recorded: RecordedEvent<CdrEvent>; derived: DerivedCdr }>;

/** What a log holds, and everything in it that is not as it has to be. */
export type VerifiedLog = Readonly<{
  findings: readonly Finding[];
  ends: LogEnds;
  counts: Readonly<{
    records: number;
    events: number;
    sessionEvents: number;
    cdrs: number;
    entries: number;
    roots: number;
    underWay: number;
    unsignedRoots: number;
  }>;
  cdrs: readonly ProvenCdr[];
  /** As derived; when they were booked is as recorded. */
  entries: readonly JournalEntryPosted[];
  roots: readonly JournalRootSigned[];
}>;

/** Reads the whole log once and derives from it again what was derived. */
export const verifyLog = async (options: VerificationOptions): Promise<VerifiedLog> => {
  const { brokers, tls, sasl } = options;
  const kafka: KafkaConnection = { brokers, tls, sasl };
  const ends = await logEnds({ ...kafka, topics: verifiedTopics });
  const verification = new LogVerification(options);
  const read = async (...topics: readonly TopicName[]): Promise<void> =>
    scanLog({ ...kafka, topics, ends, take: (records) => verification.take(records) });
  const causes = [
    'pricing.tariffs.v1',
    'charging.sessions.v1',
    'access.allowances.v1',
    'pricing.cdrs.v1',
    'access.accounts.v1',
    'pricing.fleet-fees.v1',
  ] as const satisfies readonly TopicName[];
  for (const topic of causes) await read(topic);
  await read('payments.payments.v1', 'payments.settlements.v1');
  await read('ledger.journal.v1');
  const done: ReadonlySet<string> = new Set([
    ...causes,
    'payments.payments.v1',
    'payments.settlements.v1',
    'ledger.journal.v1',
  ]);
  await read(...verifiedTopics.filter((topic) => !done.has(topic)));
  return verification.finish(ends);
};

class LogVerification {
  private readonly findings: Finding[] = [];
  private readonly book = new StreamBook((finding) => this.findings.push(finding));
  private readonly cdrDerivation = new CdrDerivation();
  private readonly tariffDerivation = new TariffDerivation();
  private readonly drawDerivation = new DrawDerivation();
  private readonly fleetFeeDerivation = new FleetFeeDerivation();
  private readonly entryDerivation: EntryDerivation;
  /** By session: what its events yield and no record has said yet. */
  private readonly awaitedCdrs = new Map<string, DerivedCdr[]>();
  private readonly cdrs: ProvenCdr[] = [];
  private readonly entries = new Map<string, JournalEntryPosted>();
  private readonly roots: JournalRootSigned[] = [];
  private sessionEvents = 0;

  constructor(private readonly options: VerificationOptions) {
    this.entryDerivation = new EntryDerivation(options.taxJurisdiction);
  }

  take(records: Parameters<Parameters<typeof scanLog>[0]['take']>[0]): void {
    for (const record of records) {
      const recorded = this.book.take(record);
      if (recorded !== undefined) this.takeEvent(recorded);
    }
  }

  private takeEvent(recorded: RecordedEvent): void {
    const { topic } = recorded.position;
    const { event } = recorded;
    switch (topic as TopicName) {
      case 'pricing.tariffs.v1': {
        const underived = this.tariffDerivation.take(event as TariffEvent);
        if (underived !== undefined) this.find('tariff-differs', recorded, underived);
        if (event.type !== 'TariffPublished') return;
        this.fleetFeeDerivation.takeTariff(event);
        const fault = this.cdrDerivation.takeTariff(event);
        if (fault !== undefined) this.find('tariff-differs', recorded, fault);
        return;
      }
      case 'charging.sessions.v1':
        return this.takeSession(recorded as RecordedEvent<SessionEvent>);
      case 'access.allowances.v1':
        return this.takeDraw(recorded as RecordedEvent<AllowanceEvent>);
      case 'pricing.cdrs.v1':
        this.takeCdr(recorded as RecordedEvent<CdrEvent>);
        return this.takeFact(recorded as RecordedEvent<Fact>);
      case 'access.accounts.v1':
        return this.fleetFeeDerivation.takeAccount(event as AccountEvent);
      case 'pricing.fleet-fees.v1':
        this.takeFleetFee(recorded as RecordedEvent<FleetFeeEvent>);
        return this.takeFact(recorded as RecordedEvent<Fact>);
      case 'payments.payments.v1':
      case 'payments.settlements.v1':
        return this.takeFact(recorded as RecordedEvent<Fact>);
      case 'ledger.journal.v1':
        if (event.type === 'JournalRootSigned') this.roots.push(event);
        if (event.type === 'JournalEntryPosted') {
          this.takeEntry(recorded as RecordedEvent<JournalEntryPosted>);
        }
        return;
      default:
        return;
    }
  }

  private find(kind: Finding['kind'], recorded: RecordedEvent, detail: string): void {
    const { metadata, position } = recorded;
    this.findings.push({ kind, subject: metadata.subject, position, detail });
  }

  private takeSession(recorded: RecordedEvent<SessionEvent>): void {
    this.sessionEvents += 1;
    this.drawDerivation.takeSession(recorded);
    this.await(recorded, () => this.cdrDerivation.takeSession(recorded));
  }

  private takeDraw(recorded: RecordedEvent<AllowanceEvent>): void {
    const faults = this.drawDerivation.takeDraw(recorded);
    if (faults.length > 0) this.find('draw-differs', recorded, faults.join('; '));
    this.await(recorded, () => this.cdrDerivation.takeDraw(recorded.event));
  }

  /** Keeps what a record of a session leads to until the CDRs are read. */
  private await(
    recorded: RecordedEvent<SessionEvent | AllowanceEvent>,
    derive: () => DerivedCdr[],
  ): void {
    const { cpoId, sessionId } = recorded.event;
    try {
      const derived = derive();
      if (derived.length === 0) return;
      const key = `${cpoId}/${sessionId}`;
      this.awaitedCdrs.set(key, [...(this.awaitedCdrs.get(key) ?? []), ...derived]);
    } catch (error) {
      const isTariff = (error as Error).name === 'TariffMissing';
      const kind = isTariff ? 'tariff-missing' : 'session-broken';
      this.find(kind, recorded, (error as Error).message);
    }
  }

  private takeCdr(recorded: RecordedEvent<CdrEvent>): void {
    const { subject, contentHash, causationId } = recorded.metadata;
    const awaited = this.awaitedCdrs.get(subject) ?? [];
    const derived = awaited.find((one) => one.contentHashes.includes(contentHash));
    if (derived === undefined) {
      const [nearest] = awaited;
      if (nearest === undefined) {
        this.find('cdr-underivable', recorded, `nothing in its session yields this one`);
      } else {
        const differing = differences(recorded.event, nearest.cdr);
        this.find('cdr-differs', recorded, differing.join('; '));
        this.awaitedCdrs.set(subject, awaited.slice(1));
      }
      return;
    }
    if (causationId !== derived.cause.id) {
      const detail = `it names ${causationId} as its cause, it follows from ${derived.cause.id}`;
      this.find('cdr-differs', recorded, detail);
    }
    this.awaitedCdrs.set(
      subject,
      awaited.filter((one) => one !== derived),
    );
    this.cdrs.push({ recorded, derived });
  }

  private takeFleetFee(recorded: RecordedEvent<FleetFeeEvent>): void {
    if (recorded.event.type !== 'FleetFeeCharged') return;
    const fault = this.fleetFeeDerivation.fault(recorded.event);
    if (fault !== undefined) this.find('fee-differs', recorded, fault);
  }

  private takeFact(recorded: RecordedEvent<Fact>): void {
    try {
      this.entryDerivation.takeFact(recorded);
    } catch (error) {
      this.find('entry-differs', recorded, (error as Error).message);
    }
  }

  private takeEntry(recorded: RecordedEvent<JournalEntryPosted>): void {
    const { bookedAt, period, ...facts } = recorded.event;
    const { entryId } = facts;
    if (journalEntryHash(facts) !== facts.entryHash) {
      this.find('entry-differs', recorded, 'it does not say what its entry hash says');
    }
    if (period !== bookedAt.slice(0, 7)) {
      this.find('entry-differs', recorded, `period ${period} is not that of ${bookedAt}`);
    }
    const derived = this.entryDerivation.entries.get(entryId)?.entry;
    if (derived === undefined) {
      const { postingRule, documentId } = facts;
      this.find('entry-underivable', recorded, `no fact yields ${postingRule} of ${documentId}`);
      return;
    }
    const differing = differences(facts, derived);
    if (differing.length > 0) {
      this.find('entry-differs', recorded, `entry ${entryId}: ${differing.join('; ')}`);
    }
    if (this.entries.has(entryId)) {
      this.find('entry-differs', recorded, `entry ${entryId} is booked twice`);
    }
    this.entries.set(entryId, { ...derived, bookedAt, period });
  }

  /** What should be there and is not; what is too young for that is under way. */
  private reportMissing(): number {
    let underWay = 0;
    const isYoung = (recordedAt: string): boolean =>
      Date.parse(recordedAt) > this.options.settledBeforeMs;
    for (const { command, cause } of this.drawDerivation.missing()) {
      if (isYoung(cause.recordedAt)) underWay += 1;
      else {
        const detail = `event ${cause.id} asks for a draw, which no record says`;
        const subject = `${command.cpoId}/${command.sessionId}`;
        this.findings.push({ kind: 'draw-missing', subject, detail });
      }
    }
    for (const [subject, awaited] of this.awaitedCdrs) {
      for (const { cdr, cause } of awaited) {
        if (isYoung(cause.recordedAt)) underWay += 1;
        else {
          const detail = `event ${cause.id} yields ${cdr.type}, which no record says`;
          this.findings.push({ kind: 'cdr-missing', subject, detail });
        }
      }
    }
    for (const [entryId, { entry, recordedAt }] of this.entryDerivation.entries) {
      if (this.entries.has(entryId)) continue;
      if (isYoung(recordedAt)) underWay += 1;
      else {
        const detail = `event ${entry.causeEventId} yields ${entry.postingRule} of ${entry.documentId}`;
        this.findings.push({ kind: 'entry-missing', subject: entryId, detail });
      }
    }
    return underWay;
  }

  finish(ends: LogEnds): VerifiedLog {
    this.book.reportGaps();
    const underWay = this.reportMissing();
    const entries = [...this.entries.values()];
    this.findings.push(...rootFindings(this.roots, entries, this.options.keys));
    return {
      findings: this.findings,
      ends,
      counts: {
        records: this.book.records,
        events: this.book.events,
        sessionEvents: this.sessionEvents,
        cdrs: this.cdrs.length,
        entries: entries.length,
        roots: this.roots.length,
        underWay,
        unsignedRoots: this.options.keys.length === 0 ? this.roots.length : 0,
      },
      cdrs: this.cdrs,
      entries,
      roots: this.roots,
    };
  }
}
