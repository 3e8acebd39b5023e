import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrived, with the service that sent it. */
export type CollectedSpan = Readonly<{
  service: string;
  scope: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  kind: number;
  attributes: Readonly<Record<string, string>>;
}>;

export type TraceCollector = Readonly<{
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_PROTOCOL=http/json. */
  url: string;
  spans: () => readonly CollectedSpan[];
  /** Everything that was sent, as it was sent. */
  text: () => string;
  close: () => Promise<void>;
}>;

type WireAttribute = Readonly<{
  key: string;
  value: Readonly<{ stringValue?: string; intValue?: number | string; boolValue?: boolean }>;
}>;
type WireSpan = Readonly<{
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  attributes?: readonly WireAttribute[];
}>;
type WireRequest = Readonly<{
  resourceSpans: readonly Readonly<{
    resource: Readonly<{ attributes: readonly WireAttribute[] }>;
    scopeSpans: readonly Readonly<{
      scope: Readonly<{ name: string }>;
      spans: readonly WireSpan[];
    }>[];
  }>[];
}>;

const attributesOf = (attributes: readonly WireAttribute[] = []): Record<string, string> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      String(value.stringValue ?? value.intValue ?? value.boolValue ?? ''),
    ]),
  );

const spansOf = ({ resourceSpans }: WireRequest): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = attributesOf(resource.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        service,
        scope: scope.name,
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId === '' ? undefined : span.parentSpanId,
        kind: span.kind,
        attributes: attributesOf(span.attributes),
      })),
    );
  });

/** Takes traces by OTLP over HTTP, in its JSON form, as a collector would. */
export const startTraceCollector = async (): Promise<TraceCollector> => {
  const collected: CollectedSpan[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const isTraces = request.method === 'POST' && request.url === '/v1/traces';
      if (isTraces) {
        texts.push(text);
        collected.push(...spansOf(JSON.parse(text) as WireRequest));
      }
      response.writeHead(isTraces ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => collected,
    text: () => texts.join('\n'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** From a span up to the root of its trace. @throws when a parent never arrived. */
export const wayUp = (
  trace: readonly CollectedSpan[],
  from: CollectedSpan,
): readonly CollectedSpan[] => {
  const way = [from];
  for (let span = from; span.parentSpanId !== undefined;) {
    const { parentSpanId } = span;
    const parent = trace.find(({ spanId }) => spanId === parentSpanId);
    if (parent === undefined) throw new Error(`no parent of ${span.service}: ${span.name}`);
    way.push(parent);
    span = parent;
  }
  return way;
};
