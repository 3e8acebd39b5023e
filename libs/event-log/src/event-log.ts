import { adoptStreams } from './adoption';
import { streamGuard } from './stream-guard';
import { startConsumer } from './consumer';
import type {
  Consumer,
  ConsumerOptions,
  EventLog,
  EventLogOptions,
  Tail,
  Timing,
  View,
} from './event-log-api';
import { tracedHandle } from './event-tracing';
import { connectKafka } from './kafka-client';
import { connectionOf } from './kafka-connection';
import { appendEvents } from './outbox';
import { type RunningRelay, startRelay } from './outbox-relay';
import { listParked, replayParked } from './parked-replay';
import { runTransaction, type SqlClient } from './sql-client';
import { standardTiming } from './timing';
import { openTail } from './tail';
import { openView } from './view';
import { notifyRelays } from './wake-up';

const endProcess = (): never => process.exit(1);

/** The event log of one service process. */
export const createEventLog = (options: EventLogOptions): EventLog => {
  const { pool, logger, observe = {} } = options;
  const timing: Timing = { ...standardTiming, ...options.timing };
  const onFatal = options.onFatal ?? endProcess;
  const client = connectKafka({
    ...connectionOf(options),
    clientId: options.clientId ?? options.service,
    logger,
  });
  const consumers: { options: ConsumerOptions; running: Consumer }[] = [];
  const views: View[] = [];
  const tails: Tail[] = [];
  let relay: RunningRelay | undefined;
  let notifying = false;
  const ending = new AbortController();
  const adopting = new Set<Promise<unknown>>();
  const guard = streamGuard(options.service, options.streamsAreNew === true);

  // An idle connection that breaks is replaced by the pool; unheard it would end the process.
  const onIdleError = (error: Error): void =>
    logger.warn({ err: error }, 'database connection lost');
  pool.on('error', onIdleError);

  /** Rows were committed by this process: the relay is here, or it is told. */
  const rowsCommitted = (): void => {
    relay?.wake();
    if (relay?.leading() === true || notifying) return;
    notifying = true;
    void notifyRelays(pool)
      .catch(() => undefined) // it polls
      .finally(() => (notifying = false));
  };

  /** In transactions of which we see the commit; of any other the relay can only expect one. */
  const followed = new WeakSet<SqlClient>();
  const following = async <T>(tx: SqlClient, work: () => Promise<T>): Promise<T> => {
    followed.add(tx);
    try {
      return await work();
    } finally {
      followed.delete(tx); // the connection may be lent to somebody who commits by himself
    }
  };

  const { service } = options;
  const parts = {
    service,
    pool,
    client,
    logger,
    observe,
    timing,
    onFatal,
    onCommit: rowsCommitted,
  };

  const stop = async (): Promise<void> => {
    ending.abort();
    await Promise.allSettled(adopting);
    await Promise.all([
      ...consumers.map(({ running }) => running.stop()),
      ...views.map((view) => view.stop()),
      ...tails.map((tail) => tail.stop()),
    ]);
    await relay?.stop();
    await client.close();
    // The pool may outlive us, and then needs somebody who hears it.
    if (pool.listenerCount('error') > 1) pool.removeListener('error', onIdleError);
  };
  let stopped: Promise<void> | undefined;

  const appender = { source: options.service, checkTopics: guard };

  return {
    adoptOwnStreams: (topics, restore) => {
      const parts = { service, pool, client, logger, timing, ending: ending.signal };
      const adoption = adoptStreams(parts, topics, restore);
      adopting.add(adoption);
      const forget = () => void adopting.delete(adoption);
      adoption.then(forget, forget);
      return adoption;
    },
    append: async (tx, events, context) => {
      const appended = await appendEvents(tx, appender, events, context);
      if (!followed.has(tx) && appended.some((event) => event.appended)) relay?.expectRows();
      return appended;
    },
    transaction: async (work) => {
      const result = await runTransaction(pool, (tx) => following(tx, () => work(tx)));
      rowsCommitted();
      return result;
    },
    startRelay: () => (relay ??= startRelay(parts)),
    consume: (consumerOptions) => {
      if (consumers.some(({ running }) => running.name === consumerOptions.name)) {
        throw new Error(`consumer ${consumerOptions.name} runs already`);
      }
      const followedOptions: ConsumerOptions = {
        ...consumerOptions,
        handle: (events, tx) => following(tx, () => consumerOptions.handle(events, tx)),
      };
      const running = startConsumer(parts, followedOptions);
      consumers.push({ options: followedOptions, running });
      return running;
    },
    view: (viewOptions) => {
      const view = openView(parts, viewOptions);
      views.push(view);
      return view;
    },
    tail: (tailOptions) => {
      const tail = openTail(parts, tailOptions);
      tails.push(tail);
      return tail;
    },
    listParked: () => listParked(pool),
    replayParked: async (place) => {
      const found = consumers.find(({ running }) => running.name === place.consumer);
      if (found === undefined) throw new Error(`no consumer ${place.consumer} in this service`);
      const events = await replayParked(
        pool,
        tracedHandle(place.consumer, logger, found.options.handle),
        place,
      );
      rowsCommitted();
      found.options.afterCommit?.(events);
      return { replayed: events.length };
    },
    health: () => ({
      relay: relay?.state(),
      consumers: consumers.map(({ running }) => running.state()),
      views: views.map((view) => ({
        name: view.name,
        ready: view.isReady(),
        lag: view.lag(),
        refused: view.refused(),
      })),
    }),
    stop: () => (stopped ??= stop()),
  };
};
