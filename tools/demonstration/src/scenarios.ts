import type {
  OcppVersion,
  SessionCharged,
  SessionOptions,
} from '@tallywatt/charge-point-simulator';
import {
  addRational,
  decimalFromString,
  rational,
  rationalFromDecimal,
  rationalToText,
  type Rational,
} from '@tallywatt/money';
import type { SessionEvidence } from './evidence';
import type { TariffName } from './setup';

/** One kind of session, and what must be true of it in the end. */
export type Scenario = Readonly<{
  name: string;
  story: string;
  /** What the charger speaks; default 1.6. */
  ocppVersion?: OcppVersion;
  tariff: TariffName;
  paymentMethod: string;
  membership?: string;
  /** Local wall clock in Berlin, HH:MM, of the start. */
  startsAt: string;
  session: Omit<SessionOptions, 'connectorId' | 'idTag' | 'startAt'>;
  /** Refunded once the capture is through, in minor units. */
  refundMinor?: bigint;
  /** Faults in what was seen; none when all is as expected. */
  faults: (evidence: SessionEvidence, outcome: SessionCharged) => readonly string[];
}>;

const equal = (what: string, expected: unknown, actual: unknown): readonly string[] =>
  String(expected) === String(actual)
    ? []
    : [`${what}: expected ${String(expected)}, found ${String(actual)}`];

const settled = (evidence: SessionEvidence, billedMinor: bigint): readonly string[] => [
  ...equal('billed', billedMinor, evidence.subject.billedMinor),
  ...equal('captured', billedMinor, evidence.subject.capturedMinor),
  ...equal('outcome', 'settled', evidence.subject.outcome),
];

/** Exact: a quantity that was cut at a boundary is a fraction such as 580639/33500. */
const quantityOf = (text: string): Rational => {
  const [numerator = '0', denominator] = text.split('/');
  return denominator === undefined
    ? rationalFromDecimal(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};

const energyLines = (evidence: SessionEvidence) =>
  evidence.cdr.lines.filter((line) => line.dimension === 'ENERGY');

/** A session of every kind; the expected amounts are worked out by hand in the comments. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'retail',
    story: '20 kWh at 0.45 EUR and a session fee of 0.50 EUR, paid by card',
    tariff: 'flat',
    paymentMethod: 'pm_card_visa',
    startsAt: '10:00',
    session: { energyWh: 20_000n, curve: 'ac' },
    // 20 x 0.45 + 0.50 = 9.50; VAT 19 % = 1.805, rounded 1.81; together 11.31.
    faults: (evidence) => settled(evidence, 1131n),
  },
  {
    name: 'member-time-of-use',
    story: 'a member charges across 21:00, when the night price begins',
    tariff: 'dayNight',
    paymentMethod: 'pm_card_mastercard',
    membership: 'member',
    startsAt: '20:10',
    session: { energyWh: 18_000n, curve: 'ac' },
    faults: (evidence, outcome) => {
      const lines = energyLines(evidence);
      const sumKwh = lines.reduce(
        (sum, { quantity }) => addRational(sum, quantityOf(quantity)),
        rational(0n, 1n),
      );
      const grossMinor = lines.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n);
      const discounts = evidence.cdr.lines.filter(({ dimension }) => dimension === 'DISCOUNT');
      const discountMinor = discounts.reduce((sum, line) => sum + BigInt(line.amountMinor), 0n);
      // Ten percent, rounded by half a cent at most on each discount line.
      const offByTenths = grossMinor + discountMinor * 10n;
      const tolerance = 5n * BigInt(discounts.length + lines.length);
      return [
        ...equal('tier', 'member', evidence.cdr.tier),
        ...equal('energy lines', 2, lines.length),
        ...equal(
          'sum of the energy lines in kWh',
          rationalToText(rational(outcome.energyWh, 1_000n)),
          rationalToText(sumKwh),
        ),
        ...(offByTenths <= tolerance && offByTenths >= -tolerance
          ? []
          : [`discount: ${discountMinor} is not ten percent of ${grossMinor}`]),
        ...settled(evidence, BigInt(evidence.cdr.totalInclTaxMinor)),
      ];
    },
  },
  {
    name: 'idle-after-grace',
    story: '10 kWh, then 40 minutes parked: 10 of them are free',
    tariff: 'idle',
    paymentMethod: 'pm_card_visa',
    startsAt: '12:00',
    session: { energyWh: 10_000n, curve: 'ac', idleMinutesAfter: 40 },
    // 10 x 0.45 + 0.5 h x 6.00 = 7.50; VAT 19 % = 1.425, rounded 1.43; together 8.93.
    faults: (evidence) => [
      ...equal(
        'idle lines with an amount',
        1,
        evidence.cdr.lines.filter(
          (line) => line.dimension === 'PARKING_TIME' && line.amountMinor !== '0',
        ).length,
      ),
      ...settled(evidence, 893n),
    ],
  },
  {
    name: 'ocpp201-idle',
    story: 'the same at a station of OCPP 2.0.1, plugged in before the card is shown',
    ocppVersion: '2.0.1',
    tariff: 'idle',
    paymentMethod: 'pm_card_visa',
    startsAt: '12:00',
    session: { energyWh: 10_000n, curve: 'ac', idleMinutesAfter: 40, duplicateStop: true },
    // As above: 8.93.
    faults: (evidence, outcome) => [
      ...equal('transaction', outcome.transactionId, evidence.session.ocppTransactionId),
      ...equal('a duplicate was seen', true, evidence.session.duplicatesSeen > 0),
      ...settled(evidence, 893n),
    ],
  },
  {
    name: 'declined-card',
    story: 'the hold is declined, so the charger is told to stop; what it gave is owed',
    tariff: 'flat',
    paymentMethod: 'pm_card_visa_chargeDeclined',
    startsAt: '14:00',
    session: { energyWh: 40_000n, curve: 'ac' },
    faults: (evidence, outcome) => [
      ...equal('stop reason', 'Remote', outcome.stopReason),
      ...equal('captured', 0n, evidence.subject.capturedMinor),
      ...equal('owed', evidence.cdr.totalInclTaxMinor, evidence.subject.receivableMinor),
      ...equal('outcome', 'receivable-open', evidence.subject.outcome),
    ],
  },
  {
    name: 'ocpp201-declined',
    story: 'the same at a station of OCPP 2.0.1',
    ocppVersion: '2.0.1',
    tariff: 'flat',
    paymentMethod: 'pm_card_visa_chargeDeclined',
    startsAt: '14:00',
    session: { energyWh: 40_000n, curve: 'ac' },
    faults: (evidence, outcome) => [
      ...equal('stop reason', 'Remote', outcome.stopReason),
      ...equal('captured', 0n, evidence.subject.capturedMinor),
      ...equal('outcome', 'receivable-open', evidence.subject.outcome),
    ],
  },
  {
    name: 'duplicate-stop',
    story: 'the charger sends its StopTransaction twice',
    tariff: 'flat',
    paymentMethod: 'pm_card_visa',
    startsAt: '16:00',
    session: { energyWh: 8_000n, curve: 'ac', duplicateStop: true },
    // 8 x 0.45 + 0.50 = 4.10; VAT 19 % = 0.779, rounded 0.78; together 4.88.
    faults: (evidence) => [
      ...equal('a duplicate was seen', true, evidence.session.duplicatesSeen > 0),
      ...settled(evidence, 488n),
    ],
  },
  {
    name: 'refund',
    story: '12 kWh, of which 3.00 EUR are given back',
    tariff: 'flat',
    paymentMethod: 'pm_card_visa',
    startsAt: '18:00',
    session: { energyWh: 12_000n, curve: 'ac' },
    refundMinor: 300n,
    // 12 x 0.45 + 0.50 = 5.90; VAT 19 % = 1.121, rounded 1.12; together 7.02.
    faults: (evidence) => [
      ...settled(evidence, 702n),
      ...equal('refunded', 300n, evidence.subject.refundedMinor),
    ],
  },
];
