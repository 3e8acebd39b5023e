import type { CdrIssued, CreditCdrIssued } from '@tallywatt/contracts';

/** Who is billed for a session instead of its driver, and the account that has to say so. */
export type Debtor = Readonly<{ kind: 'partner' | 'fleet'; account: string }>;

/**
 * Whom a CDR bills by its payment route; nothing for a driver. What the books are held against is
 * written down here once more, and not taken from the ledger's rules: those are what is compared.
 */
export const debtorOf = ({
  paymentRoute,
  roamingPartyId,
  fleetRef,
}: CdrIssued | CreditCdrIssued): Debtor | undefined => {
  switch (paymentRoute) {
    case 'roaming':
      return {
        kind: 'partner',
        account: `assets:receivable:roaming:${(roamingPartyId ?? 'unknown').toLowerCase()}`,
      };
    case 'fleet':
      return {
        kind: 'fleet',
        account: `assets:receivable:fleet:unbilled:${(fleetRef ?? 'unknown').toLowerCase()}`,
      };
    default:
      return undefined;
  }
};

/** The rules that book the CDRs and credit CDRs of a session, by who is billed for it. */
export const cdrRules = (
  debtor: Debtor | undefined,
): Readonly<{ issued: string; credited: string }> => {
  switch (debtor?.kind) {
    case undefined:
      return { issued: 'cdr.issued', credited: 'cdr.credited' };
    case 'partner':
      return { issued: 'roaming-cdr.issued', credited: 'roaming-cdr.credited' };
    case 'fleet':
      return { issued: 'fleet-cdr.issued', credited: 'fleet-cdr.credited' };
  }
};
