import type { ChargingDecision } from '@tallywatt/contracts';
import { decimalToRational, toMinor, type Decimal } from '@tallywatt/money';
import type { Fleet } from './fleet';
import type { TokenFacts } from './token';

/** Why nobody would pay. */
export type PayerRefusal =
  'payment-method-missing' | 'fleet-unknown' | 'fleet-closed' | 'roaming-authorization-required';

/** Who pays for a session that a token starts (ADR 28). */
export type Payer =
  | Readonly<{ kind: 'driver'; paymentMethodId?: string }>
  | Readonly<{ kind: 'fleet'; fleetRef: string; plan: string }>
  | Readonly<{ kind: 'home-network'; partyId: string }>
  | Readonly<{ kind: 'nobody'; rule: PayerRefusal }>;

export type PaymentPolicy = Readonly<{
  /** Amount to hold at the start, in major units of the charge point's currency. */
  holdMajorUnits: Decimal;
  /** Whether a valid token may charge when no card stands behind it. */
  allowWithoutPaymentMethod: boolean;
}>;

/**
 * Who pays, by what the token says of itself. A home network that has to be asked each time (OCPI
 * 2.2.1 WhitelistType NEVER) cannot be: its tokens charge on nobody's account. The one that can only
 * not be asked (ALLOWED_OFFLINE) wants its tokens to be let charge then.
 */
export const payerOf = (
  { roaming, fleetRef, paymentMethodId }: TokenFacts,
  fleet: Fleet,
  { allowWithoutPaymentMethod }: Pick<PaymentPolicy, 'allowWithoutPaymentMethod'>,
): Payer => {
  if (roaming !== undefined) {
    return roaming.whitelist === 'NEVER'
      ? { kind: 'nobody', rule: 'roaming-authorization-required' }
      : { kind: 'home-network', partyId: roaming.partyId };
  }
  if (fleetRef !== undefined) {
    if (fleet.status === 'absent') return { kind: 'nobody', rule: 'fleet-unknown' };
    return fleet.status === 'closed'
      ? { kind: 'nobody', rule: 'fleet-closed' }
      : { kind: 'fleet', fleetRef, plan: fleet.terms.plan };
  }
  if (paymentMethodId !== undefined) return { kind: 'driver', paymentMethodId };
  return allowWithoutPaymentMethod
    ? { kind: 'driver' }
    : { kind: 'nobody', rule: 'payment-method-missing' };
};

type Payment = Pick<
  ChargingDecision,
  'paymentRoute' | 'paymentMethodId' | 'hold' | 'roamingPartyId' | 'fleetRef'
>;

/**
 * What a decision says of the payment: a hold where a card pays, the debtor where somebody is billed.
 * @throws UnknownCurrency when the currency has no known minor unit.
 */
export const paymentOf = (
  payer: Exclude<Payer, { kind: 'nobody' }>,
  { holdMajorUnits }: PaymentPolicy,
  currency: string,
): Payment => {
  switch (payer.kind) {
    case 'home-network':
      return { paymentRoute: 'roaming', roamingPartyId: payer.partyId };
    case 'fleet':
      return { paymentRoute: 'fleet', fleetRef: payer.fleetRef };
    case 'driver': {
      const { paymentMethodId } = payer;
      if (paymentMethodId === undefined) return { paymentRoute: 'none' };
      const exact = decimalToRational(holdMajorUnits);
      const amountMinor = toMinor(exact, currency, 'half-away-from-zero');
      return { paymentRoute: 'card', paymentMethodId, hold: { amountMinor, currency } };
    }
  }
};
