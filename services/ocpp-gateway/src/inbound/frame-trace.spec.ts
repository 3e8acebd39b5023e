import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import type { Frame, Gateway } from './frame';
import { inFrameSpan } from './frame-trace';

const exporter = new tracing.InMemorySpanExporter();
const sdk = new NodeSDK({
  autoDetectResources: false,
  metricReaders: [],
  logRecordProcessors: [],
  spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
});
beforeAll(() => sdk.start());
afterAll(() => sdk.shutdown());

const frame = (messageId: string): Frame<unknown> => ({
  connection: { cpoId: 'default', chargePointId: 'CP-1', ocppVersion: '1.6' } as never,
  messageId,
  params: {},
  receivedAt: '2026-11-20T16:00:00.000Z',
});

it('keeps of a message id what an id can be: a charger can send a quarter of a megabyte', async () => {
  const ids = ['a1b2c3d4-1111-4222-8333-444455556666', 'x'.repeat(250_000)];
  for (const id of ids) {
    await inFrameSpan('BootNotification', frame(id), {} as Gateway, async () => undefined);
  }
  const kept = exporter.getFinishedSpans().map((span) => span.attributes['ocpp.message_id']);
  expect(kept).toEqual([ids[0], 'x'.repeat(36)]);
});
