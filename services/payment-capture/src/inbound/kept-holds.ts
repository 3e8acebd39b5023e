import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { PaymentStore } from '../outbound/payment-store';

type Parts = Readonly<{
  pool: SqlClient;
  eventLog: Pick<EventLog, 'transaction'>;
  logger: Pick<Logger, 'error'>;
}>;

/**
 * Lets holds go that were kept for a stop which nobody has told. One that cannot be let go keeps no
 * other driver's money; it is tried again.
 */
export const releaseHoldsKept = async (
  { pool, eventLog, logger }: Parts,
  payments: Pick<PaymentStore, 'holdsKept' | 'keepHoldNoLonger'>,
): Promise<void> => {
  for (const kept of await payments.holdsKept(pool, 50)) {
    const now = new Date().toISOString();
    try {
      await eventLog.transaction((tx) => payments.keepHoldNoLonger(tx, kept, now));
    } catch (error) {
      logger.error({ ...kept, err: error }, 'a hold cannot be let go, and is tried again');
    }
  }
};
