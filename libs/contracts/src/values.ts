import type {
  Location as LocationMessage,
  TariffReference as TariffReferenceMessage,
  TaxPortion as TaxPortionMessage,
} from './gen/tallywatt/values/v1/values_pb';
import type { Readable } from './readable';

/** Where a session happens, as far as its price depends on it. */
export type Location = Readable<LocationMessage>;
/** One immutable version of a tariff. */
export type TariffReference = Readable<TariffReferenceMessage>;
/** The part of an amount that is tax, at one rate. */
export type TaxPortion = Readable<TaxPortionMessage>;
