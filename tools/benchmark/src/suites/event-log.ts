import type { LocalRuntime } from '@tallywatt/local-runtime';
import { produceLines } from '../bare/kafka';
import type { Benchmark } from '../contest';
import { createTopics, recordsIn } from '../servers';
import { eventsPerSession, recordedSession } from '../workload/session-log';
import { consumerLoop } from './consumer-loop';
import { outbox } from './outbox';

const sessionsAtOnce = 200;

/** Events of many sessions as they come in: of so many at once, one after the other. */
export const interleavedSessions = (
  sessions: number,
): ReturnType<typeof recordedSession>[number][] => {
  const events: ReturnType<typeof recordedSession>[number][] = [];
  for (let first = 0; first < sessions; first += sessionsAtOnce) {
    const together = Array.from(
      { length: Math.min(sessionsAtOnce, sessions - first) },
      (_, index) => recordedSession(first + index),
    );
    for (let step = 0; step < eventsPerSession; step += 1) {
      for (const session of together) {
        const event = session[step];
        if (event !== undefined) events.push(event);
      }
    }
  }
  return events;
};

export const eventLogBenchmarks = async (
  runtime: LocalRuntime,
  quick: boolean,
): Promise<Benchmark[]> => {
  await createTopics(runtime);
  const events = interleavedSessions(quick ? 1_000 : 4_000);
  const lines = events.map(({ line }) => line);
  await produceLines(runtime.kafkaBrokers, lines, 1_000);
  const found = await recordsIn(runtime, 'charging.sessions.v1');
  if (found !== lines.length)
    throw new Error(`the topic holds ${found} of ${lines.length} records`);
  // In this order: the outbox adds to the topic that the loop has to find as it was filled.
  return [consumerLoop(runtime, lines), outbox(runtime, events)];
};
