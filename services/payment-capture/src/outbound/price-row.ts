import type { SessionPrice } from '../domain/session-rules';

/** A price as jsonb keeps it: minor units as text, since JSON numbers lose them. */
export type PriceRow = Readonly<{
  cdrId: string;
  amountMinor: string;
  currency: string;
  issuedAt: string;
  /** Left out in rows from before CDRs were corrected. */
  replacedCdrIds?: readonly string[];
  taxes: readonly Readonly<{
    rateUnscaled: string;
    rateScale: number;
    taxableMinor: string;
    taxMinor: string;
  }>[];
}>;

export const priceToRow = (price: SessionPrice): PriceRow => ({
  cdrId: price.cdrId,
  amountMinor: price.total.amountMinor.toString(),
  currency: price.total.currency,
  issuedAt: price.issuedAt,
  replacedCdrIds: price.replacedCdrIds,
  taxes: price.taxes.map((tax) => ({
    rateUnscaled: tax.ratePercent.unscaled.toString(),
    rateScale: tax.ratePercent.scale,
    taxableMinor: tax.taxableMinor.toString(),
    taxMinor: tax.taxMinor.toString(),
  })),
});

export const priceFromRow = (row: PriceRow): SessionPrice => ({
  cdrId: row.cdrId,
  total: { amountMinor: BigInt(row.amountMinor), currency: row.currency },
  issuedAt: row.issuedAt,
  replacedCdrIds: row.replacedCdrIds ?? [],
  taxes: row.taxes.map((tax) => ({
    ratePercent: { unscaled: BigInt(tax.rateUnscaled), scale: tax.rateScale },
    taxableMinor: BigInt(tax.taxableMinor),
    taxMinor: BigInt(tax.taxMinor),
  })),
});
