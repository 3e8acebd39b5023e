import type { RecordedEvent } from '@tallywatt/contracts';
import type { Handle } from './chunk-transaction';
import { withLogFacts } from './log-facts';
import type { Logger } from './observer';
import {
  type EventSpan,
  inSpansOfEvents,
  isTracing,
  recordSpan,
  tracerInUse,
  underCause,
} from './tracing';

type About = Readonly<{ cpoId: string; sessionId?: string; chargePointId?: string }>;

/** Names in logs and attributes of spans; ids only. */
const aboutOf = ({ event }: RecordedEvent): About => {
  const { cpoId, sessionId, chargePointId } = event as About;
  return {
    cpoId,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(chargePointId === undefined ? {} : { chargePointId }),
  };
};

/** What a span says of the session it is about. */
export const sessionAttributes = ({ cpoId, sessionId, chargePointId }: Partial<About>) => ({
  ...(cpoId === undefined ? {} : { 'tallywatt.cpo_id': cpoId }),
  ...(sessionId === undefined ? {} : { 'tallywatt.session_id': sessionId }),
  ...(chargePointId === undefined ? {} : { 'tallywatt.charge_point_id': chargePointId }),
});

const spanOf = (consumer: string, recorded: RecordedEvent): EventSpan => {
  const { event, metadata, position } = recorded;
  return {
    id: metadata.id,
    name: `${consumer} ${event.type}`,
    facts: {
      kind: 'consumer',
      ...(metadata.traceparent === undefined ? {} : { parent: metadata.traceparent }),
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': consumer,
        'messaging.destination.name': position.topic,
        'messaging.destination.partition.id': String(position.partition),
        'messaging.kafka.offset': Number(position.offset),
        'messaging.message.id': metadata.id,
        'tallywatt.event_type': event.type,
        'tallywatt.sequence': Number(metadata.sequence),
        ...sessionAttributes(aboutOf(recorded)),
      },
    },
  };
};

/** The session all of these events are about, if they are about one. */
const onlyOne = (events: readonly RecordedEvent[]): About | undefined => {
  const [first] = events;
  if (first === undefined) return undefined;
  const about = aboutOf(first);
  if (about.sessionId === undefined) return events.length === 1 ? about : undefined;
  const isSame = (other: RecordedEvent): boolean =>
    (other.event as Partial<About>).sessionId === about.sessionId;
  return events.every(isSame) ? about : undefined;
};

const tellEach = (consumer: string, logger: Logger, events: readonly RecordedEvent[]): void => {
  if (logger.isLevelEnabled?.('debug') !== true) return;
  for (const recorded of events) {
    const { event, metadata, position } = recorded;
    underCause(metadata.id, () => {
      const place = { topic: position.topic, offset: position.offset.toString() };
      const facts = { consumer, type: event.type, eventId: metadata.id, ...place };
      logger.debug({ ...facts, ...aboutOf(recorded) }, 'consumer: takes an event');
    });
  }
};

/**
 * A consumer's handler, with each event in the trace it came in and its session in the log lines.
 * Without an SDK only the latter.
 */
export const tracedHandle =
  (consumer: string, logger: Logger, handle: Handle): Handle =>
  (events, tx) => {
    const work = (): Promise<void> => {
      tellEach(consumer, logger, events);
      const about = onlyOne(events);
      return about === undefined
        ? handle(events, tx)
        : withLogFacts({ ...about }, () => handle(events, tx));
    };
    if (!isTracing()) return work();
    const spans = events.map((recorded) => spanOf(consumer, recorded));
    return inSpansOfEvents(`${consumer} batch`, spans, work);
  };

/** Shows in each event's trace when and where it reached the log. */
export const tracePublished = (
  rows: readonly Readonly<{ topic: string; traceparent: string | undefined }>[],
  places: readonly Readonly<{ partition: number; offset: bigint }>[],
  startedAtMs: number,
): void => {
  if (tracerInUse() === undefined) return;
  rows.forEach(({ topic, traceparent }, index) => {
    const place = places[index];
    if (traceparent === undefined || place === undefined) return;
    recordSpan(`publish ${topic}`, {
      kind: 'producer',
      parent: traceparent,
      startedAtMs,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(place.partition),
        'messaging.kafka.offset': Number(place.offset),
      },
    });
  });
};
