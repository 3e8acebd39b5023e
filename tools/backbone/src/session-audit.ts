import {
  derivedId,
  type JournalEntryPosted,
  type PaymentEvent,
  type RecordedEvent,
  type SettlementEvent,
} from '@tallywatt/contracts';
import { cdrDebtor, journalEntryHash } from '@tallywatt/derivations';
import { CdrDerivation, type DerivedCdr } from './cdr-derivation';
import { differences } from './difference';
import { drawFaults } from './draw-derivation';
import { EntryDerivation } from './entry-derivation';
import type { Finding } from './finding';
import { hopNames, linkOf, type HopFault, type HopName, type Link } from './hop';
import {
  assignmentSummary,
  cdrSummary,
  decisionSummary,
  drawSummary,
  entrySummary,
  paymentSummary,
  sessionSummary,
  settlementSummary,
} from './hop-summaries';
import { assignmentOf, type LoggedSession } from './session-evidence';

export type SessionAudit = Readonly<{
  links: readonly Link[];
  /** In the order of the chain: the first one names the first broken hop. */
  faults: readonly HopFault[];
}>;

const hopOfTopic: Readonly<Record<string, HopName>> = {
  'access.decisions.v1': 'decision',
  'pricing.tariffs.v1': 'tariff',
  'charging.sessions.v1': 'session',
  'access.allowances.v1': 'allowance',
  'pricing.cdrs.v1': 'cdr',
  'payments.payments.v1': 'payment',
  'payments.settlements.v1': 'balance',
  'ledger.journal.v1': 'journal',
};

const fault = (hop: HopName, detail: string, of?: Pick<RecordedEvent, 'position'>): HopFault => ({
  hop,
  detail,
  ...(of === undefined ? {} : { position: of.position }),
});

const recordFault = ({ subject, position, kind, detail }: Finding): HopFault => {
  const topic = position?.topic ?? subject.split(' ')[0] ?? '';
  const hop = hopOfTopic[topic] ?? 'session';
  return { hop, detail: `${kind}: ${detail}`, ...(position === undefined ? {} : { position }) };
};

const decisionFaults = ({ sessions, decisions }: LoggedSession): HopFault[] =>
  sessions.flatMap((recorded) => {
    const { event } = recorded;
    if (event.type !== 'SessionStarted') return [];
    const { decisionId } = event.decision;
    const decided = decisions.find((one) => one.event.decision.decisionId === decisionId);
    if (decided === undefined) {
      return [fault('decision', `no record has the decision ${decisionId} of the start`, recorded)];
    }
    const differing = differences(event.decision, decided.event.decision);
    return differing.length === 0
      ? []
      : [
          fault(
            'decision',
            `the start says else than the decision: ${differing.join('; ')}`,
            recorded,
          ),
        ];
  });

/** A decision that names an assignment rests on a record that assigns its tariff. */
const assignmentFaults = ({ sessions, assignments }: LoggedSession): HopFault[] =>
  sessions.flatMap((recorded) => {
    const { event } = recorded;
    if (event.type !== 'SessionStarted') return [];
    const named = assignmentOf(event.decision);
    if (named === undefined) return [];
    const tariffId = event.decision.tariff?.tariffId;
    const isAssigned = assignments.some((one) => one.event.tariffId === tariffId);
    return isAssigned
      ? []
      : [fault('tariff', `no record assigns ${tariffId} by assignment ${named}`, recorded)];
  });

/** The versions the session names; that they are there is found when the CDR is derived. */
const namedTariffs = ({ sessions, tariffs }: LoggedSession) =>
  tariffs.filter(({ event: { tariff } }) =>
    sessions.some(
      ({ event }) =>
        event.type === 'SessionStarted' && event.decision.tariff?.version === tariff.version,
    ),
  );

const priceFaults = (logged: LoggedSession): HopFault[] => {
  const derivation = new CdrDerivation();
  const faults: HopFault[] = [];
  for (const recorded of namedTariffs(logged)) {
    const differs = derivation.takeTariff(recorded.event);
    if (differs !== undefined) faults.push(fault('tariff', differs, recorded));
  }
  const derived: DerivedCdr[] = [];
  for (const { event } of logged.draws) derivation.takeDraw(event);
  for (const recorded of logged.sessions) {
    try {
      derived.push(...derivation.takeSession(recorded));
    } catch (error) {
      const hop = (error as Error).name === 'TariffMissing' ? 'tariff' : 'session';
      faults.push(fault(hop, (error as Error).message, recorded));
    }
  }
  logged.cdrs.forEach((recorded, index) => {
    const { contentHash } = recorded.metadata;
    if (derived.some((one) => one.contentHashes.includes(contentHash))) return;
    const nearest = derived[index]?.cdr;
    const detail =
      nearest === undefined
        ? 'the session does not yield it'
        : differences(recorded.event, nearest).join('; ');
    faults.push(fault('cdr', detail, recorded));
  });
  const said = new Set(logged.cdrs.map(({ metadata }) => metadata.contentHash));
  for (const { cdr, contentHashes, cause } of derived) {
    const isSaid = contentHashes.some((contentHash) => said.has(contentHash));
    if (!isSaid && logged.cdrs.length < derived.length) {
      faults.push(fault('cdr', `event ${cause.id} yields ${cdr.type}, which no record says`));
    }
  }
  return faults;
};

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);

const paymentFaults = (
  { cdrs, payments }: LoggedSession,
  cpoId: string,
  sessionId: string,
): HopFault[] => {
  const faults: HopFault[] = [];
  const paymentId = derivedId(cpoId, 'payment', sessionId);
  for (const recorded of payments) {
    if (recorded.event.paymentId !== paymentId) {
      const detail = `payment ${recorded.event.paymentId}, the session's is ${paymentId}`;
      faults.push(fault('payment', detail, recorded));
    }
  }
  const of = <T extends PaymentEvent['type']>(type: T) =>
    payments.filter(
      (one): one is RecordedEvent<Extract<PaymentEvent, { type: T }>> => one.event.type === type,
    );
  const requested = of('PaymentCaptureRequested');
  for (const captured of of('PaymentCaptured')) {
    const { amountMinor, currency } = captured.event.amount;
    const asked = requested.some(
      ({ event }) => event.amount.amountMinor === amountMinor && event.amount.currency === currency,
    );
    if (!asked)
      faults.push(fault('payment', `no request asked for ${amountMinor} ${currency}`, captured));
  }
  const bills = cdrs.flatMap(({ event }) => (event.type === 'CdrWithheld' ? [] : [event]));
  const settled = [...of('PaymentCaptured'), ...of('ReceivableOpened')];
  if (bills.length > 0 && settled.length > 0) {
    const amountOf = ({ event }: { event: { amount: { amountMinor: bigint } } }) =>
      event.amount.amountMinor;
    const failed = of('PaymentRefundFailed').map(({ event }) => event.refundId);
    const givenBack = of('PaymentRefundRequested').filter(
      ({ event }) => event.correctedCdrId !== undefined && !failed.includes(event.refundId),
    );
    const billed = sum(
      bills.map((bill) => (cdrDebtor(bill).kind === 'driver' ? bill.totalInclTaxMinor : 0n)),
    );
    const total =
      sum(settled.map(amountOf)) -
      sum(of('ReceivableReduced').map(amountOf)) -
      // A refund that is asked for again is the same refund.
      sum([...new Map(givenBack.map((one) => [one.event.refundId, amountOf(one)])).values()]);
    const isOpen = requested.length > 0 && of('PaymentCaptured').length === 0;
    if (total !== billed && !isOpen) {
      const detail = `captured and receivable are ${total}, the CDRs bill drivers ${billed}`;
      faults.push(fault('payment', `${detail} ${bills[0]?.currency} minor units`, settled[0]));
    }
    const named = new Set(bills.map(({ cdrId }) => cdrId));
    for (const one of settled) {
      if (!named.has(one.event.cdrId)) faults.push(fault('payment', 'is for another CDR', one));
    }
  }
  return faults;
};

const settlementFaults = ({ payments, settlements }: LoggedSession): HopFault[] => {
  const captured = sum(
    payments.flatMap(({ event }) =>
      event.type === 'PaymentCaptured' ? [event.amount.amountMinor] : [],
    ),
  );
  const nets = new Map<string, bigint>();
  const faults: HopFault[] = [];
  for (const recorded of settlements) {
    const { event } = recorded;
    if (event.type !== 'BalanceTransactionRecorded') continue;
    nets.set(event.balanceTransactionId, event.netMinor);
    if (event.netMinor !== event.amountMinor - event.feeMinor) {
      faults.push(fault('balance', 'its net is not its amount less its fee', recorded));
    }
    if (event.reportingCategory === 'charge' && event.amountMinor !== captured) {
      const detail = `charged ${event.amountMinor}, captured ${captured} minor units`;
      faults.push(fault('balance', detail, recorded));
    }
  }
  return [...faults, ...payoutFaults(settlements, nets)];
};

const payoutFaults = (
  settlements: readonly RecordedEvent<SettlementEvent>[],
  nets: ReadonlyMap<string, bigint>,
): HopFault[] => {
  const faults: HopFault[] = [];
  for (const recorded of settlements) {
    const { event } = recorded;
    if (event.type !== 'PayoutCreated') continue;
    const total = sum(event.members.map(({ netMinor }) => netMinor));
    if (total !== event.amount.amountMinor) {
      const detail = `its movements sum to ${total}, it is ${event.amount.amountMinor} minor units`;
      faults.push(fault('payout', detail, recorded));
    }
    for (const { balanceTransactionId, netMinor } of event.members) {
      const net = nets.get(balanceTransactionId);
      if (net !== undefined && net !== netMinor) {
        const detail = `${balanceTransactionId} is ${netMinor} in it, and ${net} by itself`;
        faults.push(fault('payout', detail, recorded));
      }
    }
  }
  return faults;
};

const journalFaults = (logged: LoggedSession, taxJurisdiction: string): HopFault[] => {
  const derivation = new EntryDerivation(taxJurisdiction);
  const faults: HopFault[] = [];
  for (const fact of [...logged.cdrs, ...logged.payments, ...logged.settlements]) {
    try {
      derivation.takeFact(fact);
    } catch (error) {
      faults.push(fault('journal', (error as Error).message, fact));
    }
  }
  const booked = new Set<string>();
  for (const recorded of logged.entries) {
    const { bookedAt: _b, period: _p, ...facts } = recorded.event;
    booked.add(facts.entryId);
    const derived = derivation.entries.get(facts.entryId)?.entry;
    const differing = derived === undefined ? ['no fact yields it'] : differences(facts, derived);
    if (journalEntryHash(facts) !== facts.entryHash) {
      faults.push(fault('journal', 'it does not say what its entry hash says', recorded));
    }
    if (differing.length > 0) {
      const detail = `${facts.postingRule}, entry ${facts.entryId}: ${differing.join('; ')}`;
      faults.push(fault('journal', detail, recorded));
    }
  }
  for (const [entryId, { entry }] of derivation.entries) {
    if (!booked.has(entryId)) {
      const detail = `event ${entry.causeEventId} yields ${entry.postingRule}, which is not booked`;
      faults.push(fault('journal', detail));
    }
  }
  return faults;
};

const settlementHop = ({ event }: RecordedEvent<SettlementEvent>): HopName =>
  event.type.startsWith('Payout') ? 'payout' : 'balance';

const linksOf = (logged: LoggedSession, sessionId: string): Link[] => [
  ...logged.decisions.map((one) => linkOf('decision', one, decisionSummary(one.event))),
  ...namedTariffs(logged).map((one) => {
    const { tariffId, version, contentHash } = one.event.tariff;
    return linkOf('tariff', one, `${tariffId} version ${version}, text ${contentHash}`);
  }),
  ...logged.assignments.map((one) => linkOf('tariff', one, assignmentSummary(one.event))),
  ...logged.sessions.map((one) => linkOf('session', one, sessionSummary(one.event))),
  ...logged.draws
    .filter(({ event }) => event.sessionId === sessionId)
    .map((one) => linkOf('allowance', one, drawSummary(one.event))),
  ...logged.cdrs.map((one) => linkOf('cdr', one, cdrSummary(one.event))),
  ...logged.payments.map((one) => linkOf('payment', one, paymentSummary(one.event))),
  ...[...logged.settlements]
    .sort((a, b) => hopNames.indexOf(settlementHop(a)) - hopNames.indexOf(settlementHop(b)))
    .map((one) => linkOf(settlementHop(one), one, settlementSummary(one.event))),
  ...logged.entries.map((one: RecordedEvent<JournalEntryPosted>) =>
    linkOf('journal', one, entrySummary(one.event)),
  ),
];

/** Holds every hop of a session against what the hops before it yield. */
export const auditSession = (
  logged: LoggedSession,
  cpoId: string,
  sessionId: string,
  taxJurisdiction: string,
): SessionAudit => {
  const faults = [
    ...logged.faults.map(recordFault),
    ...decisionFaults(logged),
    ...assignmentFaults(logged),
    ...drawFaults(logged, sessionId).map(({ detail, of }) => fault('allowance', detail, of)),
    ...priceFaults(logged),
    ...paymentFaults(logged, cpoId, sessionId),
    ...settlementFaults(logged),
    ...journalFaults(logged, taxJurisdiction),
  ];
  return {
    links: linksOf(logged, sessionId),
    faults: faults.sort((a, b) => hopNames.indexOf(a.hop) - hopNames.indexOf(b.hop)),
  };
};
