import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { toError } from './failure';

// Only the API is used here. Without an SDK behind it nothing is traced, and every function of this
// file ends at its first line.

const scope = 'tallywatt';

/** The tracer, if somebody listens. */
export const tracerInUse = (): Tracer | undefined => {
  const provider = trace.getTracerProvider() as Readonly<{
    getDelegateTracer?: (name: string) => Tracer | undefined;
  }>;
  return provider.getDelegateTracer?.(scope);
};

/** Whether spans are recorded by anybody. */
export const isTracing = (): boolean => tracerInUse() !== undefined;

const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Reads a W3C traceparent; undefined when it is none. */
export const readTraceparent = (text: string | undefined): SpanContext | undefined => {
  const [, version, traceId, spanId, flags] = (text && format.exec(text)) || [];
  if (version === undefined || version === 'ff' || !traceId || !spanId || !flags) return undefined;
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
};

/** A span's context as W3C writes it. */
export const writeTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

/** The trace context of what is being done now; undefined when it belongs to no trace. */
export const activeTraceparent = (): string | undefined => {
  const active = trace.getSpanContext(context.active());
  return active === undefined || !isSpanContextValid(active) ? undefined : writeTraceparent(active);
};

/** The trace of a traceparent: what a log line names. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  readTraceparent(traceparent)?.traceId;

const contextOf = (traceparent: string | undefined): Context => {
  const found = readTraceparent(traceparent);
  return found === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, found);
};

const linksOf = (traceparents: readonly (string | undefined)[]): Link[] =>
  traceparents.flatMap((traceparent) => {
    const found = readTraceparent(traceparent);
    return found === undefined ? [] : [{ context: found }];
  });

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** What a span says about itself. Never card data, tags in clear or passwords. */
export type SpanFacts = Readonly<{
  kind?: keyof typeof kinds;
  /** A traceparent to go on from; `none` begins a trace. What is active if not given. */
  parent?: string;
  links?: readonly (string | undefined)[];
  attributes?: Attributes;
  /** When it began, if that was before now. */
  startedAtMs?: number;
}>;

/** Parent of a span that begins a trace. */
export const noParent = 'none';

const parentContext = (parent: string | undefined): Context =>
  parent === undefined ? context.active() : contextOf(parent === noParent ? undefined : parent);

const open = (tracer: Tracer, name: string, facts: SpanFacts, parent: Context): Span =>
  tracer.startSpan(
    name,
    {
      kind: kinds[facts.kind ?? 'internal'],
      links: linksOf(facts.links ?? []),
      ...(facts.attributes === undefined ? {} : { attributes: facts.attributes }),
      ...(facts.startedAtMs === undefined ? {} : { startTime: facts.startedAtMs }),
    },
    parent,
  );

const fail = (span: Span, thrown: unknown): void => {
  // The words of an error can quote what a person or a charger said: only its name is told.
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', toError(thrown).name);
};

const runWithin = async <T>(
  spans: readonly Span[],
  active: Context,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await context.with(active, work);
  } catch (thrown) {
    for (const span of spans) fail(span, thrown);
    throw thrown;
  } finally {
    for (const span of spans) span.end();
  }
};

/** Does the work in a span of its own. Without an SDK it does the work and nothing else. */
export const inSpan = <T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T> => {
  const tracer = tracerInUse();
  if (tracer === undefined) return work();
  const parent = parentContext(facts.parent);
  const span = open(tracer, name, facts, parent);
  return runWithin([span], trace.setSpan(parent, span), work);
};

/** Says more about the span that is active. */
export const addToSpan = (attributes: Attributes): void => {
  trace.getActiveSpan()?.setAttributes(attributes);
};

/** A span of something that is over already; gives its context, to go on from there. */
export const recordSpan = (name: string, facts: SpanFacts): string | undefined => {
  const tracer = tracerInUse();
  if (tracer === undefined) return undefined;
  const span = open(tracer, name, facts, parentContext(facts.parent));
  span.end();
  return writeTraceparent(span.spanContext());
};

/** Whether all of them are of one trace; what is of none is a trace of its own. */
const areOfOneTrace = (origins: readonly (SpanContext | undefined)[]): boolean =>
  new Set(origins.map((origin) => origin?.traceId)).size === 1;

/**
 * Does work for several at once. Where all come from one trace it is part of that; else it has a
 * trace of its own, linked to theirs, because no one of them is its parent.
 */
export const inSpanOfMany = <T>(
  name: string,
  origins: readonly (string | undefined)[],
  work: () => Promise<T>,
): Promise<T> => {
  const found = origins.map(readTraceparent);
  // Timers and polls submit work that is of no trace: it begins none.
  if (tracerInUse() === undefined || found.every((origin) => origin === undefined)) return work();
  if (areOfOneTrace(found)) return context.with(contextOf(origins.at(-1)), work);
  const attributes = { 'tallywatt.batch_size': origins.length };
  return inSpan(name, { parent: noParent, links: origins, attributes }, work);
};

/** What is to be done about one event, for its span. */
export type EventSpan = Readonly<{ id: string; name: string; facts: SpanFacts }>;

const causesKey = createContextKey('tallywatt causes');

/**
 * Does work about several events, each in the trace it came in: every event gets its span, and
 * what is appended because of it goes on from there. What the work does for all of them together
 * belongs to the last event's span if they are of one trace, else to a trace of its own.
 */
export const inSpansOfEvents = <T>(
  name: string,
  events: readonly EventSpan[],
  work: () => Promise<T>,
): Promise<T> => {
  const tracer = tracerInUse();
  if (tracer === undefined || events.length === 0) return work();
  const parents = events.map(({ facts }) => readTraceparent(facts.parent));
  const together = areOfOneTrace(parents) && (parents[0] !== undefined || events.length === 1);
  const batch = together
    ? undefined
    : open(
        tracer,
        name,
        {
          kind: 'consumer',
          links: events.map(({ facts }) => facts.parent),
          attributes: { 'messaging.batch.message_count': events.length },
        },
        ROOT_CONTEXT,
      );
  const link = batch === undefined ? [] : [writeTraceparent(batch.spanContext())];
  const causes = new Map<string, Context>();
  const spans = events.map(({ id, name: spanName, facts }) => {
    const parent = parentContext(facts.parent ?? noParent);
    const span = open(tracer, spanName, { ...facts, links: link }, parent);
    causes.set(id, trace.setSpan(parent, span));
    return span;
  });
  const own = batch ?? spans.at(-1);
  const place = own === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, own);
  const active = place.setValue(causesKey, causes);
  return runWithin(batch === undefined ? spans : [...spans, batch], active, work);
};

const causeContext = (eventId: string | undefined): Context | undefined => {
  if (eventId === undefined) return undefined;
  const causes = context.active().getValue(causesKey) as ReadonlyMap<string, Context> | undefined;
  return causes?.get(eventId);
};

/** The trace context of an event that is being worked on, by its id. */
export const traceparentOfCause = (eventId: string | undefined): string | undefined => {
  const found = causeContext(eventId);
  const span = found && trace.getSpanContext(found);
  return span === undefined ? undefined : writeTraceparent(span);
};

/** Does the part of a batch's work that is about one of its events in that event's trace. */
export const underCause = <T>(eventId: string, work: () => T): T => {
  const found = causeContext(eventId);
  if (found === undefined) return work();
  const causes = context.active().getValue(causesKey);
  return context.with(found.setValue(causesKey, causes), work);
};
