import { endTelemetry, onTelemetryEnd } from './telemetry-end';

describe('the end of telemetry', () => {
  it('is nothing where nothing was begun', async () => {
    await expect(endTelemetry(60_000)).resolves.toBeUndefined();
  });

  it('sends what is left, once', async () => {
    let flushes = 0;
    onTelemetryEnd(async () => void (flushes += 1));
    await endTelemetry(60_000);
    await endTelemetry(60_000);
    expect(flushes).toBe(1);
  });

  it('does not wait for a collector that never answers', async () => {
    onTelemetryEnd(() => new Promise(() => undefined));
    await expect(endTelemetry(20)).resolves.toBeUndefined();
  });

  it('takes a collector that refuses for what it is', async () => {
    onTelemetryEnd(() => Promise.reject(new Error('refused')));
    await expect(endTelemetry(60_000)).resolves.toBeUndefined();
  });
});
