import { decimalFromJsonNumber, decimalToString, type Decimal } from '@tallywatt/money';
import type { JsonObject, TariffDimension } from '@tallywatt/tariffs';

/** Prices are compared in millionths of the major unit: whole numbers, none is ever a float. */
const decimals = 6;

/** A decimal in millionths. @throws RangeError for one with more than six decimals. */
export const microOf = ({ unscaled, scale }: Decimal): bigint => {
  if (scale <= decimals) return unscaled * 10n ** BigInt(decimals - scale);
  const divisor = 10n ** BigInt(scale - decimals);
  if (unscaled % divisor !== 0n) throw new RangeError('has more than six decimals');
  return unscaled / divisor;
};

/** The JSON number that reads back as exactly this price. */
export const jsonPriceOf = (priceMicro: bigint): number =>
  Number(decimalToString({ unscaled: priceMicro, scale: decimals }));

type ComponentJson = JsonObject & Readonly<{ type: TariffDimension; price: number }>;
type ElementJson = JsonObject & Readonly<{ price_components: readonly ComponentJson[] }>;

/** An OCPI 2.2.1 tariff that has been read without fault, as its author wrote it. */
export type TariffDocument = JsonObject;

const elementsOf = (document: TariffDocument): readonly ElementJson[] =>
  document['elements'] as readonly ElementJson[];

/** What a reservation costs is no matter of utilisation. */
const isForReservations = (element: ElementJson): boolean => {
  const restrictions = element['restrictions'] as JsonObject | null | undefined;
  return restrictions?.['reservation'] !== undefined && restrictions['reservation'] !== null;
};

/** One price of a tariff that a rule may adjust. */
export type TariffPrice = Readonly<{ path: string; dimension: TariffDimension; price: Decimal }>;

/** The prices of charging, by where they stand. */
export const pricesOf = (document: TariffDocument): readonly TariffPrice[] =>
  elementsOf(document).flatMap((element, index) =>
    isForReservations(element)
      ? []
      : element.price_components.map(({ type, price }, at) => ({
          path: `$.elements[${index}].price_components[${at}].price`,
          dimension: type,
          price: decimalFromJsonNumber(price),
        })),
  );

/** The same tariff with other prices, by where they stand; all else is as its author wrote it. */
export const withPrices = (
  document: TariffDocument,
  pricesMicro: ReadonlyMap<string, bigint>,
): TariffDocument => ({
  ...document,
  elements: elementsOf(document).map((element, index) => ({
    ...element,
    price_components: element.price_components.map((component, at) => {
      const priceMicro = pricesMicro.get(`$.elements[${index}].price_components[${at}].price`);
      return priceMicro === undefined
        ? component
        : { ...component, price: jsonPriceOf(priceMicro) };
    }),
  })),
});
