import type {
  BalanceTransactionAvailable,
  BalanceTransactionRecorded,
  CdrIssued,
  CdrWithheld,
  JournalEntryPosted,
  JournalEntryReversed,
  PaymentCaptured,
  PaymentCaptureFailed,
  PaymentPreauthorizationDeclined,
  PaymentPreauthorized,
  PaymentRefundRequested,
  PaymentVoided,
  PayoutCreated,
  PayoutFailed,
  PayoutPaid,
  ReceivableOpened,
  SessionClosed,
  SessionQuarantined,
  SessionStarted,
} from '@tallywatt/contracts';

const at = '2026-11-20T16:00:00.000Z';

/** Names of one example session: several can live beside each other. */
export type ExampleNames = Readonly<{ cpoId: string; sessionId: string; currency: string }>;

type Line = readonly [account: string, debitMinor: bigint];

const driver = 'assets:receivable:driver';
const pending = 'assets:processor:stripe:pending';
const available = 'assets:processor:stripe:available';
const fees = 'expenses:fees:processing';

/** The facts that the other services publish of one session, in their own shapes. */
export const exampleFacts = ({ cpoId, sessionId, currency }: ExampleNames) => {
  const of = { cpoId, sessionId };
  const named = (name: string): string => `${name}-${sessionId}`;
  const payment = { ...of, paymentId: named('payment') };
  const money = (amountMinor: bigint) => ({ amountMinor, currency });
  const intent = { paymentIntentId: named('pi') };
  const cdrId = named('cdr');

  const entry = (rule: string, documentId: string, lines: readonly Line[]): JournalEntryPosted => ({
    type: 'JournalEntryPosted',
    ...of,
    entryId: `entry ${rule} ${documentId}`,
    postingRule: rule,
    documentId,
    causeEventId: 'b7d9f0f4-1df1-4f0c-8f0d-6a3c1f0e9a21',
    currency,
    lines: lines.map(([account, debitMinor]) => ({
      account,
      side: debitMinor < 0n ? 'credit' : 'debit',
      amountMinor: debitMinor < 0n ? -debitMinor : debitMinor,
    })),
    occurredAt: at,
    bookedAt: at,
    period: '2026-11',
    entryHash: '00',
    narration: '',
  });
  const { sessionId: _, ...withoutSession } = entry('', '', []);

  const movement = (
    id: string,
    reportingCategory: string,
    sourceId: string,
    amountMinor: bigint,
    feeMinor: bigint,
  ): BalanceTransactionRecorded => ({
    type: 'BalanceTransactionRecorded',
    ...payment,
    balanceTransactionId: id,
    processor: 'stripe',
    reportingCategory,
    currency,
    amountMinor,
    feeMinor,
    netMinor: amountMinor - feeMinor,
    createdAt: at,
    availableOn: at,
    sourceId,
    taxes: [],
    description: '',
  });

  return {
    started: (hold?: bigint): SessionStarted => ({
      type: 'SessionStarted',
      ...of,
      chargePointId: 'CP-1',
      connectorId: 1,
      ocppVersion: '1.6',
      ocppTransactionId: '1',
      occurrence: 1,
      meterStartMilliWh: 0n,
      startedAt: '2026-11-20T15:00:00.000Z',
      powerWMax: 22_000n,
      location: { locationId: 'L-1', timeZone: 'Europe/Berlin', currency },
      decision: {
        decisionId: 'decision',
        status: 'Accepted',
        tokenRef: 'token',
        tier: 'retail',
        paymentRoute: hold === undefined ? 'none' : 'card',
        ...(hold === undefined ? {} : { hold: money(hold), paymentMethodId: 'pm_1' }),
        rule: 'retail',
        decidedAt: at,
      },
    }),
    quarantined: (): SessionQuarantined => ({
      type: 'SessionQuarantined',
      ...of,
      reason: 'meter-ran-backwards',
      detail: '',
    }),
    released: () =>
      ({ type: 'SessionReleased', ...of, reason: 'meter-ran-backwards', detail: '' }) as const,
    closed: (closedAt = at): SessionClosed => ({
      type: 'SessionClosed',
      ...of,
      closedAt,
      closedBy: 'stop',
    }),
    cdr: (totalInclTaxMinor: bigint, id = cdrId): CdrIssued => ({
      type: 'CdrIssued',
      ...of,
      cdrId: id,
      chargePointId: 'CP-1',
      connectorId: 1,
      location: { locationId: 'L-1', timeZone: 'Europe/Berlin', currency },
      tokenRef: 'token',
      tier: 'retail',
      paymentRoute: 'card',
      tariff: { tariffId: 't', version: 1n, contentHash: '00', billsParkingTime: false },
      startedAt: at,
      stoppedAt: at,
      closedAt: at,
      energyMilliWh: 0n,
      chargingSeconds: 0n,
      parkingSeconds: 0n,
      currency,
      lines: [],
      taxes: [],
      totalExclTaxMinor: totalInclTaxMinor,
      totalTaxMinor: 0n,
      totalInclTaxMinor,
      ratingPolicyId: 'r',
      roundingPolicyId: 'r',
      interpolationPolicyId: 'i',
      timeZoneDataVersion: '2026a',
    }),
    withheld: (reason = 'no-tariff'): CdrWithheld => ({
      type: 'CdrWithheld',
      ...of,
      reason,
      detail: '',
      moneyAtRisk: money(500n),
    }),
    held: (amountMinor: bigint): PaymentPreauthorized => ({
      type: 'PaymentPreauthorized',
      ...payment,
      ...intent,
      amount: money(amountMinor),
      chargeId: named('ch'),
    }),
    declined: (): PaymentPreauthorizationDeclined => ({
      type: 'PaymentPreauthorizationDeclined',
      ...payment,
      amount: money(5000n),
      declineCode: 'insufficient_funds',
      detail: '',
      chargePointId: 'CP-1',
    }),
    captured: (amountMinor: bigint): PaymentCaptured => ({
      type: 'PaymentCaptured',
      ...payment,
      ...intent,
      cdrId,
      amount: money(amountMinor),
      chargeId: named('ch'),
    }),
    captureFailed: (amountMinor: bigint): PaymentCaptureFailed => ({
      type: 'PaymentCaptureFailed',
      ...payment,
      ...intent,
      cdrId,
      amount: money(amountMinor),
      failureCode: 'charge_expired_for_capture',
      detail: '',
    }),
    voided: (): PaymentVoided => ({
      type: 'PaymentVoided',
      ...payment,
      ...intent,
      reason: 'nothing-due',
    }),
    receivable: (amountMinor: bigint, reason: ReceivableOpened['reason']): ReceivableOpened => ({
      type: 'ReceivableOpened',
      ...payment,
      cdrId,
      amount: money(amountMinor),
      reason,
    }),
    refund: (state: 'Requested' | 'Refunded' | 'Failed', amountMinor: bigint, id = 'r1') => {
      const refund = { ...payment, refundId: named(id), amount: money(amountMinor) };
      const requested: PaymentRefundRequested = {
        type: 'PaymentRefundRequested',
        ...refund,
        reason: 'goodwill',
        requestedBy: 'operator',
        idempotencyKey: 'k',
      };
      if (state === 'Requested') return requested;
      return state === 'Refunded'
        ? ({ type: 'PaymentRefunded', ...refund, processorRefundId: named(`re-${id}`) } as const)
        : ({ type: 'PaymentRefundFailed', ...refund, failureCode: 'x', detail: '' } as const);
    },
    chargeMoved: (amountMinor: bigint, feeMinor: bigint, id = 'txn', source = 'ch') =>
      movement(named(id), 'charge', named(source), amountMinor, feeMinor),
    holdRestMoved: (amountMinor: bigint) =>
      movement(named('txn-rest'), 'partial_capture_reversal', named('ch'), -amountMinor, 0n),
    refundMoved: (amountMinor: bigint, id = 'r1') =>
      movement(named(`txn-${id}`), 'refund', named(`re-${id}`), -amountMinor, 0n),
    available: (netMinor: bigint, id = 'txn'): BalanceTransactionAvailable => ({
      type: 'BalanceTransactionAvailable',
      ...payment,
      balanceTransactionId: named(id),
      processor: 'stripe',
      reportingCategory: 'charge',
      currency,
      netMinor,
      availableOn: at,
    }),
    payoutMember: (netMinor: bigint, id = 'txn') => ({
      balanceTransactionId: named(id),
      reportingCategory: 'charge',
      netMinor,
      sessionId,
    }),
    payoutCreated: (
      payoutId: string,
      amountMinor: bigint,
      members: PayoutCreated['members'],
    ): PayoutCreated => ({
      type: 'PayoutCreated',
      cpoId,
      payoutId,
      processor: 'stripe',
      amount: money(amountMinor),
      createdAt: at,
      arrivalAt: at,
      members,
    }),
    payoutPaid: (payoutId: string, amountMinor: bigint): PayoutPaid => ({
      type: 'PayoutPaid',
      cpoId,
      payoutId,
      processor: 'stripe',
      amount: money(amountMinor),
      arrivedAt: at,
    }),
    payoutFailed: (payoutId: string, amountMinor: bigint): PayoutFailed => ({
      type: 'PayoutFailed',
      cpoId,
      payoutId,
      processor: 'stripe',
      amount: money(amountMinor),
      failureCode: 'account_closed',
    }),
    payoutBooked: (payoutId: string, rule: string): JournalEntryPosted => ({
      ...withoutSession,
      entryId: `entry ${rule} ${payoutId}`,
      postingRule: rule,
      documentId: payoutId,
    }),
    cdrBooked: (amountMinor: bigint) =>
      entry('cdr.issued', cdrId, [
        [driver, amountMinor],
        ['revenue:charging:energy', -amountMinor],
      ]),
    receivableBooked: (amountMinor: bigint, reason: string) =>
      entry('receivable.opened', `${cdrId}/${reason}`, [
        ['assets:receivable:uncollected', amountMinor],
        [driver, -amountMinor],
      ]),
    chargeBooked: (amountMinor: bigint, feeMinor: bigint, id = 'txn') =>
      entry('payment.captured', named(id), [
        [pending, amountMinor - feeMinor],
        [fees, feeMinor],
        [driver, -amountMinor],
      ]),
    holdRestBooked: (amountMinor: bigint) =>
      entry('payment.capture-reversed', named('txn-rest'), [
        [driver, amountMinor],
        [pending, -amountMinor],
      ]),
    refundBooked: (amountMinor: bigint, id = 'r1') =>
      entry('payment.refunded', named(`txn-${id}`), [
        ['revenue:contra:refund', amountMinor],
        [pending, -amountMinor],
      ]),
    settledBooked: (netMinor: bigint, id = 'txn') =>
      entry('processor.settled', named(id), [
        [available, netMinor],
        [pending, -netMinor],
      ]),
    reversed: (posted: JournalEntryPosted): JournalEntryReversed => ({
      type: 'JournalEntryReversed',
      ...of,
      entryId: `reversal of ${posted.entryId}`,
      reversedEntryId: posted.entryId,
      reason: 'wrong',
      causeEventId: posted.causeEventId,
      currency,
      lines: posted.lines.map((line) => ({
        ...line,
        side: line.side === 'debit' ? 'credit' : 'debit',
      })),
      occurredAt: at,
      bookedAt: at,
      period: '2026-11',
      entryHash: '00',
    }),
  };
};

export type ExampleFacts = ReturnType<typeof exampleFacts>;
