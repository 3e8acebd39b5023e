import type { EntitlementEvent } from '@tallywatt/contracts';
import { accept, ignore, refuse, unreachable, type Decision } from '@tallywatt/decider';
import { compareRational, decimalToRational, type Decimal } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

/** What a membership entitles to. */
export type EntitlementTerms = Readonly<{
  tier: string;
  discountPercent: Decimal;
  /** Exclusive; left out when it does not lapse by itself. */
  validUntil?: Instant;
}>;

/**
 * The membership of one driver. `version` counts the events of the stream, so that a decision can
 * say exactly which state it rested on.
 */
export type Entitlement =
  | Readonly<{ status: 'absent' }>
  | Readonly<{ status: 'granted' | 'expired'; version: bigint; terms: EntitlementTerms }>
  | Readonly<{ status: 'revoked'; version: bigint }>;

export const absentEntitlement: Entitlement = { status: 'absent' };

/** Folds one event of `access.entitlements.v1`. */
export const evolve = (entitlement: Entitlement, event: EntitlementEvent): Entitlement => {
  const version = event.entitlementVersion;
  switch (event.type) {
    case 'EntitlementGranted':
    case 'EntitlementChanged': {
      const { tier, discountPercent, validUntil } = event;
      const terms = { tier, discountPercent, ...(validUntil === undefined ? {} : { validUntil }) };
      return { status: 'granted', version, terms };
    }
    case 'EntitlementRevoked':
      return { status: 'revoked', version };
    case 'EntitlementExpired':
      // Without terms it had been revoked already, and stays so.
      return 'terms' in entitlement
        ? { status: 'expired', version, terms: entitlement.terms }
        : { status: 'revoked', version };
    default:
      return unreachable(event);
  }
};

type Driver = Readonly<{ cpoId: string; driverRef: string; now: Instant }>;
export type GrantEntitlement = Driver &
  Readonly<{ type: 'GrantEntitlement'; terms: EntitlementTerms }>;
export type RevokeEntitlement = Driver & Readonly<{ type: 'RevokeEntitlement'; reason: string }>;
/** Records once that the term has ended. Decisions do not wait for it: they look at the term. */
export type ExpireEntitlement = Driver & Readonly<{ type: 'ExpireEntitlement' }>;
export type EntitlementCommand = GrantEntitlement | RevokeEntitlement | ExpireEntitlement;

/** Decides one change of a driver's membership. */
export const decide = (
  command: EntitlementCommand,
  entitlement: Entitlement,
): Decision<EntitlementEvent> => {
  const { cpoId, driverRef, now } = command;
  const entitlementVersion = versionOf(entitlement) + 1n;
  const stream = { cpoId, driverRef, entitlementVersion };
  switch (command.type) {
    case 'GrantEntitlement': {
      // The end of the term is part of the terms: saying the same again does not prolong anything.
      if ('terms' in entitlement && sameTerms(entitlement.terms, command.terms)) {
        return ignore('entitlement-unchanged');
      }
      const type = entitlement.status === 'granted' ? 'EntitlementChanged' : 'EntitlementGranted';
      return accept({ type, ...stream, ...command.terms, validFrom: now });
    }
    case 'RevokeEntitlement':
      if (entitlement.status === 'absent') return refuse('entitlement-unknown');
      return entitlement.status === 'revoked'
        ? ignore('entitlement-already-revoked')
        : accept({ type: 'EntitlementRevoked', ...stream, reason: command.reason });
    case 'ExpireEntitlement': {
      if (entitlement.status !== 'granted') return ignore('entitlement-not-granted');
      const { validUntil } = entitlement.terms;
      return validUntil === undefined || validUntil > now
        ? ignore('entitlement-still-valid')
        : accept({ type: 'EntitlementExpired', ...stream, expiredAt: validUntil });
    }
    default:
      return unreachable(command);
  }
};

/** The version a decision names; 0 before the first event. */
export const versionOf = (entitlement: Entitlement): bigint =>
  entitlement.status === 'absent' ? 0n : entitlement.version;

const sameTerms = (left: EntitlementTerms, right: EntitlementTerms): boolean =>
  left.tier === right.tier &&
  left.validUntil === right.validUntil &&
  compareRational(
    decimalToRational(left.discountPercent),
    decimalToRational(right.discountPercent),
  ) === 0;
