import {
  canonicalJson,
  derivedId,
  sha256Hex,
  type CdrIssued,
  type ChargingAuthorized,
  type IncludedEnergy,
  type SessionEvent,
  type SessionStarted,
  type TallywattEvent,
  type TariffPublished,
} from '@tallywatt/contracts';

/** The CPO of all that is billed here. */
export const cpoId = 'default';

const ocpiTariffJson = canonicalJson({
  id: 'flat',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }] }],
  last_updated: '2026-01-01T00:00:00Z',
  tallywatt: { energy_cost: { elements: [{ price_per_kwh: 0.2 }] } },
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

/** A session that takes 10 kWh on one day of November 2026 and is authorized by card. */
export const sessionOf = (
  sessionId: string,
  includedEnergy?: IncludedEnergy,
): Readonly<{ authorized: ChargingAuthorized; events: readonly SessionEvent[] }> => {
  const identity = { cpoId, sessionId };
  const authorized: ChargingAuthorized = {
    type: 'ChargingAuthorized',
    cpoId,
    chargePointId: 'CP-1',
    connectorId: 1,
    purpose: 'start',
    decision: {
      decisionId: derivedId('decision', sessionId),
      status: 'Accepted',
      tokenRef: 'token-1',
      tier: 'retail',
      paymentRoute: 'card',
      hold: { amountMinor: 5000n, currency: 'EUR' },
      tariff,
      rule: 'retail',
      decidedAt: '2026-11-20T10:00:00.000Z',
      ...(includedEnergy === undefined ? {} : { includedEnergy }),
    },
  };
  const started: SessionStarted = {
    type: 'SessionStarted',
    ...identity,
    chargePointId: 'CP-1',
    connectorId: 1,
    ocppVersion: '1.6',
    ocppTransactionId: '1',
    occurrence: 1,
    meterStartMilliWh: 1_000_000n,
    startedAt: '2026-11-20T10:00:00.000Z',
    powerWMax: 22_000n,
    location: {
      locationId: 'LOC-1',
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      taxRatePercent: { unscaled: 19n, scale: 0 },
    },
    decision: authorized.decision,
  };
  const events: SessionEvent[] = [
    started,
    {
      type: 'MeterValuesRecorded',
      ...identity,
      reportedIn: 'meter-values',
      readings: [
        {
          readAt: '2026-11-20T10:30:00.000Z',
          context: 'Sample.Periodic',
          registerMilliWh: 6_000_000n,
        },
      ],
    },
    {
      type: 'SessionStopped',
      ...identity,
      stoppedAt: '2026-11-20T11:00:00.000Z',
      meterStopMilliWh: 11_000_000n,
      stopReason: 'Local',
    },
    {
      type: 'SessionClosed',
      ...identity,
      closedAt: '2026-11-20T11:00:00.000Z',
      closedBy: 'stop',
    },
  ];
  return { authorized, events };
};

/** What the processor is asked and says of one CDR, until the money is at the bank. */
export const paymentOf = ({ sessionId, cdrId, totalInclTaxMinor }: CdrIssued): TallywattEvent[] => {
  const payment = { cpoId, paymentId: derivedId(cpoId, 'payment', sessionId), sessionId };
  const amount = { amountMinor: totalInclTaxMinor, currency: 'EUR' };
  const at = '2026-11-20T12:00:00.000Z';
  const feeMinor = 33n;
  const movement = {
    ...payment,
    balanceTransactionId: `txn-${sessionId}`,
    processor: 'stripe',
    reportingCategory: 'charge',
    currency: 'EUR',
    netMinor: totalInclTaxMinor - feeMinor,
    availableOn: at,
  };
  const payout = {
    cpoId,
    payoutId: `po-${sessionId}`,
    processor: 'stripe',
    amount: { amountMinor: movement.netMinor, currency: 'EUR' },
  };
  const { balanceTransactionId, reportingCategory, netMinor } = movement;
  return [
    {
      type: 'PaymentCaptureRequested',
      ...payment,
      cdrId,
      amount,
      paymentIntentId: 'pi',
      attempt: 1,
      idempotencyKey: `tallywatt/${payment.paymentId}/capture/1`,
    },
    {
      type: 'PaymentCaptured',
      ...payment,
      cdrId,
      amount,
      paymentIntentId: 'pi',
      chargeId: 'ch',
      balanceTransactionId,
    },
    {
      type: 'BalanceTransactionRecorded',
      ...movement,
      amountMinor: totalInclTaxMinor,
      feeMinor,
      createdAt: at,
      sourceId: 'ch',
      taxes: [],
      description: 'charge',
    },
    { type: 'BalanceTransactionAvailable', ...movement },
    {
      type: 'PayoutCreated',
      ...payout,
      createdAt: at,
      arrivalAt: at,
      members: [{ balanceTransactionId, reportingCategory, netMinor, sessionId }],
    },
    { type: 'PayoutPaid', ...payout, arrivedAt: at },
  ];
};
