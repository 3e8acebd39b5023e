/** ISO 4217 alphabetic code, upper case. */
export type Currency = string;

/** The currency is not in the pinned table, so its minor unit is unknown. */
export class UnknownCurrency extends Error {
  readonly code = 'unknown-currency';

  constructor(readonly currency: string) {
    super(`currency ${JSON.stringify(currency)} is not in the pinned ISO 4217 table`);
    this.name = 'UnknownCurrency';
  }
}

// ISO 4217 list one. Pinned here because the scale of stored amounts can never change later.
const zeroDecimal = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const threeDecimal = 'BHD IQD JOD KWD LYD OMR TND';
const twoDecimal =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD ' +
  'CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ ' +
  'GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL ' +
  'MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR ' +
  'PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT ' +
  'TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG';

const exponents: ReadonlyMap<string, 0 | 2 | 3> = new Map([
  ...zeroDecimal.split(' ').map((code) => [code, 0] as const),
  ...twoDecimal.split(' ').map((code) => [code, 2] as const),
  ...threeDecimal.split(' ').map((code) => [code, 3] as const),
]);

/** Whether the code is in the pinned table. */
export const isCurrency = (currency: string): boolean => exponents.has(currency);

/** Decimal places of the minor unit (ISO 4217): EUR 2, JPY 0, KWD 3. Throws UnknownCurrency. */
export const currencyExponent = (currency: Currency): 0 | 2 | 3 => {
  const exponent = exponents.get(currency);
  if (exponent === undefined) throw new UnknownCurrency(currency);
  return exponent;
};
