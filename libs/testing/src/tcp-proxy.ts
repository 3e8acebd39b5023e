import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { kafkaFrames } from './kafka-frames';

/** Kafka's number of a Produce request, for `cutResponses`. */
export const kafkaProduceApiKey = 0;

export type TcpProxyOptions = Readonly<{
  /** host:port of the real server. */
  target: string;
  /** The port to listen on; any free one if not named. */
  port?: number;
}>;

/** Stands between a client and a server and does to them what networks do. */
export type TcpProxy = Readonly<{
  port: number;
  /** host:port to give to the client. */
  address: string;
  /** Connections open now. */
  readonly openConnections: number;
  /** Answers swallowed by `cutResponses` so far. */
  readonly cutCount: number;
  /** Destroys every connection; new ones are let through. */
  cut(): void;
  /**
   * For the next `count` answers to Kafka requests of this kind (each from the moment of the call on):
   * the server gets the request and answers, the client gets a broken connection instead.
   */
  cutResponses(count: number, kafkaApiKey?: number): void;
  /** Connections stay open and new ones are accepted, but no byte passes in either direction. */
  pause(): void;
  resume(): void;
  /** Refuses new connections and cuts the old ones, until `allow`. */
  refuse(): void;
  allow(): void;
  stop(): Promise<void>;
}>;

type Link = Readonly<{ client: Socket; server: Socket }>;

/** Starts a proxy on 127.0.0.1. */
export const startTcpProxy = async ({ target, port = 0 }: TcpProxyOptions): Promise<TcpProxy> => {
  const [, host, targetPort] = /^(.+):(\d+)$/.exec(target) ?? [];
  if (host === undefined) throw new Error(`A proxy's target is host:port, not '${target}'.`);
  const links = new Set<Link>();
  /** Also of links that have lost one side: a paused socket hears of no end. */
  const sockets = new Set<Socket>();
  let isPaused = false;
  let isRefusing = false;
  let toCut = 0;
  let cutApiKey = kafkaProduceApiKey;
  let cutCount = 0;

  const destroy = (link: Link): void => {
    links.delete(link);
    link.client.destroy();
    link.server.destroy();
  };

  const listener = createServer((client) => {
    if (isRefusing) return void client.destroy();
    const server = connect({ host, port: Number(targetPort) });
    const link: Link = { client, server };
    links.add(link);
    const awaited = new Set<number>();
    let isCutting = false;

    const watchRequests = kafkaFrames((head) => {
      const isWanted = head.length === 8 && head.readInt16BE(0) === cutApiKey;
      if (toCut === 0 || !isWanted) return;
      toCut -= 1;
      awaited.add(head.readInt32BE(4));
    });
    const watchResponses = kafkaFrames((head) => {
      if (awaited.has(head.readInt32BE(0))) isCutting = true;
    });

    client.on('data', (chunk: Buffer) => {
      watchRequests(chunk);
      if (!server.write(chunk)) client.pause();
    });
    server.on('data', (chunk: Buffer) => {
      watchResponses(chunk);
      if (isCutting) {
        cutCount += 1;
        return destroy(link);
      }
      if (!client.write(chunk)) server.pause();
      return undefined;
    });
    server.on('drain', () => isPaused || client.resume());
    client.on('drain', () => isPaused || server.resume());
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => destroy(link));
      // What was sent before the end still has to arrive.
      socket.on('end', () => other.end());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
        links.delete(link);
      });
    }
    if (isPaused) {
      client.pause();
      server.pause();
    }
    return undefined;
  });

  const cut = (): void => links.forEach(destroy);
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, '127.0.0.1', resolve);
  });
  const listening = (listener.address() as AddressInfo).port;

  return {
    port: listening,
    address: `127.0.0.1:${listening}`,
    get openConnections() {
      return links.size;
    },
    get cutCount() {
      return cutCount;
    },
    cut,
    cutResponses: (count, kafkaApiKey = kafkaProduceApiKey) => {
      toCut = count;
      cutApiKey = kafkaApiKey;
    },
    pause: () => {
      isPaused = true;
      links.forEach(({ client, server }) => (client.pause(), server.pause()));
    },
    resume: () => {
      isPaused = false;
      links.forEach(({ client, server }) => (client.resume(), server.resume()));
    },
    refuse: () => {
      isRefusing = true;
      cut();
    },
    allow: () => {
      isRefusing = false;
    },
    stop: async () => {
      cut();
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
};
