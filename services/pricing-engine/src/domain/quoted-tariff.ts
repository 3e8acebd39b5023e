import { canonicalJson, sha256Hex } from '@tallywatt/contracts';
import {
  parseTariff,
  type JsonObject,
  type OcpiTariff,
  type TariffFault,
} from '@tallywatt/tariffs';

/** The tariff of a quote, ready to be priced with, or every reason why not by JSON path. */
export type QuotedTariff =
  | Readonly<{
      ok: true;
      tariff: OcpiTariff;
      /** Left out when the tariff names itself nothing. */
      tariffId?: string;
      /** Of the text as it was sent, as a published tariff is hashed. */
      contentHash: string;
      warnings: readonly TariffFault[];
    }>
  | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

/**
 * An OCPI 2.2.1 Tariff with our extension. As with a tariff that is published, currency and
 * elements are enough: a price does not depend on what the tariff is called.
 */
export const readQuotedTariff = (document: JsonObject): QuotedTariff => {
  const parsed = parseTariff({ ...document, id: document['id'] ?? 'quote' });
  const contentHash = hashOf(document);
  if (!parsed.ok || contentHash === undefined) {
    const faults = parsed.ok ? [] : parsed.faults;
    const unhashed = {
      path: '$',
      message: 'has no canonical form: a broken text, or nested too deep',
    };
    return {
      ok: false,
      faults: inTariff(contentHash === undefined ? [...faults, unhashed] : faults),
    };
  }
  const { tariff, warnings } = parsed;
  const named = typeof document['id'] === 'string' ? { tariffId: document['id'] } : {};
  return { ok: true, tariff, contentHash, warnings: inTariff(warnings), ...named };
};

const hashOf = (document: JsonObject): string | undefined => {
  try {
    return sha256Hex(canonicalJson(document));
  } catch {
    // Half a surrogate pair, or deeper than the stack: RFC 8785 has no form for it.
    return undefined;
  }
};

const inTariff = (faults: readonly TariffFault[]): TariffFault[] =>
  faults.map(({ path, message }) => ({ path: `$.tariff${path.slice(1)}`, message }));
