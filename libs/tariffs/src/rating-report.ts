import type { Currency, Decimal } from '@tallywatt/money';
import type { MeterMark } from './energy-curve';
import type { Use } from './occupancy-timeline';
import type { TariffDimension } from './ocpi-tariff';
import type { RatingRefusal } from './rated-session';
import type { Boundary } from './session-segments';

/** OCPI's dimensions, and two of ours: a discount and the reach of a minimum or maximum price. */
export type LineDimension = TariffDimension | 'DISCOUNT' | 'ADJUSTMENT';

/** One line of a price. Amounts exclude tax; exact texts are a decimal or `n/d`. */
export type RatingLine = Readonly<{
  dimension: LineDimension;
  quantityExact: string;
  /** kWh, h, session, or the currency for a share of an amount. */
  unit: string;
  unitPrice: Decimal;
  /** quantity x unit price in major units, before rounding. */
  amountExact: string;
  /** Rounded here and nowhere else. */
  amountMinor: bigint;
  taxRatePercent: Decimal;
  /** Left out for discounts and adjustments. */
  tariffElementIndex?: number;
  fromMs: number;
  toMs: number;
  fromBoundary: Boundary;
  toBoundary: Boundary;
  /** One sentence for the driver. */
  explanation: string;
}>;

/** Tax of one rate, on the sum of the rounded lines of that rate. */
export type TaxTotal = Readonly<{ ratePercent: Decimal; taxableMinor: bigint; taxMinor: bigint }>;

/** A stretch in which use and price components stay the same: an OCPI ChargingPeriod. */
export type RatedPeriod = Readonly<{
  fromMs: number;
  toMs: number;
  use: Use;
  inGrace: boolean;
  energyMilliWhExact: string;
  fromBoundary: Boundary;
  toBoundary: Boundary;
  /** The element that prices each dimension here; a dimension left out is not charged. */
  elementIndexes: Readonly<Partial<Record<TariffDimension, number>>>;
}>;

export type AmountTotals = Readonly<{
  exclTaxMinor: bigint;
  taxMinor: bigint;
  inclTaxMinor: bigint;
  /** Before rounding, after discount and price limits. */
  exclTaxExact: string;
  inclTaxExact: string;
  /** Excluding tax, per kind of line; kinds without a line are left out. */
  byDimension: Readonly<
    Partial<Record<LineDimension, Readonly<{ amountExact: string; amountMinor: bigint }>>>
  >;
}>;

/** A stretch in which the energy cost the operator the same. */
export type CostPeriod = Readonly<{
  fromMs: number;
  toMs: number;
  fromBoundary: Boundary;
  toBoundary: Boundary;
  energyKwhExact: string;
  /** Left out, with the two below, where the tariff knows no cost. */
  elementIndex?: number;
  pricePerKwh?: Decimal;
  costExact?: string;
}>;

/** What the energy cost the operator, and what is left of the price; excluding tax. */
export type SessionCost = Readonly<{
  currency: Currency;
  /** Energy for which the tariff knows no cost; unless it is 0, there is no sum. */
  unknownEnergyKwhExact: string;
  periods: readonly CostPeriod[];
  costExact?: string;
  costMinor?: bigint;
  /** Left out where cost and price have different currencies. */
  marginExact?: string;
  marginMinor?: bigint;
}>;

export type RatingReport = Readonly<{
  currency: Currency;
  lines: readonly RatingLine[];
  taxes: readonly TaxTotal[];
  totals: AmountTotals;
  /** As metered. */
  energyMilliWh: bigint;
  energyWhExact: string;
  /** Whole seconds that passed, before steps: charging or paused by the station. */
  chargingSeconds: bigint;
  /** Whole seconds that passed, before steps and grace: connected and taking no energy. */
  parkingSeconds: bigint;
  /** With step_size: what OCPI calls billed. */
  billedEnergyWhExact: string;
  billedChargingSecondsExact: string;
  billedParkingSecondsExact: string;
  periods: readonly RatedPeriod[];
  /** Beside the price and never part of it; left out without `tallywatt.energy_cost`. */
  energyCost?: SessionCost;
  /** Oddities of the meter that did not stop the rating. */
  marks: readonly MeterMark[];
  ratingPolicyId: string;
  roundingPolicyId: string;
  interpolationPolicyId: string;
  timeZoneDataVersion: string;
}>;

export type RatingResult =
  | Readonly<{ ok: true; report: RatingReport }>
  | Readonly<{ ok: false; reason: RatingRefusal; detail: string }>;
