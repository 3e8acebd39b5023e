import { context, trace } from '@opentelemetry/api';
import { withLogFacts } from '@tallywatt/event-log';
import { core, NodeSDK } from '@opentelemetry/sdk-node';
import { createLogger } from './logger';

const lines: string[] = [];

const written = (): Record<string, unknown>[] =>
  lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>);

const logger = createLogger('ledger', 'info', { write: (line) => void lines.push(line) });

describe('a line of the log', () => {
  it('names the session it is written on behalf of, across awaits', async () => {
    await withLogFacts({ cpoId: 'default', sessionId: 's-1' }, async () => {
      await Promise.resolve();
      logger.info({ amountMinor: 12n }, 'booked');
    });
    logger.info({}, 'idle');
    const [booked, idle] = written();
    expect(booked).toMatchObject({
      service: 'ledger',
      level: 'info',
      cpoId: 'default',
      sessionId: 's-1',
      amountMinor: '12',
      msg: 'booked',
    });
    expect(idle).not.toHaveProperty('sessionId');
    expect(idle).not.toHaveProperty('trace_id');
  });

  it('says what it says itself of the session', () => {
    withLogFacts({ sessionId: 's-1' }, () => logger.info({ sessionId: 's-2' }, 'another'));
    expect(written()).toEqual([expect.objectContaining({ sessionId: 's-2' })]);
  });

  it('names the trace and the span', async () => {
    const sdk = new NodeSDK({
      autoDetectResources: false,
      metricReaders: [],
      logRecordProcessors: [],
      spanProcessors: [],
      textMapPropagator: new core.W3CTraceContextPropagator(),
    });
    sdk.start();
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    try {
      context.with(trace.setSpanContext(context.active(), spanContext), () =>
        logger.warn({}, 'odd'),
      );
      expect(written()).toEqual([
        expect.objectContaining({ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), msg: 'odd' }),
      ]);
    } finally {
      await sdk.shutdown();
      context.disable();
    }
  });
});
