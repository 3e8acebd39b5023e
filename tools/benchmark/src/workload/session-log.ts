import {
  canonicalJson,
  contentEventId,
  derivedId,
  encodeEvent,
  encodeHeaders,
  sha256Hex,
  type CdrIssued,
  type JournalEntryPosted,
  type RecordedEvent,
  type SessionEvent,
  type TallywattEvent,
  type TariffPublished,
} from '@tallywatt/contracts';
import {
  absentEntry,
  journalEntry,
  journalEventId,
  pinnedTariff,
  postingFor,
  postJournalEntry,
  progressOf,
  ratedSession,
  type Fact,
} from '@tallywatt/derivations';

/** A record as the relay of a service writes it. */
export type LogLine = Readonly<{
  topic: string;
  key: string;
  value: string;
  headers: Readonly<Record<string, string>>;
}>;

const cpoId = 'default';
const at = '2026-11-20T11:00:00.000Z';

const ocpiTariffJson = canonicalJson({
  id: 'flat',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }] }],
  last_updated: '2026-01-01T00:00:00Z',
});
const tariff = {
  tariffId: 'flat',
  version: 1n,
  contentHash: sha256Hex(ocpiTariffJson),
  billsParkingTime: false,
};
export const tariffPublished: TariffPublished = {
  type: 'TariffPublished',
  cpoId,
  tariff,
  currency: 'EUR',
  ocpiTariffJson,
  publishedAt: '2026-11-01T00:00:00.000Z',
};

const reports = 7;
/** Events of one session: its start, its readings, its stop and its close. */
export const eventsPerSession = reports + 3;

/** One session as the gateway records it; `number` decides how much energy it took. */
export const sessionEvents = (number: number): readonly SessionEvent[] => {
  const sessionId = derivedId('benchmark-session', String(number));
  const identity = { cpoId, sessionId };
  const registerAt = (report: number): bigint =>
    1_000_000n + BigInt(report) * (1_000_000n + BigInt(number % 1_000) * 1_000n);
  return [
    {
      type: 'SessionStarted',
      ...identity,
      chargePointId: `CP-${number % 5_000}`,
      connectorId: 1,
      ocppVersion: '1.6',
      ocppTransactionId: String(number + 1),
      occurrence: 1,
      meterStartMilliWh: registerAt(0),
      startedAt: '2026-11-20T10:00:00.000Z',
      powerWMax: 22_000n,
      location: {
        locationId: 'LOC-1',
        timeZone: 'Europe/Berlin',
        currency: 'EUR',
        taxRatePercent: { unscaled: 19n, scale: 0 },
      },
      decision: {
        decisionId: derivedId('decision', sessionId),
        status: 'Accepted',
        tokenRef: `token-${number % 5_000}`,
        tier: 'retail',
        paymentRoute: 'none',
        tariff,
        rule: 'retail',
        decidedAt: '2026-11-20T10:00:00.000Z',
      },
    },
    ...Array.from({ length: reports }, (_, report): SessionEvent => ({
      type: 'MeterValuesRecorded',
      ...identity,
      reportedIn: 'meter-values',
      readings: [
        {
          readAt: `2026-11-20T10:${String(7 * (report + 1)).padStart(2, '0')}:00.000Z`,
          context: 'Sample.Periodic',
          registerMilliWh: registerAt(report + 1),
        },
      ],
    })),
    {
      type: 'SessionStopped',
      ...identity,
      stoppedAt: at,
      meterStopMilliWh: registerAt(reports + 1),
      stopReason: 'Local',
    },
    { type: 'SessionClosed', ...identity, closedAt: at, closedBy: 'stop' },
  ];
};

/** Names the place of an event in its stream, as its owner would. */
export const recorded = <E extends TallywattEvent>(
  event: E,
  sequence: number,
  source: string,
  more: Readonly<{ id?: string; causationId?: string; recordedAt?: string }> = {},
): RecordedEvent<E> & Readonly<{ line: LogLine }> => {
  const { recordedAt = at, ...named } = more;
  const encoded = encodeEvent(event);
  const id = more.id ?? contentEventId(encoded);
  const metadata = {
    source,
    subject: encoded.key,
    cpoId,
    sequence: BigInt(sequence),
    occurredAt: at,
    recordedAt,
    correlationId: id,
    contentHash: encoded.contentHash,
    ...named,
    id,
  };
  const { topic, key, value } = encoded;
  const headers = encodeHeaders(encoded.fullType, metadata);
  const position = { topic, partition: 0, offset: 0n };
  return { event, metadata, position, line: { topic, key, value, headers } };
};

/** The CDR that follows from a session, under the event that caused it. */
export const cdrOf = (
  session: readonly RecordedEvent<SessionEvent>[],
): ReturnType<typeof recorded<CdrIssued>> => {
  let state = ratedSession.initial;
  for (const { event, metadata } of session) {
    const pinned = () => pinnedTariff(tariff.contentHash, ocpiTariffJson);
    const progress = progressOf(state, event, pinned);
    state = progress.session;
    const [cdr] = progress.cdrs;
    if (cdr?.type === 'CdrIssued') {
      return recorded(cdr, 1, 'pricing-engine', { causationId: metadata.id });
    }
  }
  throw new Error('the session of the benchmark yields no CDR');
};

/** The journal entry that follows from a CDR. */
export const entryOf = (
  cdr: RecordedEvent<CdrIssued>,
): ReturnType<typeof recorded<JournalEntryPosted>> => {
  const fact: RecordedEvent<Fact> = cdr;
  const posting = postingFor(fact.event, { taxJurisdiction: 'de', isPosted: () => false });
  if (posting.kind === 'none') throw new Error(`the CDR of the benchmark books nothing`);
  const command = postJournalEntry(fact, posting.draft, '2026-11-21T08:00:00.000Z');
  const decision = journalEntry.decide(command, absentEntry);
  const [entry] = decision.kind === 'accepted' ? decision.events : [];
  if (entry === undefined) throw new Error('the CDR of the benchmark is not booked');
  const causationId = cdr.metadata.id;
  return recorded(entry, 1, 'ledger', { id: journalEventId(entry), causationId });
};

/** Sessions of the given numbers, each under its own stream. */
export const recordedSession = (
  number: number,
): readonly (RecordedEvent<SessionEvent> & Readonly<{ line: LogLine }>)[] =>
  sessionEvents(number).map((event, index) => recorded(event, index + 1, 'ocpp-gateway'));
