import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import { AssignmentDesk } from './inbound/assignment-desk';
import { AssignmentsController } from './inbound/assignments.controller';
import { CdrsController } from './inbound/cdrs.controller';
import { database } from './inbound/database';
import { EstimateDesk } from './inbound/estimate-desk';
import { EstimatesController } from './inbound/estimates.controller';
import { FleetFeesController } from './inbound/fleet-fees.controller';
import { PricingRulesController } from './inbound/pricing-rules.controller';
import { QuoteDesk } from './inbound/quote-desk';
import { QuotesController } from './inbound/quotes.controller';
import { RuleDesk } from './inbound/rule-desk';
import { TariffDesk } from './inbound/tariff-desk';
import { TariffsController } from './inbound/tariffs.controller';

/** The composition root of the HTTP side. */
@Module({})
export class PricingEngineModule {
  static create({ eventLog, pool }: ServiceContext): DynamicModule {
    return {
      module: PricingEngineModule,
      controllers: [
        TariffsController,
        AssignmentsController,
        PricingRulesController,
        CdrsController,
        QuotesController,
        EstimatesController,
        FleetFeesController,
      ],
      providers: [
        { provide: EstimateDesk, useFactory: () => new EstimateDesk(pool) },
        { provide: QuoteDesk, useFactory: () => new QuoteDesk() },
        { provide: TariffDesk, useFactory: () => new TariffDesk(eventLog) },
        { provide: AssignmentDesk, useFactory: () => new AssignmentDesk(eventLog) },
        {
          provide: RuleDesk,
          useFactory: (tariffs: TariffDesk) => new RuleDesk(eventLog, tariffs),
          inject: [TariffDesk],
        },
        { provide: database, useFactory: () => pool },
      ],
    };
  }
}
