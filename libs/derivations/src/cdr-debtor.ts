import { roamingAccount, unbilledFleetAccount, type PostingRule } from '@tallywatt/accounting';
import type { CdrIssued, CreditCdrIssued } from '@tallywatt/contracts';

/** Who a CDR makes a debtor, and how the books say so (ADR 28). */
export type CdrDebtor = Readonly<{
  /** `driver`: what a payment of the session has to bring. The others pay bills of their own. */
  kind: 'driver' | 'roaming-partner' | 'fleet';
  account: string;
  issuedBy: PostingRule;
  creditedBy: PostingRule;
}>;

const driver: CdrDebtor = {
  kind: 'driver',
  account: 'assets:receivable:driver',
  issuedBy: 'cdr.issued',
  creditedBy: 'cdr.credited',
};

/**
 * The debtor of a CDR, by the payment route that the decision at the start has pinned. A route that
 * names nobody gives an account that no chart has: the books park such a CDR, and do not guess.
 */
export const cdrDebtor = ({
  paymentRoute,
  roamingPartyId,
  fleetRef,
}: Pick<
  CdrIssued | CreditCdrIssued,
  'paymentRoute' | 'roamingPartyId' | 'fleetRef'
>): CdrDebtor => {
  switch (paymentRoute) {
    case 'roaming':
      return {
        kind: 'roaming-partner',
        account: roamingAccount(roamingPartyId ?? ''),
        issuedBy: 'roaming-cdr.issued',
        creditedBy: 'roaming-cdr.credited',
      };
    case 'fleet':
      return {
        kind: 'fleet',
        account: unbilledFleetAccount(fleetRef ?? ''),
        issuedBy: 'fleet-cdr.issued',
        creditedBy: 'fleet-cdr.credited',
      };
    default:
      return driver;
  }
};
