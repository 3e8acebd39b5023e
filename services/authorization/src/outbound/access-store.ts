import type { SqlClient } from '@tallywatt/event-log';
import { decimalFromString, decimalToString } from '@tallywatt/money';
import { instantFromEpochMs, parseInstant, type Instant } from '@tallywatt/time';
import {
  IsNull,
  LessThanOrEqual,
  MoreThanOrEqual,
  Not,
  type DataSource,
  type EntityManager,
} from 'typeorm';
import { absentEntitlement, versionOf, type Entitlement } from '../domain/entitlement';
import type { IssuedToken } from '../domain/token';
import {
  driverTable,
  membershipTable,
  tokenTable,
  type MembershipRow,
  type TokenRow,
} from './access-tables';

/** A token with its place: `version` is the number of events on its stream. */
export type StoredToken = Readonly<{
  cpoId: string;
  tokenRef: string;
  version: bigint;
  issuedAt: Instant;
  token: IssuedToken;
}>;

/** Drivers, tokens and memberships of every CPO: the current state behind the access topics. */
export class AccessStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs changes of one CPO's accounts in a transaction, one after the other: set-up is rare, and
   * like this two requests for the same token cannot meet half-way. `rows.sql` is the same
   * transaction, for the outbox.
   */
  async change<T>(cpoId: string, work: (rows: AccessRows) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      const rows = new AccessRows(cpoId, manager);
      await rows.sql.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
        'authorization.accounts',
        cpoId,
      ]);
      return work(rows);
    });
  }

  /** One CPO's tokens in the order they were issued, after the one named by `after`. */
  async tokensAfter(
    cpoId: string,
    after: Readonly<{ issuedAt: Instant; tokenRef: string }> | undefined,
    limit: number,
  ): Promise<readonly StoredToken[]> {
    const query = this.dataSource
      .getRepository(tokenTable)
      .createQueryBuilder('token')
      .where('token.cpoId = :cpoId', { cpoId })
      .orderBy('token.issuedAt')
      .addOrderBy('token.tokenRef')
      .take(limit);
    if (after !== undefined) {
      query.andWhere('(token.issuedAt, token.tokenRef) > (:issuedAt::timestamptz, :ref::uuid)', {
        issuedAt: after.issuedAt,
        ref: after.tokenRef,
      });
    }
    return (await query.getMany()).map(tokenFromRow);
  }

  async token(cpoId: string, tokenRef: string): Promise<StoredToken | undefined> {
    const row = await this.dataSource
      .getRepository(tokenTable)
      .findOneBy({ cpoId, tokenRef: tokenRef.toLowerCase() });
    return row === null ? undefined : tokenFromRow(row);
  }

  /** Every token of every CPO, for the index that decisions read. */
  async everyToken(take: (token: StoredToken) => void): Promise<void> {
    const batchMax = 5_000;
    const repository = this.dataSource.getRepository(tokenTable);
    for (let skip = 0; ; skip += batchMax) {
      const rows = await repository.find({
        order: { cpoId: 'ASC', tokenRef: 'ASC' },
        skip,
        take: batchMax,
      });
      for (const row of rows) take(tokenFromRow(row));
      if (rows.length < batchMax) return;
    }
  }

  async entitlementsOf(
    cpoId: string,
    driverRefs: readonly string[],
  ): Promise<ReadonlyMap<string, Entitlement>> {
    const rows = await this.dataSource
      .getRepository(membershipTable)
      .createQueryBuilder('membership')
      .where('membership.cpoId = :cpoId', { cpoId })
      .andWhere('membership.driverRef = ANY(:driverRefs::uuid[])', { driverRefs })
      .getMany();
    return new Map(rows.map((row) => [row.driverRef, entitlementFromRow(row)]));
  }

  /** The version of every membership changed at or after an instant, by the database's clock. */
  async membershipsChangedSince(
    since: Instant,
  ): Promise<readonly Readonly<{ cpoId: string; driverRef: string; version: bigint }>[]> {
    const rows = await this.dataSource.getRepository(membershipTable).find({
      select: { cpoId: true, driverRef: true, version: true },
      where: { changedAt: MoreThanOrEqual(dateOf(since)) },
    });
    return rows.map((row) => ({ ...row, version: BigInt(row.version) }));
  }

  /** Granted memberships whose term has ended. */
  async endedMemberships(
    now: Instant,
    limit: number,
  ): Promise<readonly Readonly<{ cpoId: string; driverRef: string }>[]> {
    return this.dataSource.getRepository(membershipTable).find({
      select: { cpoId: true, driverRef: true },
      where: { status: 'granted', validUntil: LessThanOrEqual(dateOf(now)), tier: Not(IsNull()) },
      order: { validUntil: 'ASC' },
      take: limit,
    });
  }
}

/** One CPO's rows within a transaction. */
export class AccessRows {
  /** The same transaction in the words of the event log. */
  readonly sql: SqlClient;

  constructor(
    private readonly cpoId: string,
    private readonly manager: EntityManager,
  ) {
    this.sql = {
      query: async <R>(text: string, parameters?: unknown[]) => {
        const runner = manager.queryRunner;
        if (runner === undefined) throw new Error('there is no transaction to write into');
        const result = await runner.query(text, parameters, true);
        return { rows: (result.records ?? []) as R[], rowCount: result.affected ?? null };
      },
    };
  }

  async token(tokenRef: string): Promise<StoredToken | undefined> {
    const row = await this.manager.findOneBy(tokenTable, { cpoId: this.cpoId, tokenRef });
    return row === null ? undefined : tokenFromRow(row);
  }

  async saveToken(token: StoredToken): Promise<void> {
    await this.manager.upsert(tokenTable, tokenToRow(token), ['cpoId', 'tokenRef']);
  }

  async hasDriver(driverRef: string): Promise<boolean> {
    return this.manager.existsBy(driverTable, { cpoId: this.cpoId, driverRef });
  }

  async isFleetOpen(fleetRef: string): Promise<boolean> {
    const { rows } = await this.sql.query<{ open: boolean }>(
      `SELECT status = 'registered' AS open FROM fleets WHERE cpo_id = $1 AND fleet_ref = $2::uuid`,
      [this.cpoId, fleetRef],
    );
    return rows[0]?.open ?? false;
  }

  async addDriver(driverRef: string, registeredAt: Instant): Promise<void> {
    await this.manager.insert(driverTable, {
      cpoId: this.cpoId,
      driverRef,
      registeredAt: dateOf(registeredAt),
    });
  }

  async entitlement(driverRef: string): Promise<Entitlement> {
    const row = await this.manager.findOneBy(membershipTable, { cpoId: this.cpoId, driverRef });
    return row === null ? absentEntitlement : entitlementFromRow(row);
  }

  async saveEntitlement(driverRef: string, entitlement: Entitlement): Promise<void> {
    if (entitlement.status === 'absent') return;
    const terms = 'terms' in entitlement ? entitlement.terms : undefined;
    const row = {
      cpoId: this.cpoId,
      driverRef,
      version: versionOf(entitlement).toString(),
      status: entitlement.status,
      tier: terms?.tier ?? null,
      discountPercent: terms === undefined ? null : decimalToString(terms.discountPercent),
      validUntil: terms?.validUntil === undefined ? null : dateOf(terms.validUntil),
      changedAt: () => 'clock_timestamp()',
    };
    await this.manager.upsert(membershipTable, row, ['cpoId', 'driverRef']);
  }
}

const dateOf = (instant: Instant): Date => new Date(parseInstant(instant));
const instantOf = (date: Date): Instant => instantFromEpochMs(date.getTime());

const tokenFromRow = (row: TokenRow): StoredToken => ({
  cpoId: row.cpoId,
  tokenRef: row.tokenRef,
  version: BigInt(row.version),
  issuedAt: instantOf(row.issuedAt),
  token: {
    status: row.status,
    facts: {
      tokenType: row.tokenType,
      ...(row.driverRef === null ? {} : { driverRef: row.driverRef }),
      ...(row.groupRef === null ? {} : { groupRef: row.groupRef }),
      ...(row.expiresAt === null ? {} : { expiresAt: instantOf(row.expiresAt) }),
      ...(row.paymentMethodId === null ? {} : { paymentMethodId: row.paymentMethodId }),
      ...(row.fleetRef === null ? {} : { fleetRef: row.fleetRef }),
      ...(row.roamingPartyId === null || row.roamingWhitelist === null
        ? {}
        : { roaming: { partyId: row.roamingPartyId, whitelist: row.roamingWhitelist } }),
    },
  },
});

const tokenToRow = ({ cpoId, tokenRef, version, issuedAt, token }: StoredToken): TokenRow => ({
  cpoId,
  tokenRef,
  version: version.toString(),
  status: token.status,
  tokenType: token.facts.tokenType,
  driverRef: token.facts.driverRef ?? null,
  groupRef: token.facts.groupRef ?? null,
  expiresAt: token.facts.expiresAt === undefined ? null : dateOf(token.facts.expiresAt),
  paymentMethodId: token.facts.paymentMethodId ?? null,
  fleetRef: token.facts.fleetRef ?? null,
  roamingPartyId: token.facts.roaming?.partyId ?? null,
  roamingWhitelist: token.facts.roaming?.whitelist ?? null,
  issuedAt: dateOf(issuedAt),
});

const entitlementFromRow = (row: MembershipRow): Entitlement => {
  const version = BigInt(row.version);
  if (row.status === 'revoked' || row.tier === null || row.discountPercent === null) {
    return { status: 'revoked', version };
  }
  const terms = {
    tier: row.tier,
    discountPercent: decimalFromString(row.discountPercent),
    ...(row.validUntil === null ? {} : { validUntil: instantOf(row.validUntil) }),
  };
  return { status: row.status, version, terms };
};
