import type { EventLog } from '@tallywatt/event-log';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { BaseEnvironment } from './environment';
import type { Logger } from './logger';

/** What a service is given when it starts. */
export type ServiceContext<Own = unknown> = Readonly<{
  name: string;
  env: BaseEnvironment & Own;
  pool: Pool;
  eventLog: EventLog;
  logger: Logger;
  /** The CPO of callers and chargers that do not say one. */
  cpoId: string;
  metrics: Registry;
  /** Runs at the very beginning of a shutdown, while all goes on but readiness, which is lost. */
  onDrain: (drain: () => Promise<void>) => void;
  /** Runs on shutdown, before the event log is drained; in reverse order of registration. */
  onShutdown: (stop: () => Promise<void> | void) => void;
  /**
   * Ready when every check says true; a text says what is missing. One that is `onlyTold` stands in the
   * answer and makes nobody send chargers or callers elsewhere.
   */
  readiness: (
    name: string,
    check: () => true | string,
    how?: Readonly<{ onlyTold?: true }>,
  ) => void;
  /** A job again and again, never twice at a time. */
  every: (name: string, intervalMs: number, job: () => Promise<void>) => void;
}>;
