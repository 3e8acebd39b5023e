import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { api, core, NodeSDK } from '@opentelemetry/sdk-node';
import { IncomingMessage } from 'node:http';
import { serviceNameOf } from './telemetry-configuration';
import { onTelemetryEnd } from './telemetry-end';

const complaintEveryMs = 600_000;

/** The SDK gives errors as JSON with their stacks. */
const wordsOf = (message: string): string => {
  try {
    const { message: words } = JSON.parse(message) as { message?: unknown };
    if (typeof words === 'string') return words.slice(0, 300);
  } catch {
    // Plain words.
  }
  return message.replaceAll('\n', ' ').slice(0, 300);
};

/** Says that traces do not arrive, and does not say it again for every batch that is lost. */
const complain = (service: string): ((message: string) => void) => {
  let lastMs = -Infinity;
  let unsaid = 0;
  return (message) => {
    if (performance.now() - lastMs < complaintEveryMs) {
      unsaid += 1;
      return;
    }
    lastMs = performance.now();
    const line = { level: 'warn', time: new Date().toISOString(), service, unsaid };
    const msg = `telemetry: ${wordsOf(message)}`;
    process.stdout.write(`${JSON.stringify({ ...line, msg })}\n`);
    unsaid = 0;
  };
};

const silent = (): undefined => undefined;

/** Probes and scrapes come every few seconds and say nothing about a session. */
const isOfOperations = (url: string | undefined): boolean =>
  url !== undefined && /^\/(?:health\/|metrics\b)/.test(url);

/**
 * What a caller asks for, without whom: the rest of a path, and a query, can name a driver. The
 * route, which names only its parameters, is told by Express.
 */
const withoutNames = (url: string): Readonly<Record<string, string>> => {
  const [path = '', query] = url.split('?', 2);
  const resource = path.split('/').slice(0, 3).join('/');
  return { 'url.path': resource, ...(query === undefined ? {} : { 'url.query': '' }) };
};

/**
 * Starts to trace. Only traces are sent: metrics are asked for at `/metrics`, logs go to standard
 * output. kafkajs is not instrumented: the event log carries each event's own context, and a
 * producer's span would overwrite it.
 */
export const startTelemetry = (
  variables: Readonly<Record<string, string | undefined>>,
  load: (name: string) => unknown,
): void => {
  const service = serviceNameOf(variables, process.argv[1]);
  const say = complain(service);
  const logger = { error: say, warn: say, info: silent, debug: silent, verbose: silent };
  api.diag.setLogger(logger, { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true });
  const sdk = new NodeSDK({
    serviceName: service,
    textMapPropagator: new core.W3CTraceContextPropagator(),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => isOfOperations(url),
        requireParentforOutgoingSpans: true,
        requestHook: (span, request) => {
          if (request instanceof IncomingMessage)
            span.setAttributes(withoutNames(request.url ?? ''));
        },
      }),
      new ExpressInstrumentation(),
      // Queries of timers and polls belong to no session.
      new PgInstrumentation({ requireParentSpan: true }),
    ],
  });
  sdk.start();
  // Nest is ESM, and imports of ESM pass the hook by: loaded once before, they are patched.
  for (const name of ['http', 'https', 'express', 'pg']) load(name);
  onTelemetryEnd(() => sdk.shutdown());
};
