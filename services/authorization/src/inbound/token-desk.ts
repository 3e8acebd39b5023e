import type { SqlClient } from '@tallywatt/event-log';
import { decimalToString } from '@tallywatt/money';
import { Problem } from '@tallywatt/service-kit';
import type { Instant } from '@tallywatt/time';
import { validate as isUuid } from 'uuid';
import { versionOf, type Entitlement } from '../domain/entitlement';
import type { Roaming } from '../domain/token';
import type { AccessStore, StoredToken } from '../outbound/access-store';
import { readAllowance, type ShownAllowance } from '../outbound/allowance-history';
import type { EntitlementCache } from '../outbound/entitlement-cache';
import {
  FleetNotOpen,
  TokenOfAnotherNetwork,
  type TokenDescription,
  type TokenRegistry,
} from '../outbound/token-registry';
import type { Vault } from '../outbound/vault';

type ShownMembership = Readonly<{
  status: string;
  entitlementVersion: bigint;
  tier?: string;
  discountPercent?: string;
  validUntil?: Instant;
}>;

/** A token as the API shows it: by reference, the uid masked. */
export type ShownToken = Readonly<{
  tokenRef: string;
  uidMasked: string | null;
  type: string;
  status: string;
  driverRef?: string;
  groupRef?: string;
  expiresAt?: Instant;
  paymentMethod?: string;
  fleetRef?: string;
  roaming?: Roaming;
  membership?: ShownMembership;
  issuedAt: Instant;
}>;

/** The HTTP side's view of tokens, memberships and what they include. */
export class TokenDesk {
  constructor(
    private readonly registry: TokenRegistry,
    private readonly store: AccessStore,
    private readonly vault: Vault,
    private readonly entitlements: EntitlementCache,
    private readonly entitlementWaitMs: number,
    private readonly database: SqlClient,
  ) {}

  /**
   * Registers tokens, and waits for a while until the memberships came back through the log, where
   * decisions see them: `entitlementEffective` says whether they did.
   */
  async register(cpoId: string, descriptions: readonly TokenDescription[], now: Instant) {
    const registered = await this.registry
      .register(cpoId, descriptions, now)
      .catch((error: unknown) => {
        const isList = descriptions.length > 1;
        if (error instanceof FleetNotOpen) throw fleetNotOpen(error, isList);
        if (error instanceof TokenOfAnotherNetwork) throw tokenOfAnotherNetwork(error, isList);
        throw error;
      });
    return Promise.all(
      registered.map(async (token, position) => {
        const { uid, membership } = descriptions[position] as TokenDescription;
        const shown = showToken(token, uid, token.entitlement);
        const { driverRef } = token.token.facts;
        if (membership === undefined || driverRef === undefined) {
          return { ...shown, outcome: token.outcome };
        }
        const entitlementEffective = await this.entitlements.reached(
          cpoId,
          driverRef,
          versionOf(token.entitlement),
          this.entitlementWaitMs,
        );
        return { ...shown, outcome: token.outcome, entitlementEffective };
      }),
    );
  }

  async tokens(
    cpoId: string,
    after: Readonly<{ issuedAt: Instant; tokenRef: string }> | undefined,
    limit: number,
  ): Promise<readonly ShownToken[]> {
    return this.show(cpoId, await this.store.tokensAfter(cpoId, after, limit));
  }

  async token(cpoId: string, tokenRef: string): Promise<ShownToken | undefined> {
    const token = await this.store.token(cpoId, tokenRef);
    return token === undefined ? undefined : (await this.show(cpoId, [token]))[0];
  }

  /** Ends the membership of a driver, named by the operator's own id or by reference. */
  async revokeMembership(
    cpoId: string,
    driver: string,
    now: Instant,
  ): Promise<
    | Readonly<{ driverRef: string; membership: ShownMembership; entitlementEffective: boolean }>
    | undefined
  > {
    const driverRef = await this.driverRefOf(cpoId, driver);
    if (driverRef === undefined) return undefined;
    const entitlement = await this.registry.revokeMembership(cpoId, driverRef, now);
    const membership = entitlement === undefined ? undefined : showMembership(entitlement);
    if (entitlement === undefined || membership === undefined) return undefined;
    const entitlementEffective = await this.entitlements.reached(
      cpoId,
      driverRef,
      versionOf(entitlement),
      this.entitlementWaitMs,
    );
    return { driverRef, membership, entitlementEffective };
  }

  /** What a driver has drawn of a month; undefined when that is nothing. */
  async allowance(
    cpoId: string,
    driver: string,
    period: string,
  ): Promise<ShownAllowance | undefined> {
    const driverRef = await this.driverRefOf(cpoId, driver);
    const isPeriod = /^\d{4}-(0[1-9]|1[0-2])$/.test(period);
    return driverRef === undefined || !isPeriod
      ? undefined
      : readAllowance(this.database, cpoId, driverRef, period);
  }

  /** By the operator's own id, or the reference itself. */
  private async driverRefOf(cpoId: string, driver: string): Promise<string | undefined> {
    const named = await this.vault.knownReferenceOf(cpoId, 'driver', driver);
    return named ?? (isUuid(driver) ? driver.toLowerCase() : undefined);
  }

  private async show(
    cpoId: string,
    tokens: readonly StoredToken[],
  ): Promise<readonly ShownToken[]> {
    const uids = await this.vault.identifiersOf(
      cpoId,
      'token',
      tokens.map(({ tokenRef }) => tokenRef),
    );
    const entitlements = await this.store.entitlementsOf(
      cpoId,
      tokens.flatMap(({ token }) => token.facts.driverRef ?? []),
    );
    return tokens.map((token) =>
      showToken(
        token,
        uids.get(token.tokenRef),
        entitlements.get(token.token.facts.driverRef ?? '') ?? { status: 'absent' },
      ),
    );
  }
}

const fleetNotOpen = ({ position }: FleetNotOpen, isList: boolean): Problem => {
  const path = isList ? `$[${position}].fleetId` : '$.fleetId';
  const message = 'names no fleet that is registered and open';
  return new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: `${path}: ${message}`,
    faults: [{ path, message }],
  });
};

const tokenOfAnotherNetwork = ({ position }: TokenOfAnotherNetwork, isList: boolean): Problem => {
  const path = isList ? `$[${position}].uid` : '$.uid';
  const message = 'is in use and of another network: block it first, or state changesNetwork';
  return new Problem({
    status: 409,
    type: 'token-of-another-network',
    title: 'The token is of another network',
    detail: `${path}: ${message}`,
    faults: [{ path, message }],
  });
};

/** The last four characters, of uids that are long enough not to be given away by them. */
export const maskUid = (uid: string): string =>
  uid.length >= 8 ? `${'*'.repeat(uid.length - 4)}${uid.slice(-4)}` : '*'.repeat(uid.length);

const showToken = (
  { tokenRef, issuedAt, token }: StoredToken,
  uid: string | undefined,
  entitlement: Entitlement,
): ShownToken => {
  const { tokenType, driverRef, groupRef, expiresAt, paymentMethodId } = token.facts;
  const { fleetRef, roaming } = token.facts;
  const membership = showMembership(entitlement);
  return {
    tokenRef,
    // Null once the vault has forgotten it.
    uidMasked: uid === undefined ? null : maskUid(uid),
    type: tokenType,
    status: token.status,
    ...(driverRef === undefined ? {} : { driverRef }),
    ...(groupRef === undefined ? {} : { groupRef }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(paymentMethodId === undefined ? {} : { paymentMethod: paymentMethodId }),
    ...(fleetRef === undefined ? {} : { fleetRef }),
    ...(roaming === undefined ? {} : { roaming }),
    ...(membership === undefined ? {} : { membership }),
    issuedAt,
  };
};

const showMembership = (entitlement: Entitlement): ShownMembership | undefined => {
  if (entitlement.status === 'absent') return undefined;
  const { status, version: entitlementVersion } = entitlement;
  if (!('terms' in entitlement)) return { status, entitlementVersion };
  const { tier, discountPercent, validUntil } = entitlement.terms;
  return {
    status,
    entitlementVersion,
    tier,
    discountPercent: decimalToString(discountPercent),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
};
