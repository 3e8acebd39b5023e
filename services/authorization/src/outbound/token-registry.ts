import { randomUUID } from 'node:crypto';
import { derivedId, type EntitlementEvent } from '@tallywatt/contracts';
import type { EventLog, OutgoingEvent } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import * as entitlements from '../domain/entitlement';
import type { Entitlement, EntitlementCommand, EntitlementTerms } from '../domain/entitlement';
import * as tokens from '../domain/token';
import type { IssuedToken, Roaming, Token, TokenEvent, TokenFacts } from '../domain/token';
import type { AccessRows, AccessStore, StoredToken } from './access-store';
import type { TokenIndex } from './token-index';
import type { Vault } from './vault';

/** A token as an operator describes it, identifiers in clear. */
export type TokenDescription = Readonly<{
  uid: string;
  tokenType: string;
  status: 'valid' | 'blocked';
  driverId?: string;
  groupId?: string;
  expiresAt?: Instant;
  paymentMethodId?: string;
  /** The operator's own id of the fleet that pays. */
  fleetId?: string;
  roaming?: Roaming;
  /** Another network may pay from now on than the one that the token is of. */
  changesNetwork?: true;
  membership?: EntitlementTerms;
}>;

/** A token names a fleet that nobody has registered, or that is closed. */
export class FleetNotOpen extends Error {
  readonly code = 'fleet-not-open';

  constructor(readonly position: number) {
    super(`token ${position} names a fleet that is not registered`);
    this.name = 'FleetNotOpen';
  }
}

/** A token in use is of another network, or of this one: ADR 28. */
export class TokenOfAnotherNetwork extends Error {
  readonly code = 'token-of-another-network';

  constructor(readonly position: number) {
    super(`token ${position} is in use by another network`);
    this.name = 'TokenOfAnotherNetwork';
  }
}

export type RegisteredToken = StoredToken &
  Readonly<{
    outcome: 'created' | 'changed' | 'unchanged';
    /** Of the token's driver, as it is now. */
    entitlement: Entitlement;
  }>;

type References = Readonly<{
  tokenRef: string;
  driverRef?: string;
  groupRef?: string;
  fleetRef?: string;
}>;
type Sequenced = Readonly<{ event: TokenEvent; sequence: bigint }>;

/** Carries out what the operator says of tokens and memberships: state and events in one commit. */
export class TokenRegistry {
  constructor(
    private readonly eventLog: Pick<EventLog, 'append'>,
    private readonly store: AccessStore,
    private readonly vault: Vault,
    private readonly index: TokenIndex,
  ) {}

  /** Registers all of the tokens or none of them. @throws FleetNotOpen, TokenOfAnotherNetwork. */
  async register(
    cpoId: string,
    descriptions: readonly TokenDescription[],
    now: Instant,
  ): Promise<readonly RegisteredToken[]> {
    const references: References[] = [];
    for (const [position, description] of descriptions.entries()) {
      references.push(await this.referencesOf(cpoId, description, position));
    }
    const news: Sequenced[] = [];
    const registered = await this.store.change(cpoId, async (rows) => {
      const outgoing: OutgoingEvent[] = [];
      const results: RegisteredToken[] = [];
      for (const [position, description] of descriptions.entries()) {
        const named = references[position] as References;
        if (named.fleetRef !== undefined && !(await rows.isFleetOpen(named.fleetRef))) {
          throw new FleetNotOpen(position);
        }
        const stored = await rows.token(named.tokenRef);
        if (stored !== undefined && description.changesNetwork !== true) {
          if (tokens.changesNetwork(stored.token, description)) {
            throw new TokenOfAnotherNetwork(position);
          }
        }
        const change = await this.registerOne(cpoId, rows, description, { ...named, stored }, now);
        outgoing.push(...change.outgoing);
        news.push(...change.news);
        results.push(change.registered);
      }
      if (outgoing.length > 0) await this.eventLog.append(rows.sql, outgoing);
      return results;
    });
    // Committed: the next decision of this process shall know it, without a way through the log.
    for (const { event, sequence } of news) this.index.apply(event, sequence);
    return registered;
  }

  /** Ends a driver's membership. Undefined when the driver has none. */
  async revokeMembership(
    cpoId: string,
    driverRef: string,
    now: Instant,
  ): Promise<Entitlement | undefined> {
    return this.changeEntitlement({
      type: 'RevokeEntitlement',
      cpoId,
      driverRef,
      now,
      reason: 'revoked-by-operator',
    });
  }

  /** Records the end of every term that has ended by now, each of them once. */
  async expireMemberships(now: Instant, atMost = 500): Promise<void> {
    for (const { cpoId, driverRef } of await this.store.endedMemberships(now, atMost)) {
      await this.changeEntitlement({ type: 'ExpireEntitlement', cpoId, driverRef, now });
    }
  }

  private async changeEntitlement(command: EntitlementCommand): Promise<Entitlement | undefined> {
    return this.store.change(command.cpoId, async (rows) => {
      const change = await decideEntitlement(rows, command);
      if (change.outgoing.length > 0) await this.eventLog.append(rows.sql, [...change.outgoing]);
      return change.entitlement.status === 'absent' ? undefined : change.entitlement;
    });
  }

  private async referencesOf(
    cpoId: string,
    { uid, driverId, groupId, fleetId }: TokenDescription,
    position: number,
  ): Promise<References> {
    const fleetRef =
      fleetId === undefined
        ? undefined
        : await this.vault.knownReferenceOf(cpoId, 'fleet', fleetId);
    if (fleetId !== undefined && fleetRef === undefined) throw new FleetNotOpen(position);
    return {
      ...(fleetRef === undefined ? {} : { fleetRef }),
      tokenRef: await this.vault.referenceOf(cpoId, 'token', uid),
      ...(driverId === undefined
        ? {}
        : { driverRef: await this.vault.referenceOf(cpoId, 'driver', driverId) }),
      ...(groupId === undefined
        ? {}
        : { groupRef: await this.vault.referenceOf(cpoId, 'group', groupId) }),
    };
  }

  private async registerOne(
    cpoId: string,
    rows: AccessRows,
    description: TokenDescription,
    {
      tokenRef,
      driverRef: namedDriverRef,
      groupRef,
      fleetRef,
      stored,
    }: References & Readonly<{ stored: StoredToken | undefined }>,
    now: Instant,
  ): Promise<
    Readonly<{ registered: RegisteredToken; outgoing: OutgoingEvent[]; news: Sequenced[] }>
  > {
    const { tokenType, expiresAt, paymentMethodId, roaming, membership, status } = description;
    // A token keeps its driver when none is named; a member without one gets one. The driver of a
    // roaming token is the home network's, and nobody here.
    const driverRef =
      roaming === undefined
        ? (namedDriverRef ??
          stored?.token.facts.driverRef ??
          (membership === undefined ? undefined : randomUUID()))
        : undefined;
    const outgoing: OutgoingEvent[] = [];
    if (driverRef !== undefined && !(await rows.hasDriver(driverRef))) {
      await rows.addDriver(driverRef, now);
      outgoing.push({ event: { type: 'DriverRegistered', cpoId, driverRef }, occurredAt: now });
    }
    const facts: TokenFacts = {
      tokenType,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(paymentMethodId === undefined ? {} : { paymentMethodId }),
      ...(driverRef === undefined ? {} : { driverRef }),
      ...(groupRef === undefined ? {} : { groupRef }),
      ...(fleetRef === undefined ? {} : { fleetRef }),
      ...(roaming === undefined ? {} : { roaming }),
    };
    const decided = decideToken({ cpoId, tokenRef, status, facts }, stored, now);
    outgoing.push(...decided.outgoing);
    if (decided.news.length > 0) await rows.saveToken(decided.stored);
    const entitlement = await decideMembership(rows, { cpoId, driverRef, now }, membership);
    outgoing.push(...entitlement.outgoing);
    const outcome =
      stored === undefined ? 'created' : outgoing.length > 0 ? 'changed' : 'unchanged';
    return {
      registered: { ...decided.stored, outcome, entitlement: entitlement.entitlement },
      outgoing,
      news: decided.news,
    };
  }
}

const decideToken = (
  command: tokens.RegisterToken,
  before: StoredToken | undefined,
  now: Instant,
): Readonly<{ stored: StoredToken; outgoing: OutgoingEvent[]; news: Sequenced[] }> => {
  const { cpoId, tokenRef } = command;
  let token: Token = before?.token ?? tokens.absentToken;
  let version = before?.version ?? 0n;
  const outgoing: OutgoingEvent[] = [];
  const news: Sequenced[] = [];
  const decision = tokens.decide(command, token);
  for (const event of decision.kind === 'accepted' ? decision.events : []) {
    token = tokens.evolve(token, event);
    version += 1n;
    // Not of the content alone: a token may become again what it was before.
    const id = derivedId(event.type, cpoId, tokenRef, version.toString());
    outgoing.push({ event, occurredAt: now, id });
    news.push({ event, sequence: version });
  }
  const issuedAt = before?.issuedAt ?? now;
  const stored = { cpoId, tokenRef, version, issuedAt, token: token as IssuedToken };
  return { stored, outgoing, news };
};

type EntitlementChange = Readonly<{
  entitlement: Entitlement;
  outgoing: readonly OutgoingEvent[];
}>;

const decideMembership = async (
  rows: AccessRows,
  {
    cpoId,
    driverRef,
    now,
  }: Readonly<{ cpoId: string; driverRef: string | undefined; now: Instant }>,
  terms: EntitlementTerms | undefined,
): Promise<EntitlementChange> => {
  if (driverRef === undefined) return { entitlement: { status: 'absent' }, outgoing: [] };
  return terms === undefined
    ? { entitlement: await rows.entitlement(driverRef), outgoing: [] }
    : decideEntitlement(rows, { type: 'GrantEntitlement', cpoId, driverRef, now, terms });
};

const decideEntitlement = async (
  rows: AccessRows,
  command: EntitlementCommand,
): Promise<EntitlementChange> => {
  const before = await rows.entitlement(command.driverRef);
  const decision = entitlements.decide(command, before);
  if (decision.kind !== 'accepted') return { entitlement: before, outgoing: [] };
  const after = decision.events.reduce<Entitlement>(entitlements.evolve, before);
  await rows.saveEntitlement(command.driverRef, after);
  return {
    entitlement: after,
    outgoing: decision.events.map((event: EntitlementEvent) => ({
      event,
      occurredAt: occurredAt(event, command.now),
    })),
  };
};

const occurredAt = (event: EntitlementEvent, now: Instant): Instant =>
  event.type === 'EntitlementExpired' ? event.expiredAt : now;
