// Preloaded: `node --require @tallywatt/service-kit/telemetry dist/main.js`. Instrumentation has to
// be in place before what it instruments is loaded, and nothing here may hear signals: a handler in
// a preload would take SIGTERM from the service. How it ends is the service's own shutdown.
import { createRequire } from 'node:module';
import type * as Sdk from './telemetry-sdk';
import { isTelemetryConfigured } from './telemetry-configuration';

if (isTelemetryConfigured(process.env)) {
  const load = createRequire(__filename);
  const { startTelemetry } = load('./telemetry-sdk') as typeof Sdk;
  startTelemetry(process.env, load);
}
