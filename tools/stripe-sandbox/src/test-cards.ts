/** Why an issuer says no, in the four words Stripe uses for it. */
export interface Decline {
  code: string;
  declineCode: string;
  adviceCode: string;
  networkDeclineCode: string;
  message: string;
}

/** A published test card: what it looks like and how it behaves. */
export interface TestCard {
  number: string;
  /** The endings of `pm_card_...` and `tok_...` that stand for it. */
  names: readonly string[];
  brand: 'visa' | 'mastercard' | 'amex';
  /** What every charge of it meets. */
  decline?: Decline;
  /** Can be attached to a customer although its charges are declined. */
  attaches?: true;
  /** The cardholder must authenticate: off-session charges are declined. */
  authenticates?: true;
  /** Its money is available at once instead of after settlement. */
  bypassesPending?: true;
}

const decline = (
  code: string,
  declineCode: string,
  adviceCode: string,
  networkDeclineCode: string,
  message = 'Your card was declined.',
): Decline => ({ code, declineCode, adviceCode, networkDeclineCode, message });

const generic = decline('card_declined', 'generic_decline', 'try_again_later', '01');
const insufficient = decline(
  'card_declined',
  'insufficient_funds',
  'try_again_later',
  '51',
  'Your card has insufficient funds.',
);
const lost = decline('card_declined', 'lost_card', 'do_not_try_again', '41');
const stolen = decline('card_declined', 'stolen_card', 'do_not_try_again', '43');
const tooOften = decline(
  'card_declined',
  'card_velocity_exceeded',
  'try_again_later',
  '61',
  'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
);
const expired = decline(
  'expired_card',
  'expired_card',
  'confirm_card_data',
  '54',
  'Your card has expired.',
);
const wrongCvc = decline(
  'incorrect_cvc',
  'incorrect_cvc',
  'confirm_card_data',
  'N7',
  "Your card's security code is incorrect.",
);
const processing = decline(
  'processing_error',
  'processing_error',
  'try_again_later',
  '06',
  'An error occurred while processing your card. Try again in a little bit.',
);

/** The answer of a card that wants its holder present. */
export const authenticationRequired = decline(
  'authentication_required',
  'authentication_required',
  'confirm_card_data',
  '1A',
  'Your card was declined. This transaction requires authentication.',
);

const declined = (ending: string) => [`chargeDeclined${ending}`, `visa_chargeDeclined${ending}`];

export const testCards: readonly TestCard[] = [
  { number: '4242424242424242', names: ['visa', 'us', 'visa_debit'], brand: 'visa' },
  { number: '5555555555554444', names: ['mastercard'], brand: 'mastercard' },
  { number: '378282246310005', names: ['amex'], brand: 'amex' },
  { number: '4000000000000077', names: ['bypassPending'], brand: 'visa', bypassesPending: true },
  { number: '4000000000000002', names: declined(''), brand: 'visa', decline: generic },
  {
    number: '4000000000000341',
    names: ['chargeCustomerFail'],
    brand: 'visa',
    decline: generic,
    attaches: true,
  },
  {
    number: '4000000000009995',
    names: declined('InsufficientFunds'),
    brand: 'visa',
    decline: insufficient,
  },
  { number: '4000000000009987', names: declined('LostCard'), brand: 'visa', decline: lost },
  { number: '4000000000009979', names: declined('StolenCard'), brand: 'visa', decline: stolen },
  {
    number: '4000000000006975',
    names: declined('VelocityLimitExceeded'),
    brand: 'visa',
    decline: tooOften,
  },
  { number: '4000000000000069', names: declined('ExpiredCard'), brand: 'visa', decline: expired },
  { number: '4000000000000127', names: declined('IncorrectCvc'), brand: 'visa', decline: wrongCvc },
  {
    number: '4000000000000119',
    names: declined('ProcessingError'),
    brand: 'visa',
    decline: processing,
  },
  {
    number: '4000002760003184',
    names: ['authenticationRequired'],
    brand: 'visa',
    authenticates: true,
  },
];

const byNumber = new Map(testCards.map((card) => [card.number, card]));
const byName = new Map(testCards.flatMap((card) => card.names.map((name) => [name, card])));

export const cardOfNumber = (number: string): TestCard | undefined =>
  byNumber.get(number.replaceAll(/[\s-]/g, ''));

/** The card behind `pm_card_visa` or `tok_visa`. */
export const cardOfAlias = (alias: string): TestCard | undefined => {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(alias)?.[1];
  return name === undefined ? undefined : byName.get(name);
};
