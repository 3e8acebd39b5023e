import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import type { LedgerEnvironment } from './config';
import { BalanceController, taxJurisdiction } from './inbound/balance.controller';
import { JournalController } from './inbound/journal.controller';
import { RootsController, rootSigner } from './inbound/roots.controller';
import { JournalReader } from './outbound/journal-reader';
import { createRootSigner } from './outbound/root-signer';
import { readSigningKey } from './outbound/signing-key';

const rootsIntervalMs = 60_000;

/** The composition root of the ledger. */
@Module({})
export class LedgerModule {
  static create(context: ServiceContext<LedgerEnvironment>): DynamicModule {
    const { env, eventLog, logger, pool } = context;
    const key = readSigningKey(env.LEDGER_SIGNING_KEY_FILE, env.LEDGER_SIGNING_KEY_ID);
    const signer = createRootSigner(eventLog, key, env.JOURNAL_ROOTS_FILE);
    logger.info({ keyId: key.keyId, publicKey: key.publicKeyPem }, 'journal roots are signed with');
    context.every('journal-roots', rootsIntervalMs, async () => {
      for (const { cpoId, day } of await signer.signRoots(new Date().toISOString())) {
        logger.info({ cpoId, day }, 'day of the journal sealed');
      }
    });
    return {
      module: LedgerModule,
      controllers: [JournalController, BalanceController, RootsController],
      providers: [
        { provide: JournalReader, useFactory: () => new JournalReader(pool) },
        { provide: rootSigner, useFactory: () => signer },
        { provide: taxJurisdiction, useFactory: () => env.TAX_JURISDICTION },
      ],
    };
  }
}
