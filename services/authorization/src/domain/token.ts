import type { TokenBlocked, TokenIssued } from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';

/** What an issued token stands for, by reference. */
export type TokenFacts = Readonly<{
  /** OCPI 2.2.1 TokenType (section 12.4.2): RFID, APP_USER, AD_HOC_USER, OTHER. */
  tokenType: string;
  driverRef?: string;
  groupRef?: string;
  expiresAt?: Instant;
  /** The processor's own id of a saved payment method. */
  paymentMethodId?: string;
  /** The fleet that pays for what it charges. */
  fleetRef?: string;
  /** Of another network's driver. */
  roaming?: Roaming;
}>;

/** The home network that is billed for a token, and whether it wants to be asked before. */
export type Roaming = Readonly<{
  /** OCPI country code and party id, such as `NLABC`. */
  partyId: string;
  /** OCPI 2.2.1 WhitelistType (section 12.4.4): ALWAYS, ALLOWED, ALLOWED_OFFLINE, NEVER. */
  whitelist: string;
}>;

/**
 * Whether stating a token anew would have somebody else's network, or none, pay for it: two cards can
 * have the same uid, and who would pay for whose is not for the newer statement to say. A blocked
 * token is free for another.
 */
export const changesNetwork = (before: Token, facts: Pick<TokenFacts, 'roaming'>): boolean =>
  before.status === 'valid' && before.facts.roaming?.partyId !== facts.roaming?.partyId;

export type IssuedToken = Readonly<{ status: 'valid' | 'blocked'; facts: TokenFacts }>;
export type Token = Readonly<{ status: 'absent' }> | IssuedToken;

export const absentToken: Token = { status: 'absent' };

export type TokenEvent = TokenIssued | TokenBlocked;

/** Folds one event of `access.accounts.v1` into what is known of the token. */
export const evolve = (token: Token, event: TokenEvent): Token => {
  switch (event.type) {
    case 'TokenIssued': {
      const { type: _type, cpoId: _cpoId, tokenRef: _tokenRef, ...facts } = event;
      return { status: 'valid', facts };
    }
    case 'TokenBlocked':
      if (token.status === 'absent') throw new Error('a token was blocked before it was issued');
      return { status: 'blocked', facts: token.facts };
    default:
      return unreachable(event);
  }
};

/** States the whole token as it shall be from now on. */
export type RegisterToken = Readonly<{
  cpoId: string;
  tokenRef: string;
  status: 'valid' | 'blocked';
  facts: TokenFacts;
}>;

/**
 * A blocked token is issued first and blocked after, so that its facts are never unknown. To issue
 * it again is what lifts a block.
 */
export const decide = (command: RegisterToken, token: Token): Decision<TokenEvent> => {
  const { cpoId, tokenRef, facts, status } = command;
  const issued: TokenIssued = { type: 'TokenIssued', cpoId, tokenRef, ...facts };
  const blocked: TokenBlocked = {
    type: 'TokenBlocked',
    cpoId,
    tokenRef,
    reason: 'blocked-by-operator',
  };
  const unchanged = token.status !== 'absent' && sameFacts(token.facts, facts);
  if (status === 'valid') {
    return unchanged && token.status === 'valid' ? ignore('token-unchanged') : accept(issued);
  }
  if (!unchanged) return accept(issued, blocked);
  return token.status === 'blocked' ? ignore('token-unchanged') : accept(blocked);
};

const sameFacts = (left: TokenFacts, right: TokenFacts): boolean =>
  left.tokenType === right.tokenType &&
  left.driverRef === right.driverRef &&
  left.groupRef === right.groupRef &&
  left.expiresAt === right.expiresAt &&
  left.paymentMethodId === right.paymentMethodId &&
  left.fleetRef === right.fleetRef &&
  left.roaming?.partyId === right.roaming?.partyId &&
  left.roaming?.whitelist === right.roaming?.whitelist;
