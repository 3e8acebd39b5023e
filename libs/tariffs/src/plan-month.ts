import {
  multiplyRational,
  rational,
  rationalFromDecimal,
  toMinor,
  wholeOf,
  type Decimal,
} from '@tallywatt/money';
import type { OcpiTariff } from './ocpi-tariff';

/** What some days of a month on a fleet plan cost, in minor units, or why nobody can say. */
export type PlanMonth =
  | Readonly<{
      ok: true;
      currency: string;
      amountExclTaxMinor: bigint;
      taxMinor: bigint;
      amountInclTaxMinor: bigint;
    }>
  | Readonly<{
      ok: false;
      reason: 'plan-unknown' | 'tax-unknown' | 'tax-negative';
      detail: string;
    }>;

/**
 * The price of a plan's month: its fee, by the share of the month's days that the plan was held, with
 * and without tax rounded once each, half away from zero; the tax is what is between. A fee without
 * its amount including tax has no known tax, and is not priced.
 */
export const planMonth = (
  { currency, fleets }: Pick<OcpiTariff, 'currency' | 'fleets'>,
  name: string,
  { days, daysInMonth }: Readonly<{ days: number; daysInMonth: number }>,
): PlanMonth => {
  const terms = fleets?.find(({ plan }) => plan === name);
  if (terms === undefined) return refused('plan-unknown', `the tariff has no fleet plan ${name}`);
  const { exclVat, inclVat } = terms.monthlyFee;
  if (inclVat === undefined) {
    return refused('tax-unknown', `the monthly fee of plan ${name} has no incl_vat`);
  }
  const share = (fee: Decimal): bigint =>
    toMinor(
      multiplyRational(rationalFromDecimal(fee), rational(wholeOf(BigInt(days)), daysInMonth)),
      currency,
      'half-away-from-zero',
    );
  const amountExclTaxMinor = share(exclVat);
  const amountInclTaxMinor = share(inclVat);
  const taxMinor = amountInclTaxMinor - amountExclTaxMinor;
  return taxMinor < 0n
    ? refused('tax-negative', `the monthly fee of plan ${name} is less with tax than without`)
    : { ok: true, currency, amountExclTaxMinor, taxMinor, amountInclTaxMinor };
};

type Refusal = Extract<PlanMonth, { ok: false }>;

const refused = (reason: Refusal['reason'], detail: string): Refusal => ({
  ok: false,
  reason,
  detail,
});
