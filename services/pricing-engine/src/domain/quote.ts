import type { Decimal } from '@tallywatt/money';
import {
  rate,
  rateCdr,
  type CdrMark,
  type MeterMark,
  type OcpiTariff,
  type RatingRefusal,
  type RatingReport,
  type TariffFault,
} from '@tallywatt/tariffs';
import type { Quote } from './quote-parsing';
import { quotedSession, type QuoteMark } from './quote-session';

export type PricedQuote =
  | Readonly<{
      ok: true;
      report: RatingReport;
      marks: readonly (MeterMark | CdrMark | QuoteMark)[];
      /** Something that is charged for states no vat: the price excluding tax is all there is. */
      isTaxUnknown: boolean;
    }>
  | Readonly<{ ok: false; reason: RatingRefusal; fault: TariffFault }>;

/** Prices a quote, or says why that would be a guess. Depends on nothing but the quote. */
export const priceQuote = (quote: Quote): PricedQuote => {
  const { startAtMs, endAtMs, ...alwaysInForce } = quote.quoted.tariff;
  const startMs = (quote.subject.kind === 'cdr' ? quote.subject.cdr : quote.subject.session)
    .startMs;
  const atMs = quote.atMs ?? startMs;
  if (atMs < (startAtMs ?? -Infinity) || atMs >= (endAtMs ?? Infinity)) {
    return refused(quote, 'tariff-not-in-force', 'the tariff is not in force at this instant');
  }
  // Only a tariff with a validity is copied: what is known of a tariff is remembered by identity.
  const hasValidity = startAtMs !== undefined || endAtMs !== undefined;
  const tariff = hasValidity ? alwaysInForce : quote.quoted.tariff;
  const first = rated(quote, tariff, quote.taxRatePercent);
  if (first.ok || first.reason !== 'tax-rate-unknown' || quote.taxRatePercent !== undefined) {
    return first.ok
      ? { ...first, isTaxUnknown: false }
      : refused(quote, first.reason, first.detail);
  }
  // OCPI: no vat means that the tax is unknown, not that there is none. The price excluding tax is
  // known all the same; limits that include tax cannot be compared with anything.
  const untaxed = rated(quote, withoutTaxedLimits(tariff), { unscaled: 0n, scale: 0 });
  return untaxed.ok
    ? { ...untaxed, isTaxUnknown: true }
    : refused(quote, untaxed.reason, untaxed.detail);
};

type Rated =
  | Pick<Extract<PricedQuote, { ok: true }>, 'ok' | 'report' | 'marks'>
  | Readonly<{ ok: false; reason: RatingRefusal; detail: string }>;

const rated = (quote: Quote, tariff: OcpiTariff, taxRatePercent: Decimal | undefined): Rated => {
  const { timeZone, currency, entitlement, siteGroups, subject } = quote;
  const input = { tariff, timeZone, currency, taxRatePercent, entitlement, siteGroups };
  if (subject.kind === 'cdr') return rateCdr({ ...input, cdr: subject.cdr });
  const quoted = quotedSession(subject.session);
  if (!quoted.ok) return quoted;
  const result = rate({ ...input, session: quoted.session });
  if (!result.ok) return result;
  return { ...result, marks: [...new Set([...quoted.marks, ...result.report.marks])] };
};

const withoutTaxedLimits = ({ minPrice, maxPrice, ...tariff }: OcpiTariff): OcpiTariff => ({
  ...tariff,
  ...(minPrice && { minPrice: { exclVat: minPrice.exclVat } }),
  ...(maxPrice && { maxPrice: { exclVat: maxPrice.exclVat } }),
});

const refused = (
  quote: Quote,
  reason: RatingRefusal,
  detail: string,
): Extract<PricedQuote, { ok: false }> => ({
  ok: false,
  reason,
  fault: { path: placeOf(quote, reason), message: detail },
});

/** The part of the quote that a refusal is about. */
const placeOf = ({ subject, atMs }: Quote, reason: RatingRefusal): string => {
  const isSession = subject.kind === 'session';
  switch (reason) {
    case 'currency-mismatch':
      return '$.currency';
    case 'discount-unusable':
      return '$.entitlement';
    case 'tax-rate-unknown':
      return '$.tariff.elements';
    case 'time-zone-unknown':
      return '$.timeZone';
    case 'tariff-not-in-force':
      if (atMs !== undefined) return '$.at';
      return isSession ? '$.session.start' : '$.cdr.start_date_time';
    case 'session-times-unusable':
      return isSession ? '$.session' : '$.cdr';
    default:
      return isSession ? '$.session.readings' : '$.cdr.charging_periods';
  }
};
