import type { EventLogObserver } from '@tallywatt/event-log';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Connects what the event log counts to a service's metrics. */
export const eventLogMetrics = (registry: Registry): EventLogObserver => {
  const registers = [registry];
  const labelNames = ['consumer', 'topic'] as const;
  const published = new Counter({
    name: 'tallywatt_events_published_total',
    help: 'Records acknowledged by every replica of Kafka',
    registers,
  });
  const relayLag = new Gauge({
    name: 'tallywatt_relay_lag_seconds',
    help: 'Age of the oldest outbox row that waits for publication',
    registers,
  });
  const relayFailures = new Counter({
    name: 'tallywatt_relay_failures_total',
    help: 'Attempts to publish a batch that failed; the batch is sent again',
    registers,
  });
  const consumed = new Counter({
    name: 'tallywatt_events_consumed_total',
    help: 'Events whose effects were committed',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'tallywatt_consume_transaction_seconds',
    help: 'Time of one consumer transaction',
    labelNames,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  const duplicates = new Counter({
    name: 'tallywatt_events_duplicate_total',
    help: 'Records passed over because their stream sequence had been seen',
    labelNames,
    registers,
  });
  const parked = new Counter({
    name: 'tallywatt_events_parked_total',
    help: 'Records set aside for an operator',
    labelNames,
    registers,
  });
  const waiting = new Counter({
    name: 'tallywatt_consumer_waits_total',
    help: 'Times a partition backed off because something was down or not there yet',
    labelNames,
    registers,
  });
  const lag = new Gauge({
    name: 'tallywatt_consumer_lag_records',
    help: 'Records of its topics that a consumer has not taken',
    labelNames: ['consumer'],
    registers,
  });
  const delay = new Histogram({
    name: 'tallywatt_event_delay_seconds',
    help: 'From the recording of an event to the commit of its effects',
    labelNames,
    buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 1, 3, 10, 60, 600],
    registers,
  });
  const parkedKeys = new Gauge({
    name: 'tallywatt_parked_keys',
    help: 'Keys of which records wait for an operator',
    labelNames: ['consumer'],
    registers,
  });
  // Looked up once: this one is counted for every single event.
  const delays = new Map<string, Histogram.Internal<'consumer' | 'topic'>>();
  const delayOf = (consumer: string, topic: string): Histogram.Internal<'consumer' | 'topic'> => {
    const key = `${consumer}\n${topic}`;
    const known = delays.get(key) ?? delay.labels(consumer, topic);
    delays.set(key, known);
    return known;
  };
  return {
    published: (count) => published.inc(count),
    relayLagSeconds: (seconds) => relayLag.set(seconds),
    relayFailed: () => relayFailures.inc(),
    consumed: (consumer, topic, count, seconds) => {
      consumed.inc({ consumer, topic }, count);
      duration.observe({ consumer, topic }, seconds);
    },
    duplicates: (consumer, topic, count) => duplicates.inc({ consumer, topic }, count),
    parked: (consumer, topic, count) => parked.inc({ consumer, topic }, count),
    waiting: (consumer, topic) => waiting.inc({ consumer, topic }),
    delay: (consumer, topic, seconds) => delayOf(consumer, topic).observe(seconds),
    parkedKeys: (consumer, keys) => parkedKeys.set({ consumer }, keys),
    lag: (consumer, records) => lag.set({ consumer }, records),
  };
};
