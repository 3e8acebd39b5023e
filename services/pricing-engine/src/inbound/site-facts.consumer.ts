import type { RegistryEvent, SessionEvent } from '@tallywatt/contracts';
import type { ConsumerOptions } from '@tallywatt/event-log';
import { keepChargePoints, takeSiteSessions } from '../outbound/site-tables';

/**
 * What sites are observed by. A consumer of its own: it has all sessions from the first on, and
 * does not stand still where the other waits for a tariff.
 */
export const siteConsumer: ConsumerOptions = {
  name: 'pricing-engine-sites',
  topics: ['charging.sessions.v1', 'charging.registry.v1'],
  // A batch is of one topic.
  handle: (records, tx) =>
    records[0]?.position.topic === 'charging.registry.v1'
      ? keepChargePoints(
          tx,
          records.map(({ event }) => event as RegistryEvent),
        )
      : takeSiteSessions(
          tx,
          records.map(({ event }) => event as SessionEvent),
        ),
  restMs: 500,
};
