import { ownTopics, type EventLog, type Restore } from '@tallywatt/event-log';
import { whileStarting } from './starting-probes';

/**
 * Has a new database adopt what this service has said before. That needs Kafka and reads whole
 * topics; probes are answered meanwhile.
 */
export const adoptOwnStreams = async (parts: {
  name: string;
  restore: Restore | undefined;
  eventLog: Pick<EventLog, 'adoptOwnStreams'>;
  host: string;
  port: number;
}): Promise<void> => {
  const { name, restore, eventLog, host, port } = parts;
  const topics = ownTopics(name);
  if (topics.length === 0) return;
  await whileStarting(
    { host, port },
    { streams: 'a new database adopts its streams from the log' },
    eventLog.adoptOwnStreams(topics, restore),
  );
};
