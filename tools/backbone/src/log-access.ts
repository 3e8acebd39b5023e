import { type KafkaConnection, probeKafka } from '@tallywatt/event-log';
import { NotReachable, type Addresses } from './addresses';

/** The way to a cluster that answers. @throws NotReachable */
export const reachableKafka = async (addresses: Addresses): Promise<KafkaConnection> => {
  const kafka = addresses.kafka();
  const probe = await probeKafka(kafka);
  if (probe.reachable) return kafka;
  throw new NotReachable(`Kafka at ${kafka.brokers.join(', ')} does not answer: ${probe.reason}`);
};

/** A place in the log as people write it. */
export const placeText = (position: { topic: string; partition: number; offset: bigint }): string =>
  `${position.topic}/${position.partition}@${position.offset}`;
