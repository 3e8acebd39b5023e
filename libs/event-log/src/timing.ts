import type { Timing } from './event-log-api';

export const standardTiming: Timing = {
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 1_000,
  backOffMaxMs: 5_000,
  relayLeaseMs: 5_000,
  relayPollMs: 250,
  idleTransactionMs: 10_000,
  silenceMaxMs: 120_000,
  lagPollMs: 2_000,
};
