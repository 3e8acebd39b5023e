import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { eventually } from '@tallywatt/testing';
import { at, GatewayStage, start, stop, values } from './testing/gateway-stage';

const exporter = new tracing.InMemorySpanExporter();
const sdk = new NodeSDK({
  autoDetectResources: false,
  metricReaders: [],
  logRecordProcessors: [],
  spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
});
let stage: GatewayStage;

beforeAll(async () => {
  sdk.start();
  stage = await GatewayStage.start();
});

afterEach(() => stage.hangUp());

afterAll(async () => {
  await stage?.stop();
  await sdk.shutdown();
});

type Traced = Readonly<{ type: string; traceId: string; spanId: string }>;

/** What was recorded of a session, with the span each event was recorded in. */
const recordedOf = async (sessionId: string | undefined): Promise<Traced[]> => {
  const { rows } = await stage.pool.query<{ type: string; traceparent: string }>(
    `SELECT headers->>'ce_type' AS type, headers->>'traceparent' AS traceparent
     FROM event_log.outbox WHERE topic = 'charging.sessions.v1' AND stream_key = $1
     ORDER BY sequence`,
    [`default/${sessionId}`],
  );
  return rows.map(({ type, traceparent }) => {
    const [, traceId = '', spanId = ''] = traceparent.split('-');
    return { type: type.split('.').at(-1) ?? '', traceId, spanId };
  });
};

const spanOf = ({ spanId }: Traced) => {
  const span = exporter.getFinishedSpans().find((one) => one.spanContext().spanId === spanId);
  if (span === undefined) throw new Error(`no span ${spanId}`);
  return span;
};

const status = (connectorStatus: string, minute: number) => ({
  connectorId: 1,
  status: connectorStatus,
  errorCode: 'NoError',
  timestamp: at(minute),
});

describe('the trace of a session', () => {
  it('is begun by its start and holds what names it, and what does not', async () => {
    const { call } = await stage.newCharger('CP-TRACED');
    const { transactionId } = await call('StartTransaction', start());
    await call('StatusNotification', status('Charging', 1));
    await call('MeterValues', values(transactionId, '2', 10));
    // Made before this connection: it waits, and is taken with the stop.
    await call('MeterValues', values(undefined, '3', 20));
    const [reading] = values(undefined, '4', 25).meterValue;
    const timestamp = new Date().toISOString();
    await call('MeterValues', { connectorId: 1, meterValue: [{ ...reading, timestamp }] });
    await call('StopTransaction', stop(transactionId));

    const [session] = await stage.sessionsOf('CP-TRACED');
    const recorded = await recordedOf(session?.id);
    // A frame's span may end after the charger has its answer.
    await eventually(() =>
      expect(recorded.map((event) => [event.type, spanOf(event).name])).toEqual([
        ['SessionStarted', 'OCPP StartTransaction'],
        // These frames name no session: they are traces of their own, and the session's goes on.
        ['ChargingStateChanged', 'session RecordConnectorStatus'],
        ['MeterValuesRecorded', 'OCPP MeterValues'],
        ['MeterValuesRecorded', 'session RecordReadings'],
        ['MeterValuesRecorded', 'OCPP StopTransaction'],
        ['SessionStopped', 'OCPP StopTransaction'],
        ['SessionClosed', 'OCPP StopTransaction'],
      ]),
    );
    expect(new Set(recorded.map(({ traceId }) => traceId)).size).toBe(1);
    const root = spanOf(recorded[0] as Traced);
    expect(root.parentSpanContext).toBeUndefined();
    for (const event of recorded.slice(1)) {
      expect(spanOf(event).parentSpanContext?.spanId).toBe(root.spanContext().spanId);
      expect(spanOf(event).attributes['tallywatt.session_id']).toBe(session?.id);
    }
    const [frame] = spanOf(recorded[1] as Traced).links;
    const frames = exporter
      .getFinishedSpans()
      .filter(({ name }) => name === 'OCPP StatusNotification');
    expect(frames.map((one) => one.spanContext().spanId)).toContain(frame?.context.spanId);
  });

  it('is its own beside that of a neighbour, though they are committed together', async () => {
    const ids = ['CP-SIDE-1', 'CP-SIDE-2', 'CP-SIDE-3'];
    const chargers = await Promise.all(ids.map((id) => stage.newCharger(id)));
    const started = await Promise.all(
      chargers.map(({ call }) => call('StartTransaction', start())),
    );
    await Promise.all(
      chargers.map(({ call }, n) => call('StopTransaction', stop(started[n]?.['transactionId']))),
    );
    const traces = await Promise.all(
      ids.map(async (id) => {
        const [session] = await stage.sessionsOf(id);
        return [...new Set((await recordedOf(session?.id)).map(({ traceId }) => traceId))];
      }),
    );
    expect(traces.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(new Set(traces.flat()).size).toBe(3);
  });

  it('goes on in the next process', async () => {
    const { call } = await stage.newCharger('CP-AGAIN');
    const { transactionId } = await call('StartTransaction', start());
    await stage.hangUp();
    await stage.stopGateway();
    await stage.startGateway();
    const again = await stage.dial('CP-AGAIN');
    await again.call('StopTransaction', stop(transactionId));
    const [session] = await stage.sessionsOf('CP-AGAIN');
    const recorded = await recordedOf(session?.id);
    expect(recorded.map(({ type }) => type)).toContain('SessionStopped');
    expect(new Set(recorded.map(({ traceId }) => traceId)).size).toBe(1);
  });
});
