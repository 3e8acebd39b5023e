/** What the processor keeps of a captured charge: a share in basis points plus a fixed part. */
export interface FeeSchedule {
  basisPoints: number;
  /** Minor units of the charge's currency. */
  fixedMinor: number;
  /** Currencies with other terms, by lower-case ISO 4217 code. */
  perCurrency?: Record<string, { basisPoints: number; fixedMinor: number }>;
}

/** The fee in minor units, the share rounded half up; exact, since it is computed on integers. */
export const feeMinor = (amountMinor: number, currency: string, schedule: FeeSchedule): number => {
  const terms = schedule.perCurrency?.[currency] ?? schedule;
  const share = (BigInt(amountMinor) * BigInt(terms.basisPoints) + 5000n) / 10000n;
  return Number(share + BigInt(terms.fixedMinor));
};
