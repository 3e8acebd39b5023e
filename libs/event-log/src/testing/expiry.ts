import { eventually } from '@tallywatt/testing';
import { Kafka, logLevel } from 'kafkajs';

/** Deletes what lies in the partitions of a topic now, as Kafka does when it has expired. */
export const expireRecords = async (brokers: string, topic: string): Promise<void> => {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // A partition that was just created has no leader yet.
    await eventually(async () => {
      const offsets = await admin.fetchTopicOffsets(topic);
      const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic, partitions });
    });
  } finally {
    await admin.disconnect();
  }
};
