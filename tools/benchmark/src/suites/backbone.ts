import type { LocalRuntime } from '@tallywatt/local-runtime';
import { produceLines } from '../bare/kafka';
import type { Benchmark } from '../contest';
import { createTopics, recordsIn } from '../servers';
import {
  cdrOf,
  entryOf,
  recorded,
  recordedSession,
  tariffPublished,
  type LogLine,
} from '../workload/session-log';
import { rebuildInMemory } from './rebuild-in-memory';
import { rebuildLedger, rebuildWithLedger } from './rebuild-with-ledger';

/** A log of billed sessions, and a ledger database that was made from it. */
export const backboneBenchmarks = async (
  runtime: LocalRuntime,
  quick: boolean,
): Promise<Benchmark[]> => {
  await createTopics(runtime);
  const sessions = Array.from({ length: quick ? 1_000 : 6_000 }, (_, number) =>
    recordedSession(number),
  );
  const events = sessions.flat();
  const cdrs = sessions.map(cdrOf);
  const entries = cdrs.map(entryOf);
  const lines: LogLine[] = [
    recorded(tariffPublished, 1, 'pricing-engine'),
    ...events,
    ...cdrs,
    ...entries,
  ].map(({ line }) => line);
  await produceLines(runtime.kafkaBrokers, lines, 500);
  const found = await recordsIn(runtime, 'charging.sessions.v1');
  if (found !== events.length) throw new Error(`${found} of ${events.length} session events`);
  const liveUrl = await runtime.createDatabase('live_ledger');
  const booked = await rebuildLedger(runtime, liveUrl);
  if (booked !== entries.length) throw new Error(`${booked} of ${entries.length} entries`);
  return [rebuildInMemory(runtime, events), rebuildWithLedger(runtime, liveUrl, sessions.length)];
};
