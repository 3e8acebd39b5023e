const exponentOf = (currency: string): number =>
  new Intl.NumberFormat('en-US', { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits ?? 2;

/** Minor units as Stripe prints them in messages, such as `€40.00`; exact, no division. */
export const amountText = (amountMinor: number, currency: string): string => {
  const exponent = exponentOf(currency);
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  const whole = Number(digits.slice(0, digits.length - exponent)).toLocaleString('en-US');
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  const sign = new Intl.NumberFormat('en-US', { style: 'currency', currency })
    .formatToParts(0)
    .find(({ type }) => type === 'currency')?.value;
  return `${sign ?? ''}${whole}${fraction}`;
};
