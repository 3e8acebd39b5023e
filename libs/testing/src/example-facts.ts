import {
  sha256Hex,
  streamKeyOf,
  type BalanceTransactionAvailable,
  type BalanceTransactionRecorded,
  type CdrIssued,
  type CdrLine,
  type PayoutCreated,
  type PayoutFailed,
  type PayoutPaid,
  type ReceivableOpened,
  type RecordedEvent,
  type TallywattEvent,
  type TaxPortion,
} from '@tallywatt/contracts';

/** Facts as the other services publish them, for tests; amounts in minor units of EUR. */
const at = '2026-11-20T16:00:00.000Z';
const cpoId = 'default';
const vat = { unscaled: 19n, scale: 0 };

type LineAmounts = readonly (readonly [dimension: string, amountMinor: bigint])[];

const cdrLine = ([dimension, amountMinor]: LineAmounts[number]): CdrLine => ({
  dimension,
  quantity: '1',
  unit: 'session',
  unitPrice: { unscaled: amountMinor, scale: 2 },
  amountExact: `${amountMinor}/100`,
  amountMinor,
  taxRatePercent: vat,
  fromAt: at,
  toAt: at,
  fromBoundary: 'measured',
  toBoundary: 'measured',
  explanation: '',
});

export const taxPortion = (taxableMinor: bigint, taxMinor: bigint): TaxPortion => ({
  ratePercent: vat,
  taxableMinor,
  taxMinor,
});

/** A CDR with these lines and this tax; the totals follow. */
export const cdrIssued = (sessionId: string, amounts: LineAmounts, taxMinor: bigint): CdrIssued => {
  const netMinor = amounts.reduce((sum, [, amountMinor]) => sum + amountMinor, 0n);
  return {
    type: 'CdrIssued',
    cpoId,
    cdrId: `cdr-${sessionId}`,
    sessionId,
    chargePointId: 'CP-1',
    connectorId: 1,
    location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin', currency: 'EUR' },
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    tariff: { tariffId: 'T-1', version: 1n, contentHash: 'c0', billsParkingTime: false },
    startedAt: at,
    stoppedAt: at,
    closedAt: at,
    energyMilliWh: 0n,
    chargingSeconds: 0n,
    parkingSeconds: 0n,
    currency: 'EUR',
    lines: amounts.map(cdrLine),
    taxes: taxMinor === 0n ? [] : [taxPortion(netMinor, taxMinor)],
    totalExclTaxMinor: netMinor,
    totalTaxMinor: taxMinor,
    totalInclTaxMinor: netMinor + taxMinor,
    ratingPolicyId: 'r/1',
    roundingPolicyId: 'r/1',
    interpolationPolicyId: 'i/1',
    timeZoneDataVersion: '2026a',
  };
};

type Movement = Readonly<{
  id: string;
  category: string;
  amountMinor: bigint;
  feeMinor?: bigint;
  sessionId?: string;
  taxes?: readonly TaxPortion[];
}>;

export const movementRecorded = (movement: Movement): BalanceTransactionRecorded => {
  const { id, category, amountMinor, feeMinor = 0n, sessionId, taxes = [] } = movement;
  return {
    type: 'BalanceTransactionRecorded',
    cpoId,
    balanceTransactionId: id,
    processor: 'stripe',
    reportingCategory: category,
    currency: 'EUR',
    amountMinor,
    feeMinor,
    netMinor: amountMinor - feeMinor,
    createdAt: at,
    availableOn: at,
    sourceId: `source-${id}`,
    ...(sessionId === undefined ? {} : { sessionId, paymentId: `payment-${sessionId}` }),
    taxes,
    description: 'as stated',
  };
};

export const movementAvailable = (movement: Movement): BalanceTransactionAvailable => {
  const {
    sourceId: _s,
    createdAt: _c,
    taxes: _t,
    description: _d,
    ...recorded
  } = movementRecorded(movement);
  const { amountMinor: _a, feeMinor: _f, ...facts } = recorded;
  return { ...facts, type: 'BalanceTransactionAvailable' };
};

const payout = (payoutId: string, amountMinor: bigint) => ({
  cpoId,
  payoutId,
  processor: 'stripe',
  amount: { amountMinor, currency: 'EUR' },
});

export const payoutCreated = (payoutId: string, amountMinor: bigint): PayoutCreated => ({
  type: 'PayoutCreated',
  ...payout(payoutId, amountMinor),
  createdAt: at,
  arrivalAt: at,
  members: [],
});

export const payoutPaid = (payoutId: string, amountMinor: bigint): PayoutPaid => ({
  type: 'PayoutPaid',
  ...payout(payoutId, amountMinor),
  arrivedAt: at,
});

export const payoutFailed = (payoutId: string, amountMinor: bigint): PayoutFailed => ({
  type: 'PayoutFailed',
  ...payout(payoutId, amountMinor),
  failureCode: 'account_closed',
});

export const receivableOpened = (
  sessionId: string,
  amountMinor: bigint,
  reason: ReceivableOpened['reason'] = 'price-above-hold',
): ReceivableOpened => ({
  type: 'ReceivableOpened',
  cpoId,
  paymentId: `payment-${sessionId}`,
  sessionId,
  cdrId: `cdr-${sessionId}`,
  amount: { amountMinor, currency: 'EUR' },
  reason,
});

/** The fact as a consumer gets it: its id says what it says. */
export const recorded = <F extends TallywattEvent>(event: F): RecordedEvent<F> => {
  const text = JSON.stringify(event, (_, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  );
  return {
    event,
    metadata: {
      id: sha256Hex(text),
      source: 'test',
      subject: streamKeyOf(event),
      cpoId: event.cpoId,
      sequence: 1n,
      occurredAt: at,
      recordedAt: at,
      correlationId: 'correlation',
      contentHash: sha256Hex(text),
    },
    position: { topic: 'test', partition: 0, offset: 0n },
  };
};
