import {
  addRational,
  decimalFromString,
  decimalToString,
  multiplyRational,
  rational,
  rationalFromDecimal,
  rationalToText,
  toMinor,
  zeroRational,
  type Decimal,
  type Rational,
} from '@tallywatt/money';
import type {
  OcpiTariff,
  RatedPeriod,
  RatingLine,
  SessionCost,
  TaxTotal,
} from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import type { PricedQuote } from './quote';
import type { Quote } from './quote-parsing';

type Priced = Extract<PricedQuote, { ok: true }>;

/** A sum, exact and in minor units; null where the tax is unknown. */
export type Sum = Readonly<
  { exact: string; amountMinor: string } | { exact: null; amountMinor: null }
>;
export type Sums = Readonly<{ exclTax: Sum; inclTax: Sum }>;

type Part = 'energy' | 'time' | 'parking' | 'flat' | 'reservation' | 'discount' | 'adjustment';

/** What a quote answers: the report of the price. Amounts are texts, in major and minor units. */
export type QuoteAnswer = Readonly<{ currency: string; total: Sums }> &
  Readonly<Record<Part, Sums>> &
  Readonly<Record<string, unknown>>;

const parts: readonly Part[] = [
  'energy',
  'time',
  'parking',
  'flat',
  'reservation',
  'discount',
  'adjustment',
];

const unknownSum: Sum = { exact: null, amountMinor: null };

/** The report of a priced quote as JSON. */
export const quoteAnswer = (quote: Quote, priced: Priced): QuoteAnswer => {
  const { report, isTaxUnknown, marks } = priced;
  const { tariff, tariffId, contentHash } = quote.quoted;
  const { totals } = report;
  const sumOf = (exact: string, amountMinor: bigint): Sum => ({
    exact,
    amountMinor: amountMinor.toString(),
  });
  const lines = report.lines.map((line) => ({
    line,
    part: partOf(line, tariff),
    isTaxUnknown: isTaxUnknown && lacksTax(line, tariff),
  }));
  const byPart = Object.fromEntries(
    parts.map((part) => [
      part,
      sumsOf(
        lines.filter((one) => one.part === part),
        tariff,
      ),
    ]),
  ) as Record<Part, Sums>;
  return {
    currency: report.currency,
    total: {
      exclTax: sumOf(totals.exclTaxExact, totals.exclTaxMinor),
      inclTax: isTaxUnknown ? unknownSum : sumOf(totals.inclTaxExact, totals.inclTaxMinor),
    },
    ...byPart,
    billed: {
      energyWh: report.billedEnergyWhExact,
      timeSeconds: report.billedChargingSecondsExact,
      parkingSeconds: report.billedParkingSecondsExact,
    },
    metered: {
      energyWh: report.energyWhExact,
      timeSeconds: report.chargingSeconds.toString(),
      parkingSeconds: report.parkingSeconds.toString(),
    },
    lines: lines.map((one) => lineJson(one.line, one.isTaxUnknown)),
    taxes: report.taxes.map((tax) => taxJson(tax, isTaxUnknown)),
    periods: report.periods.map(periodJson),
    ...(report.energyCost && { energyCost: costJson(report.energyCost) }),
    tariff: { id: tariffId ?? null, contentHash },
    ratingPolicyId: report.ratingPolicyId,
    roundingPolicyId: report.roundingPolicyId,
    interpolationPolicyId: report.interpolationPolicyId,
    timeZone: quote.timeZone,
    timeZoneDataVersion: report.timeZoneDataVersion,
    marks: isTaxUnknown ? [...marks, 'tax-rate-unknown'] : marks,
    warnings: quote.warnings,
  };
};

const partOf = ({ dimension, tariffElementIndex }: RatingLine, tariff: OcpiTariff): Part => {
  const element = tariff.elements[tariffElementIndex ?? -1];
  if (element?.restrictions.reservation !== undefined) return 'reservation';
  switch (dimension) {
    case 'ENERGY':
      return 'energy';
    case 'TIME':
      return 'time';
    case 'PARKING_TIME':
      return 'parking';
    case 'FLAT':
      return 'flat';
    case 'DISCOUNT':
      return 'discount';
    case 'ADJUSTMENT':
      return 'adjustment';
  }
};

// Discounts and adjustments are taken from lines of one rate, here the one of those without any.
const lacksTax = (line: RatingLine, tariff: OcpiTariff): boolean => {
  if (line.taxRatePercent.unscaled !== 0n) return false;
  if (line.tariffElementIndex === undefined) return true;
  const component = tariff.elements[line.tariffElementIndex]?.priceComponents.find(
    ({ type }) => type === line.dimension,
  );
  return component?.vatPercent === undefined && component?.price.unscaled !== 0n;
};

type PartLine = Readonly<{ line: RatingLine; isTaxUnknown: boolean }>;

// Tax is rounded once per rate over the whole price; here it is rounded per rate of the part.
const sumsOf = (lines: readonly PartLine[], { currency }: OcpiTariff): Sums => {
  let exclTax = zeroRational;
  let inclTax = zeroRational;
  let exclTaxMinor = 0n;
  const minorByRate = new Map<string, bigint>();
  for (const { line } of lines) {
    const amount = rationalFromText(line.amountExact);
    const rate = decimalToString(line.taxRatePercent);
    exclTax = addRational(exclTax, amount);
    inclTax = addRational(inclTax, addRational(amount, taxOf(amount, line.taxRatePercent)));
    exclTaxMinor += line.amountMinor;
    minorByRate.set(rate, (minorByRate.get(rate) ?? 0n) + line.amountMinor);
  }
  const minorPerMajor = toMinor(rational(1n, 1n), currency, 'half-away-from-zero');
  let inclTaxMinor = exclTaxMinor;
  for (const [rate, taxableMinor] of minorByRate) {
    const tax = taxOf(rational(taxableMinor, minorPerMajor), decimalFromString(rate));
    inclTaxMinor += toMinor(tax, currency, 'half-away-from-zero');
  }
  return {
    exclTax: { exact: rationalToText(exclTax), amountMinor: exclTaxMinor.toString() },
    inclTax: lines.some(({ isTaxUnknown }) => isTaxUnknown)
      ? unknownSum
      : { exact: rationalToText(inclTax), amountMinor: inclTaxMinor.toString() },
  };
};

const taxOf = (amount: Rational, { unscaled, scale }: Decimal): Rational =>
  multiplyRational(amount, rationalFromDecimal({ unscaled, scale: scale + 2 }));

const rationalFromText = (text: string): Rational => {
  const [numerator = '', denominator] = text.split('/');
  if (denominator !== undefined) return rational(BigInt(numerator), BigInt(denominator));
  const [whole = '', fraction = ''] = text.split('.');
  return rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
};

// The names are those of a CDR's lines.
const lineJson = (line: RatingLine, isTaxUnknown: boolean): object => ({
  dimension: line.dimension,
  quantity: line.quantityExact,
  unit: line.unit,
  unitPrice: decimalToString(line.unitPrice),
  amountExact: line.amountExact,
  amountMinor: line.amountMinor.toString(),
  taxRatePercent: isTaxUnknown ? null : decimalToString(line.taxRatePercent),
  ...(line.tariffElementIndex === undefined ? {} : { tariffElementIndex: line.tariffElementIndex }),
  fromAt: instantFromEpochMs(line.fromMs),
  toAt: instantFromEpochMs(line.toMs),
  fromBoundary: line.fromBoundary,
  toBoundary: line.toBoundary,
  explanation: line.explanation,
});

const taxJson = ({ ratePercent, taxableMinor, taxMinor }: TaxTotal, isTaxUnknown: boolean) => {
  const isUnknown = isTaxUnknown && ratePercent.unscaled === 0n;
  return {
    ratePercent: isUnknown ? null : decimalToString(ratePercent),
    taxableMinor: taxableMinor.toString(),
    taxMinor: isUnknown ? null : taxMinor.toString(),
  };
};

const periodJson = (period: RatedPeriod): object => ({
  fromAt: instantFromEpochMs(period.fromMs),
  toAt: instantFromEpochMs(period.toMs),
  use: period.use,
  inGrace: period.inGrace,
  energyWh: rationalToText(
    multiplyRational(rationalFromText(period.energyMilliWhExact), rational(1n, 1000n)),
  ),
  fromBoundary: period.fromBoundary,
  toBoundary: period.toBoundary,
  elementIndexes: period.elementIndexes,
});

// What is unknown is null: the cost of energy without one, a margin over two currencies.
const costJson = (cost: SessionCost): object => ({
  currency: cost.currency,
  costExact: cost.costExact ?? null,
  costMinor: cost.costMinor?.toString() ?? null,
  marginExact: cost.marginExact ?? null,
  marginMinor: cost.marginMinor?.toString() ?? null,
  unknownEnergyKwhExact: cost.unknownEnergyKwhExact,
  periods: cost.periods.map((period) => ({
    fromAt: instantFromEpochMs(period.fromMs),
    toAt: instantFromEpochMs(period.toMs),
    fromBoundary: period.fromBoundary,
    toBoundary: period.toBoundary,
    energyKwh: period.energyKwhExact,
    elementIndex: period.elementIndex ?? null,
    pricePerKwh: period.pricePerKwh === undefined ? null : decimalToString(period.pricePerKwh),
    costExact: period.costExact ?? null,
  })),
});
