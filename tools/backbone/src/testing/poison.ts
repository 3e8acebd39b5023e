import { randomUUID } from 'node:crypto';
import type { TopicName } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import { until, type System } from '@tallywatt/demonstration';
import { Pool } from 'pg';

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

/** Publishes a record whose hash is not that of its value, past every service. */
export const publishPoison = async (
  system: System,
  topic: TopicName,
  key: string,
): Promise<void> => {
  const pool = new Pool({ connectionString: await system.runtime.createDatabase('poisoner') });
  const eventLog = createEventLog({
    service: 'poisoner',
    pool,
    brokers: [system.addresses.kafka],
    logger,
  });
  try {
    await pool.query(eventLogMigrations);
    const at = new Date().toISOString();
    const headers = {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_type: 'tallywatt.session.v1.SessionReleased',
      ce_source: 'poisoner',
      ce_subject: key,
      ce_time: at,
      ce_recordedtime: at,
      ce_correlationid: 'poison',
      ce_sequence: '1',
      ce_cpo: 'default',
      ce_contenthash: '0'.repeat(64),
      'content-type': 'application/json',
    };
    await pool.query(
      `INSERT INTO event_log.outbox (event_id, topic, stream_key, sequence, headers, value,
         recorded_at) VALUES ($1, $2, $3, 1, $4, '{}', now())`,
      [randomUUID(), topic, key, JSON.stringify(headers)],
    );
    eventLog.startRelay();
    await until(
      'the poison is published',
      async () => {
        const { rowCount } = await pool.query(
          'SELECT FROM event_log.outbox WHERE published_at IS NOT NULL',
        );
        return rowCount === 1 ? true : undefined;
      },
      120_000,
    );
  } finally {
    await eventLog.stop();
    await pool.end();
  }
};
