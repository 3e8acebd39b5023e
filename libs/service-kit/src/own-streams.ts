import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { ownTopics, type EventLog, type Restore } from '@tallywatt/event-log';

/** A database that knows its streams answers well within this; only a new one can take longer. */
const silentForMs = 1_000;

const waiting = 'a new database adopts its streams from the log';

/**
 * Has a new database adopt what this service has said before. That needs Kafka and reads whole
 * topics: meanwhile probes hear that the service lives and is not ready, so that nobody restarts
 * it for being slow.
 */
export const adoptOwnStreams = async (parts: {
  name: string;
  restore: Restore | undefined;
  eventLog: Pick<EventLog, 'adoptOwnStreams'>;
  host: string;
  port: number;
}): Promise<void> => {
  const { name, restore, eventLog, host, port } = parts;
  const topics = ownTopics(name);
  if (topics.length === 0) return;
  const adopting = eventLog.adoptOwnStreams(topics, restore);
  adopting.catch(() => undefined); // heard below, unless the port is taken
  const isDone = await Promise.race([
    adopting.then(() => true),
    setTimeout(silentForMs, false, { ref: false }),
  ]);
  if (isDone) return;
  const probes = await answerProbes(host, port);
  try {
    await adopting;
  } finally {
    await probes.close();
  }
};

/** Answers like the service that will listen here, as long as it cannot do anything yet. */
const answerProbes = async (
  host: string,
  port: number,
): Promise<Readonly<{ close: () => Promise<void> }>> => {
  const server = createServer((request, response) => {
    const isLive = request.url === '/health/live';
    const answer = isLive
      ? { status: 'ok' }
      : { status: 'not ready', checks: { streams: waiting } };
    response
      .writeHead(isLive ? 200 : 503, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
