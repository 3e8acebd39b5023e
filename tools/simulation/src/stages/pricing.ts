import {
  canonicalJson,
  encodeEvent,
  type AllowanceEvent,
  type CdrEvent,
  type EventMetadata,
  type RecordedEvent,
  type SessionEvent,
  type TariffEvent,
  type TariffReference,
} from '@tallywatt/contracts';
import {
  advance,
  pinnedTariff,
  ratedSession,
  type PinnedTariff,
  type RatedSession,
} from '@tallywatt/derivations';
import { tariffVersion, type TariffVersion } from '@tallywatt/pricing-engine/domain/tariff-version';
import { parseTariff, type OcpiTariff } from '@tallywatt/tariffs';
import { Consumer, NotYetKnown, Progress } from '../ground/consumer';
import type { Table } from '../ground/disk';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import { hold } from '../ground/violation';
import type { World } from '../ground/world';
import { cpoId } from './gateway';

type SessionFact = Pick<RecordedEvent<SessionEvent>, 'event' | 'metadata'>;

type TariffRow = Readonly<{ contentHash: string; ocpiTariffJson: string }>;

const readDocuments = new WeakMap<Readonly<Record<string, unknown>>, OcpiTariff>();

/** The plan's documents are the same in every run: each is read once. */
const read = (document: Readonly<Record<string, unknown>>): OcpiTariff => {
  const known = readDocuments.get(document);
  if (known !== undefined) return known;
  const parsed = parseTariff(document);
  if (!parsed.ok) throw new Error(canonicalJson(parsed.faults));
  readDocuments.set(document, parsed.tariff);
  return parsed.tariff;
};

const rowName = ({ tariffId, version }: Pick<TariffReference, 'tariffId' | 'version'>): string =>
  `${tariffId}/${version}`;

/** The pricing engine: tariffs as the log tells of them, sessions on their way to a price. */
export class Pricing {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly progress: Progress;
  readonly sessions: Table<RatedSession>;
  /** What was drawn, by session and energy revision. */
  readonly draws: Table<bigint>;
  /** Facts that wait for a draw, by session. */
  readonly waiting: Table<readonly SessionFact[]>;
  readonly cdrs: Table<string>;
  readonly latest: Table<TariffVersion>;
  private readonly versions: Table<TariffRow>;
  private readonly shelf = new Map<string, PinnedTariff>();
  consumer: Consumer | undefined;
  private relay: Relay;

  constructor(private readonly world: World) {
    this.process = new SimulatedProcess('pricing-engine', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'pricing-engine', world);
    this.progress = new Progress(this.process.disk);
    this.sessions = this.process.disk.table();
    this.draws = this.process.disk.table();
    this.waiting = this.process.disk.table();
    this.cdrs = this.process.disk.table();
    this.latest = this.process.disk.table();
    this.versions = this.process.disk.table();
    this.relay = new Relay(this.process, this.outbox);
  }

  private boot(): void {
    this.relay = new Relay(this.process, this.outbox);
    this.consumer = new Consumer(
      this.process,
      ['charging.sessions.v1', 'access.allowances.v1', 'pricing.tariffs.v1'],
      this.progress,
      (records) => this.take(records),
      () => this.relay.wake(),
    );
    this.consumer.start();
    this.relay.wake();
  }

  /** The operator hands a tariff in; its table is filled by the log, as in a new database. */
  publishTariff(document: Readonly<Record<string, unknown>>): void {
    const tariff = read(document);
    const { now } = this.world.clock;
    this.process.disk.transaction(() => {
      const before = this.latest.get(tariff.id) ?? tariffVersion.initial;
      const command = { type: 'PublishTariff', cpoId, document, tariff, now } as const;
      const decision = tariffVersion.decide(command, before);
      if (decision.kind !== 'accepted') return;
      this.latest.set(tariff.id, decision.events.reduce(tariffVersion.evolve, before));
      this.outbox.append(
        decision.events.map((event) => ({ event, occurredAt: now })),
        { recordedAt: now },
      );
    });
    if (this.process.isRunning) this.relay.wake();
  }

  private take(records: readonly RecordedEvent[]): void {
    for (const { event, metadata } of records) {
      switch (event.type) {
        case 'TariffPublished':
          this.keepTariff(event);
          break;
        case 'TariffAssigned':
        case 'TariffUnassigned':
        case 'TariffWithdrawn':
          break;
        case 'AllowanceDrawn':
        case 'AllowanceReturned':
          this.takeDraw(event);
          break;
        default:
          this.takeFacts((event as SessionEvent).sessionId, {
            event: event as SessionEvent,
            metadata,
          });
      }
    }
  }

  private keepTariff({
    tariff,
    ocpiTariffJson,
  }: Extract<TariffEvent, { type: 'TariffPublished' }>): void {
    const { contentHash } = tariff;
    this.versions.set(rowName(tariff), { contentHash, ocpiTariffJson });
  }

  private takeDraw({ sessionId, energyRevision, sessionDrawnMilliWh }: AllowanceEvent): void {
    this.draws.set(`${sessionId}/${energyRevision}`, sessionDrawnMilliWh);
    if (this.waiting.has(sessionId)) this.takeFacts(sessionId);
  }

  private takeFacts(sessionId: string, ...news: readonly SessionFact[]): void {
    let before = this.sessions.get(sessionId) ?? ratedSession.initial;
    const facts = [...(this.waiting.get(sessionId) ?? []), ...news];
    const { session, steps, waiting } = advance(
      before,
      facts,
      (reference) => this.pinned(reference),
      ({ energyRevision }) => this.drawnMilliWh(sessionId, energyRevision),
    );
    this.sessions.set(sessionId, session);
    if (waiting.length > 0 || this.waiting.has(sessionId)) this.waiting.set(sessionId, waiting);
    const isForgetful = this.world.has('second-credit-left-out');
    for (const { fact, cdrs } of steps) {
      const isSecond = before.status === 'rated' && before.revision > 1;
      for (const cdr of cdrs) {
        if (isForgetful && isSecond && cdr.type === 'CreditCdrIssued') continue;
        this.record(cdr, fact.metadata);
      }
      before = cdrs.reduce(ratedSession.evolve, ratedSession.evolve(before, fact.event));
    }
  }

  private drawnMilliWh(sessionId: string, energyRevision: number): bigint | undefined {
    const drawn = this.draws.get(`${sessionId}/${energyRevision}`);
    return drawn === undefined && this.world.has('draw-not-waited-for') ? 0n : drawn;
  }

  private pinned(reference: TariffReference): PinnedTariff {
    const name = rowName(reference);
    const known = this.shelf.get(name);
    if (known !== undefined) return known;
    const row = this.versions.get(name);
    if (row === undefined) {
      if (this.world.has('tariff-not-waited-for')) return { kind: 'none' };
      throw new NotYetKnown(`tariff ${name}`);
    }
    const pinned = pinnedTariff(row.contentHash, row.ocpiTariffJson);
    this.shelf.set(name, pinned);
    return pinned;
  }

  private record(cdr: CdrEvent, cause: EventMetadata): void {
    if (cdr.type !== 'CdrWithheld') {
      const { contentHash } = encodeEvent(cdr);
      hold(!this.cdrs.has(cdr.cdrId), 'one CDR for one session', () => `${cdr.sessionId} again`);
      this.cdrs.set(cdr.cdrId, contentHash);
    }
    const { occurredAt, correlationId, id: causationId } = cause;
    const [recorded] = this.outbox.append([{ event: cdr, occurredAt, correlationId, causationId }]);
    hold(recorded?.appended === true, 'said once', () => `${cdr.type} of ${cdr.sessionId} again`);
  }
}
