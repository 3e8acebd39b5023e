import type { AccountEvent, RecordedEvent } from '@tallywatt/contracts';
import type { ConsumerOptions } from '@tallywatt/event-log';
import { keepFleetWords } from '../outbound/fleet-fee-table';

/** Which fleets there are, and on which plans. A consumer of its own: fees wait for no session. */
export const fleetConsumer: ConsumerOptions = {
  name: 'pricing-engine-fleets',
  topics: ['access.accounts.v1'],
  handle: (records, tx) => keepFleetWords(tx, records as readonly RecordedEvent<AccountEvent>[]),
  restMs: 500,
};
