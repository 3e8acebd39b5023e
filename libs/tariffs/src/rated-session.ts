import type { Currency, Decimal } from '@tallywatt/money';
import type { Entitlement } from './entitlement';
import type { OcpiTariff } from './ocpi-tariff';

/** One meter reading. Absent measurands are unknown, never zero. */
export type MeterPoint = Readonly<{
  atMs: number;
  /** OCPP ReadingContext; only `Sample.Clock` makes a boundary at its instant a measured one. */
  context?: string | undefined;
  /** Energy.Active.Import.Register */
  registerMilliWh?: bigint | undefined;
  /** Power.Active.Import */
  powerMilliW?: bigint | undefined;
  /** Current.Import, summed over the phases. */
  currentMilliA?: bigint | undefined;
}>;

/**
 * What the vehicle and the station do. Charging and suspended-evse (the station pauses) count as
 * TIME; suspended-ev and idle (the vehicle takes nothing of its own accord) as PARKING_TIME;
 * reserved and reservation-expired are priced by reservation elements only.
 */
export type Occupancy =
  'charging' | 'suspended-ev' | 'suspended-evse' | 'idle' | 'reserved' | 'reservation-expired';

/** Start-inclusive, end-exclusive. */
export type OccupancySpan = Readonly<{ fromMs: number; toMs: number; state: Occupancy }>;

/** The facts a price depends on. Order and repetition of readings do not matter. */
export type RatedSession = Readonly<{
  startMs: number;
  /** End of energy. */
  stopMs: number;
  /** End of billing, at or after stopMs. */
  endMs: number;
  meterStartMilliWh: bigint;
  meterStopMilliWh: bigint;
  readings: readonly MeterPoint[];
  /** Unknown stretches: charging until stopMs, idle from there to endMs. */
  states?: readonly OccupancySpan[] | undefined;
}>;

export type RatingInput = Readonly<{
  tariff: OcpiTariff;
  /** IANA zone of the location. */
  timeZone: string;
  /** The location's currency; a tariff in another one is refused. */
  currency?: Currency | undefined;
  /** The location's tax rate. Components without `vat` can be priced only where it is 0. */
  taxRatePercent?: Decimal | undefined;
  session: RatedSession;
  entitlement?: Entitlement | undefined;
  /** The site groups the location is in; left out: no membership that is bound to one applies. */
  siteGroups?: readonly string[] | undefined;
}>;

/** Why a session cannot be priced. Unknown is not zero: the caller withholds the CDR. */
export type RatingRefusal =
  | 'currency-mismatch'
  | 'discount-unusable'
  | 'meter-ran-backwards'
  | 'meter-unusable'
  | 'power-or-current-unknown'
  | 'session-times-unusable'
  | 'tariff-not-in-force'
  | 'tax-rate-unknown'
  | 'time-zone-unknown';

/** Thrown inside the rating function only; `rate` returns it as a value. */
export class CannotRate extends Error {
  constructor(
    readonly reason: RatingRefusal,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
    this.name = 'CannotRate';
  }
}
