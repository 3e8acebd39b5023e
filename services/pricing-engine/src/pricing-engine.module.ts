import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import { CdrsController } from './inbound/cdrs.controller';
import { database } from './inbound/database';
import { QuoteDesk } from './inbound/quote-desk';
import { QuotesController } from './inbound/quotes.controller';
import { TariffDesk } from './inbound/tariff-desk';
import { TariffsController } from './inbound/tariffs.controller';

/** The composition root of the HTTP side. */
@Module({})
export class PricingEngineModule {
  static create({ eventLog, pool }: ServiceContext): DynamicModule {
    return {
      module: PricingEngineModule,
      controllers: [TariffsController, CdrsController, QuotesController],
      providers: [
        { provide: QuoteDesk, useFactory: () => new QuoteDesk() },
        { provide: TariffDesk, useFactory: () => new TariffDesk(eventLog) },
        { provide: database, useFactory: () => pool },
      ],
    };
  }
}
