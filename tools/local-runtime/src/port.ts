import { createServer } from 'node:net';

// Below the range from which systems take outgoing ports: a client that retries a port of that range
// while its server is down can connect to itself, and the server then cannot come back.
const firstPort = 20_000;
const lastPort = 32_000;
// Nothing reserves a port between its choice and its use. So that processes that look for ports at the
// same time do not find the same one, each looks in a part of its own first.
const portsPerProcess = 50;
const parts = (lastPort - firstPort) / portsPerProcess;
const ownPart = firstPort + (process.pid % parts) * portsPerProcess;
/** What this process was given already: it may not listen there yet. */
const given = new Set<number>();

/** True if a server could listen on 127.0.0.1:port now. */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });

/**
 * A port of 127.0.0.1 that nobody listens on now and that this process was not given before. Nothing
 * reserves it until it is used.
 */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const isOwn = attempt < 2 * portsPerProcess;
    const port = isOwn
      ? ownPart + Math.floor(Math.random() * portsPerProcess)
      : firstPort + Math.floor(Math.random() * (lastPort - firstPort));
    if (given.has(port) || !(await isPortFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`Found no free port between ${firstPort} and ${lastPort} on 127.0.0.1.`);
};

/** The port to use: the wanted one if it is free, any free one for 0, else a plain refusal. */
export const claimPort = async (
  wanted: number,
  server: string,
  variable: string,
): Promise<number> => {
  if (wanted === 0) return freePort();
  if (await isPortFree(wanted)) return wanted;
  throw new Error(
    `${server} cannot start: port ${wanted} on 127.0.0.1 is taken. ` +
      `Stop what uses it, or set ${variable} to another port.`,
  );
};

/** The port an environment variable names, or undefined if it is not set. */
export const portFromEnvironment = (variable: string): number | undefined => {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`${variable} must be a port number between 0 and 65535, but is '${text}'.`);
  }
  return port;
};
