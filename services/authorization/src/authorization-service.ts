import { join } from 'node:path';
import { Transport } from '@nestjs/microservices';
import { AuthorizationModule } from './authorization.module';
import { environmentSchema } from './config';
import { sessionsConsumer } from './inbound/session-events.consumer';
import { restoreAllowances } from './outbound/allowance-tables';
import type { ServiceDefinition } from '@tallywatt/service-kit';

const protoOfWorkspace = join(__dirname, '..', '..', '..', 'proto');

/** Authorization as service-kit starts it. */
export const authorizationService: ServiceDefinition<typeof environmentSchema.shape> = {
  name: 'authorization',
  httpPort: 9312,
  migrations: join(__dirname, '..', 'migrations'),
  environment: environmentSchema,
  module: (context) => AuthorizationModule.create(context),
  restore: restoreAllowances,
  // Swipes are answered from memory; starts wait for it (ADR 34).
  servesWithoutDatabase: true,
  start: async ({ eventLog }) => {
    eventLog.consume(sessionsConsumer(eventLog));
  },
  microservice: ({ env }) => {
    const protoDirectory = env.PROTO_DIRECTORY ?? protoOfWorkspace;
    return {
      transport: Transport.GRPC,
      options: {
        package: 'tallywatt.access.v1',
        protoPath: join(protoDirectory, 'tallywatt/access/v1/authorization_service.proto'),
        url: `${env.HTTP_HOST}:${env.AUTHORIZATION_GRPC_PORT}`,
        // Zeros stay left out and int64 stays text: what a field says is checked by its reader.
        loader: { includeDirs: [protoDirectory], longs: String },
      },
    };
  },
};
