import { type DynamicModule, Module } from '@nestjs/common';
import { apiParts } from './inbound/api-parts';
import { ChargePointsController } from './inbound/charge-points.controller';
import { CommandsController } from './inbound/commands.controller';
import { CertificatesController } from './inbound/certificates.controller';
import { FramesController } from './inbound/frames.controller';
import { OrphansController } from './inbound/orphans.controller';
import { SessionsController } from './inbound/sessions.controller';
import { SignedValuesController } from './inbound/signed-values.controller';
import { OutageExclusionsController } from './inbound/outage-exclusions.controller';
import { UptimeController } from './inbound/uptime.controller';
import { CredentialsController } from './inbound/credentials.controller';
import type { Composition } from './composition';

/** Token under which the composed gateway is found again when the service starts it. */
export const composition = Symbol('composition');

@Module({})
export class OcppGatewayModule {
  static create(parts: Composition): DynamicModule {
    return {
      module: OcppGatewayModule,
      controllers: [
        ChargePointsController,
        CommandsController,
        FramesController,
        CertificatesController,
        CredentialsController,
        SessionsController,
        SignedValuesController,
        OrphansController,
        UptimeController,
        OutageExclusionsController,
      ],
      providers: [
        { provide: composition, useFactory: () => parts },
        { provide: apiParts, useFactory: () => parts.api },
      ],
    };
  }
}
