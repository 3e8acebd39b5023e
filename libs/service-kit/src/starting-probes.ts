import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** What usually is done within this needs no probes; only what waits for the outside takes longer. */
const silentForMs = 1_000;

export type ProbePlace = Readonly<{ host: string; port: number }>;

/**
 * Answers probes like the service that will listen here, as long as it cannot do anything yet: that
 * it lives and is not ready, so that nobody restarts it for being slow.
 */
export const whileStarting = async <T>(
  { host, port }: ProbePlace,
  /** What readiness says meanwhile, by the name of the check. */
  checks: Readonly<Record<string, string>>,
  work: Promise<T>,
): Promise<T> => {
  work.catch(() => undefined); // heard below, unless the port is taken
  const isDone = await Promise.race([
    work.then(() => true),
    setTimeout(silentForMs, false, { ref: false }),
  ]);
  if (isDone) return work;
  const probes = await answerProbes(host, port, checks);
  try {
    return await work;
  } finally {
    await probes.close();
  }
};

const answerProbes = async (
  host: string,
  port: number,
  checks: Readonly<Record<string, string>>,
): Promise<Readonly<{ close: () => Promise<void> }>> => {
  const server = createServer((request, response) => {
    const isLive = request.url === '/health/live';
    const answer = isLive ? { status: 'ok' } : { status: 'not ready', checks };
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
