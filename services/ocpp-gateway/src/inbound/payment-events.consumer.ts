import type { RecordedEvent } from '@tallywatt/contracts';
import { NotYetKnown, type Consumer, type EventLog, type SqlClient } from '@tallywatt/event-log';
import type { RemoteStops } from '../outbound/remote-stops';

/** A declined card ends the session at the charger; the wish is recorded with the offset. */
export const stopDeclinedSessions =
  (remoteStops: RemoteStops) =>
  async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
    for (const { event, metadata } of events) {
      if (event.type !== 'PaymentPreauthorizationDeclined') continue;
      const { cpoId, chargePointId, sessionId, paymentId } = event;
      const wish = {
        cpoId,
        chargePointId,
        sessionId,
        reason: 'payment-declined',
        requestedBy: 'payment-capture',
        wishId: paymentId,
      } as const;
      const outcome = await remoteStops.request(tx, wish, metadata.recordedAt, metadata);
      // Sessions are the gateway's own: a payment for one it lacks means a database being restored.
      if (outcome === undefined) throw new NotYetKnown(`session ${sessionId}`);
    }
  };

export const consumePaymentEvents = (
  eventLog: Pick<EventLog, 'consume'>,
  remoteStops: RemoteStops,
): Consumer =>
  eventLog.consume({
    name: 'ocpp-gateway',
    topics: ['payments.payments.v1'],
    restMs: 50, // a declined card is rare among them, and chargers wait for the same process
    handle: stopDeclinedSessions(remoteStops),
  });
