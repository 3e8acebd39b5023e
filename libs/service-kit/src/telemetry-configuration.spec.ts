import { isTelemetryConfigured, serviceNameOf } from './telemetry-configuration';

const endpoint = 'http://collector:4318';

describe('traces', () => {
  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'false' }],
  ])('are sent when somebody says where: %j', (variables) =>
    expect(isTelemetryConfigured(variables)).toBe(true),
  );

  it.each([
    [{}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    [{ OTEL_SERVICE_NAME: 'ledger', OTEL_TRACES_SAMPLER: 'always_on' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'none' }],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint }],
  ])('are not: %j', (variables) => expect(isTelemetryConfigured(variables)).toBe(false));
});

describe('the name of a service', () => {
  it('is the one it is told', () =>
    expect(serviceNameOf({ OTEL_SERVICE_NAME: 'books' }, 'ledger/dist/main.js')).toBe('books'));

  it('is that of its folder', () => {
    expect(serviceNameOf({}, '/app/services/ledger/dist/main.js')).toBe('ledger');
    expect(serviceNameOf({ OTEL_SERVICE_NAME: '' }, undefined)).toBe('tallywatt');
  });
});
