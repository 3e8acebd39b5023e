import type { LoggerService } from '@nestjs/common';
import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { currentLogFacts } from '@tallywatt/event-log';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type { Logger } from 'pino';

/** Which trace and which session a line is about, where it is written on behalf of one. */
const whereabouts = (): object => {
  const span = trace.getSpanContext(context.active());
  const isTraced = span !== undefined && isSpanContextValid(span);
  return {
    ...currentLogFacts(),
    ...(isTraced ? { trace_id: span.traceId, span_id: span.spanId } : {}),
  };
};

/** Structured logs on standard output, one JSON object a line. Amounts are texts: bigint has no JSON. */
export const createLogger = (
  service: string,
  level: string,
  /** Somewhere else, for tests. */
  destination?: DestinationStream,
): Logger => {
  const options: LoggerOptions = {
    level,
    base: { service },
    mixin: whereabouts,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => withoutBigints(fields) as Record<string, unknown>,
    },
    serializers: { err: errorFacts },
    redact: ['password', 'idTag', 'uid', 'authorization', '*.password', '*.idTag', '*.uid'],
  };
  return destination === undefined ? pino(options) : pino(options, destination);
};

/** What helps of an error; drivers hang whole clients and sockets on theirs. */
const errorFacts = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(typeof detail === 'string' ? { detail } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: errorFacts(error.cause) }),
  };
};

const withoutBigints = (value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (
    value !== null &&
    typeof value === 'object' &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withoutBigints(item)]),
    );
  }
  return value;
};

/** Lets Nest log through ours; its start-up chatter is debug. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown, context?: unknown) => logger.debug({ context }, String(message)),
  warn: (message: unknown, context?: unknown) => logger.warn({ context }, String(message)),
  error: (message: unknown, ...rest: unknown[]) => logger.error({ detail: rest }, String(message)),
  debug: (message: unknown, context?: unknown) => logger.debug({ context }, String(message)),
  verbose: (message: unknown, context?: unknown) => logger.trace({ context }, String(message)),
});
