import { join } from 'node:path';
import type { ServiceDefinition } from '@tallywatt/service-kit';
import { compose, type Composition } from './composition';
import { environment } from './config';
import { composition, OcppGatewayModule } from './ocpp-gateway.module';
import { startGateway } from './start-gateway';

/** The service as the kit runs it. */
export const ocppGateway: ServiceDefinition<typeof environment.shape> = {
  name: 'ocpp-gateway',
  httpPort: 9311,
  migrations: join(__dirname, '..', 'migrations'),
  environment,
  isPipelined: true,
  servesWithoutDatabase: true,
  drainMs: (env) => (env.OCPP_DRAIN_WAIT_SECONDS + env.OCPP_DRAIN_SECONDS) * 1_000,
  module: async (context) => OcppGatewayModule.create(await compose(context)),
  start: async (context, app) => {
    await startGateway(context, app.get<Composition>(composition));
  },
};
