import { probeKafka } from '@tallywatt/event-log';
import { NotReachable, type Addresses } from './addresses';

/** The brokers of a cluster that answers. @throws NotReachable */
export const reachableBrokers = async (addresses: Addresses): Promise<readonly string[]> => {
  const brokers = addresses.brokers();
  const probe = await probeKafka(brokers);
  if (probe.reachable) return brokers;
  throw new NotReachable(`Kafka at ${brokers.join(', ')} does not answer: ${probe.reason}`);
};

/** A place in the log as people write it. */
export const placeText = (position: { topic: string; partition: number; offset: bigint }): string =>
  `${position.topic}/${position.partition}@${position.offset}`;
