import type { Currency, Decimal } from '@tallywatt/money';
import type { Weekday } from '@tallywatt/time';
import type { EnergyCost, FleetPlan, MembershipTerms } from './tariff-extension';

/** OCPI 2.2.1 mod_tariffs, TariffDimensionType. */
export type TariffDimension = 'ENERGY' | 'TIME' | 'PARKING_TIME' | 'FLAT';

/** OCPI 2.2.1 mod_tariffs, ReservationRestrictionType. */
export type ReservationRestriction = 'RESERVATION' | 'RESERVATION_EXPIRES';

/** OCPI PriceComponent. Prices exclude tax: per kWh, per hour, or per session for FLAT. */
export type PriceComponent = Readonly<{
  type: TariffDimension;
  price: Decimal;
  /** Left out means that the tax is unknown, which is not zero. */
  vatPercent?: Decimal;
  /** Wh for ENERGY, seconds for TIME and PARKING_TIME; 0 means no steps. */
  stepSize: bigint;
}>;

/** OCPI TariffRestrictions: all that are given must hold. Minimums include, maximums exclude. */
export type TariffRestrictions = Readonly<{
  /** HH:MM on the wall clock of the location. */
  startTime?: string;
  endTime?: string;
  /** YYYY-MM-DD in the calendar of the location. */
  startDate?: string;
  endDate?: string;
  minEnergyMilliWh?: bigint;
  maxEnergyMilliWh?: bigint;
  minCurrentMilliA?: bigint;
  maxCurrentMilliA?: bigint;
  minPowerMilliW?: bigint;
  maxPowerMilliW?: bigint;
  minDurationSeconds?: bigint;
  maxDurationSeconds?: bigint;
  /** Never empty: an empty list is no restriction and is dropped. */
  dayOfWeek?: readonly Weekday[];
  reservation?: ReservationRestriction;
  /** Ours: on the dates that the tariff lists as holidays, or on all others. */
  holiday?: HolidayRestriction;
  /** Ours, MM-DD in the calendar of the location, each year; both or neither. May wrap. */
  seasonStart?: string;
  seasonEnd?: string;
  /** Ours, of PARKING_TIME: seconds since the vehicle stopped taking energy, grace included. */
  minIdleSeconds?: bigint;
  maxIdleSeconds?: bigint;
}>;

export type HolidayRestriction = 'only' | 'never';

export type TariffElement = Readonly<{
  priceComponents: readonly PriceComponent[];
  restrictions: TariffRestrictions;
}>;

/** OCPI 2.2.1 Price: the two limits are compared each on its own. */
export type PriceLimit = Readonly<{ exclVat: Decimal; inclVat?: Decimal }>;

/** An OCPI 2.2.1 Tariff, plus what OCPI cannot say (`docs/tariff-extension.md`). */
export type OcpiTariff = Readonly<{
  id: string;
  countryCode?: string;
  partyId?: string;
  currency: Currency;
  minPrice?: PriceLimit;
  maxPrice?: PriceLimit;
  elements: readonly TariffElement[];
  /** Instants: the tariff holds for sessions that start in [startAtMs, endAtMs). */
  startAtMs?: number;
  endAtMs?: number;
  /** Fields that decide no price, under their own names as their author wrote them. */
  presentation?: Readonly<Record<string, unknown>>;
  /** Ours (`tallywatt.idle_grace_seconds`): idle time not billed after the vehicle is done. */
  idleGraceSeconds: bigint;
  /** Ours: the most that the idle time of one session costs, excluding tax. */
  idleMaxPrice?: Decimal;
  /** Ours: public holidays, YYYY-MM-DD in the calendar of the location. */
  holidays?: readonly string[];
  memberships?: readonly MembershipTerms[];
  fleets?: readonly FleetPlan[];
  energyCost?: EnergyCost;
}>;

/** Whether any element prices PARKING_TIME: such a session stays open after its stop. */
export const hasParkingTime = (tariff: OcpiTariff): boolean =>
  tariff.elements.some((element) => componentOf(element, 'PARKING_TIME') !== undefined);

/** An element's component of one dimension, if it has one. */
export const componentOf = (
  element: TariffElement,
  dimension: TariffDimension,
): PriceComponent | undefined =>
  element.priceComponents.find((component) => component.type === dimension);
