import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import type { ReconciliationEnvironment } from './config';
import { daysController } from './inbound/days.controller';
import { subjectsController } from './inbound/subjects.controller';

/** Wires reconciliation: two controllers over one database. */
@Module({})
export class ReconciliationModule {
  static create(context: ServiceContext<ReconciliationEnvironment>): DynamicModule {
    return {
      module: ReconciliationModule,
      controllers: [
        subjectsController(context.pool),
        daysController(context.eventLog, context.pool),
      ],
    };
  }
}
