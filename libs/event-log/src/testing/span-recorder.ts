import { context, propagation, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';

export type RecordedSpan = Readonly<{
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  links: readonly string[];
  attributes: Readonly<Record<string, unknown>>;
}>;

/** A real SDK that keeps its spans instead of sending them. */
export const recordSpans = (): {
  spans: () => RecordedSpan[];
  named: (name: string) => RecordedSpan[];
  end: () => Promise<void>;
} => {
  const exporter = new tracing.InMemorySpanExporter();
  const sdk = new NodeSDK({
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [],
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  });
  sdk.start();
  const spans = (): RecordedSpan[] =>
    exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      links: span.links.map((link) => link.context.traceId),
      attributes: span.attributes,
    }));
  return {
    spans,
    named: (name) => spans().filter((span) => span.name === name),
    end: async () => {
      await sdk.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
};
