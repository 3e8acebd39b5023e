import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { DataSource } from 'typeorm';
import type { AuthorizationEnvironment } from './config';
import {
  AuthorizeController,
  authorizationPolicy,
  decisionLogger,
} from './inbound/authorize.controller';
import { AuthorizeBatchController } from './inbound/authorize-batch.controller';
import { DriversController } from './inbound/drivers.controller';
import { FleetDesk } from './inbound/fleet-desk';
import { FleetsController } from './inbound/fleets.controller';
import { TokenDesk } from './inbound/token-desk';
import { tokensRequestPipe } from './inbound/token-request';
import { TokensController, tokensRequest } from './inbound/tokens.controller';
import { AccessStore } from './outbound/access-store';
import { driverTable, membershipTable, tokenTable } from './outbound/access-tables';
import { ChargingKnowledge } from './outbound/charging-knowledge';
import { DecisionLog } from './outbound/decision-log';
import { deferredDecisions } from './outbound/deferred-metrics';
import { DeferredDecisions } from './outbound/deferred-decisions';
import { EntitlementCache } from './outbound/entitlement-cache';
import { FleetIndex } from './outbound/fleet-index';
import { FleetRegistry } from './outbound/fleet-registry';
import { TariffCache } from './outbound/tariff-cache';
import { TokenIndex } from './outbound/token-index';
import { TokenRegistry } from './outbound/token-registry';
import { Vault } from './outbound/vault';
import { VaultSeal } from './outbound/vault-seal';

/** How often the cache is compared with the database: the resolution of its age. */
const completenessIntervalMs = 500;

/** The composition root of authorization. */
@Module({})
export class AuthorizationModule {
  static async create(context: ServiceContext<AuthorizationEnvironment>): Promise<DynamicModule> {
    const { env, eventLog, logger, pool } = context;
    const vault = new Vault(pool, new VaultSeal(env.VAULT_KEY));
    await vault.open();

    const dataSource = new DataSource({
      type: 'postgres',
      url: env.DATABASE_URL,
      entities: [driverTable, tokenTable, membershipTable],
      synchronize: false,
      extra: { max: 4 },
      poolErrorHandler: (error: unknown) =>
        logger.warn({ reason: String(error) }, 'idle connection lost'),
    });
    await dataSource.initialize();
    context.onShutdown(() => dataSource.destroy());

    const store = new AccessStore(dataSource);
    const tokens = new TokenIndex();
    const entitlements = new EntitlementCache();
    const fleets = new FleetIndex();
    const knowledge = new ChargingKnowledge(tokens, entitlements, new TariffCache(), fleets);
    const decisions = new DecisionLog(eventLog);
    const deferred = deferredDecisions(context, env.DEFERRED_DECISIONS_MAX);
    const registry = new TokenRegistry(eventLog, store, vault, tokens);
    const waitMs = env.ENTITLEMENT_WAIT_MS;
    const desk = new TokenDesk(registry, store, vault, entitlements, waitMs, pool);

    const fleetRegistry = new FleetRegistry(eventLog, pool, vault, fleets);

    // Our own rows first: what was committed shortly before a crash may not be in the log yet.
    await store.everyToken((token) => tokens.load(token));
    await fleetRegistry.loadIndex();
    knowledge.follow(eventLog, Date.now());
    context.readiness('knowledge', () =>
      knowledge.isWarm() ? true : 'tokens, entitlements and tariffs are still being read',
    );
    context.onShutdown(() => decisions.drain());
    context.onShutdown(() => deferred.end());
    context.every('knowledge-completeness', completenessIntervalMs, () =>
      knowledge.checkCompleteness(store, Date.now()),
    );
    context.every('membership-expiry', env.EXPIRY_INTERVAL_MS, () =>
      registry.expireMemberships(instantFromEpochMs(Date.now())),
    );

    const policy = {
      holdMajorUnits: env.HOLD_AMOUNT,
      allowWithoutPaymentMethod: env.ALLOW_WITHOUT_PAYMENT_METHOD,
    };
    return {
      module: AuthorizationModule,
      controllers: [
        AuthorizeController,
        AuthorizeBatchController,
        TokensController,
        DriversController,
        FleetsController,
      ],
      providers: [
        { provide: TokenDesk, useFactory: () => desk },
        { provide: FleetDesk, useFactory: () => new FleetDesk(fleetRegistry, vault, pool) },
        { provide: ChargingKnowledge, useFactory: () => knowledge },
        { provide: Vault, useFactory: () => vault },
        { provide: DecisionLog, useFactory: () => decisions },
        { provide: DeferredDecisions, useFactory: () => deferred },
        { provide: authorizationPolicy, useFactory: () => policy },
        { provide: decisionLogger, useFactory: () => logger },
        { provide: tokensRequest, useFactory: () => tokensRequestPipe(env.MEMBERSHIP_TIERS) },
      ],
    };
  }
}
