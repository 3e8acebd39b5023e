import { join } from 'node:path';
import type { ServiceDefinition } from '@tallywatt/service-kit';
import { environmentSchema } from './config';
import { SessionConsumer } from './inbound/session.consumer';
import { restoreOwnTables } from './outbound/own-tables';
import { PaymentCaptureModule } from './payment-capture.module';

/** What payment-capture is made of. */
export const paymentCapture: ServiceDefinition<typeof environmentSchema.shape> = {
  name: 'payment-capture',
  httpPort: 9314,
  migrations: join(__dirname, '..', 'migrations'),
  environment: environmentSchema,
  module: (context) => PaymentCaptureModule.create(context),
  restore: restoreOwnTables,
  start: async (context, app) => {
    const sessions = app.get(SessionConsumer);
    context.eventLog.consume({
      name: 'payment-capture',
      topics: ['charging.sessions.v1', 'pricing.cdrs.v1'],
      restMs: 20, // little beside the processor's answer, for half as many transactions
      handle: (events, tx) => sessions.handle(events, tx),
    });
  },
};
