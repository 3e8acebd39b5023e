export type { Adopted, Restore } from './adoption';
export type { OwnEvents } from './adoption-tables';
export {
  activeTraceparent,
  addToSpan,
  inSpan,
  inSpanOfMany,
  isTracing,
  noParent,
  recordSpan,
  type SpanFacts,
  traceIdOf,
  underCause,
} from './tracing';
export { sessionAttributes } from './event-tracing';
export { addLogFacts, currentLogFacts, type LogFacts, withLogFacts } from './log-facts';
export { crashPoint, crashPoints } from './crash-point';
export { createEventLog } from './event-log';
export type {
  Consumer,
  ConsumerOptions,
  ConsumerState,
  EventLog,
  EventLogHealth,
  EventLogOptions,
  ParkedRecord,
  Relay,
  RelayState,
  Timing,
  Tail,
  TailOptions,
  View,
  ViewOptions,
} from './event-log-api';
export type { KafkaConnection, KafkaSasl, KafkaTls } from './kafka-connection';
export { kafkaVariables, KafkaSettingsInvalid, readKafkaConnection } from './kafka-environment';
export { KafkaRefused, type RefusalKind } from './kafka-refusal';
export { isRetriable, NotYetKnown, RetriableError } from './failure';
export type { EventLogObserver, Logger } from './observer';
export type { AppendContext, AppendedEvent, OutgoingEvent } from './outbox';
export { eventLogMigrations } from './schema';
export { queryPrepared, type SqlClient } from './sql-client';
export { logEnds, scanLog, TopicsMissing, type LogEnds, type ScannedRecord } from './log-scan';
export type { PartitionEnds } from './log-port';
export { grantPermissions, type Permission } from './permissions';
export { replayTopics } from './replay';
export { inspectTopics, type TopicCondition } from './topic-inspection';
export { ownTopics } from './stream-guard';
export { ensureTopics, probeKafka } from './topic-setup';
