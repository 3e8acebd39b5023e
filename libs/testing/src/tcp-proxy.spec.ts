import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually';
import { type TcpProxy, startTcpProxy } from './tcp-proxy';

/** Api key, api version, correlation id and four bytes of something. */
const request = (apiKey: number, correlationId: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32BE(12, 0);
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt32BE(correlationId, 8);
  return bytes;
};

/** A server that answers each such request with its correlation id, and remembers them. */
const startServer = async (seen: number[]): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += 16) {
        seen.push(chunk.readInt32BE(at + 8));
        const answer = Buffer.alloc(8);
        answer.writeInt32BE(4, 0);
        answer.writeInt32BE(chunk.readInt32BE(at + 8), 4);
        socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

describe('the proxy', () => {
  const seen: number[] = [];
  let server: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = await startServer(seen);
    const { port } = server.address() as AddressInfo;
    proxy = await startTcpProxy({ target: `127.0.0.1:${port}` });
  });
  afterEach(async () => {
    clients.splice(0).forEach((client) => client.destroy());
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const dial = async () => {
    const socket = connect({ host: '127.0.0.1', port: proxy.port });
    clients.push(socket);
    const answers: number[] = [];
    let isClosed = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += 8) answers.push(chunk.readInt32BE(at + 4));
    });
    socket.on('close', () => (isClosed = true));
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    return { socket, answers, isClosed: () => isClosed };
  };

  it('passes bytes in both directions', async () => {
    const { socket, answers } = await dial();
    socket.write(Buffer.concat([request(0, 1), request(3, 2)]));
    await eventually(() => expect(answers).toEqual([1, 2]));
  });

  it('cuts what is open and lets the next through', async () => {
    const first = await dial();
    await eventually(() => expect(proxy.openConnections).toBe(1));
    proxy.cut();
    await eventually(() => expect(first.isClosed()).toBe(true));
    const second = await dial();
    second.socket.write(request(0, 3));
    await eventually(() => expect(second.answers).toEqual([3]));
  });

  it('lets a request through, swallows its answer and cuts the connection', async () => {
    proxy.cutResponses(1);
    const first = await dial();
    first.socket.write(request(3, 1));
    await eventually(() => expect(first.answers).toEqual([1]));
    first.socket.write(request(0, 2));
    await eventually(() => expect(first.isClosed()).toBe(true));
    expect(first.answers).toEqual([1]);
    expect(seen).toEqual([1, 2]);
    expect(proxy.cutCount).toBe(1);
    const second = await dial();
    second.socket.write(request(0, 3));
    await eventually(() => expect(second.answers).toEqual([3]));
  });

  it('holds bytes back while paused, on old and new connections', async () => {
    const old = await dial();
    await eventually(() => expect(proxy.openConnections).toBe(1));
    proxy.pause();
    const fresh = await dial();
    old.socket.write(request(0, 1));
    fresh.socket.write(request(0, 2));
    await sleep(100);
    expect(seen).toEqual([]);
    proxy.resume();
    await eventually(() => expect([...old.answers, ...fresh.answers]).toEqual([1, 2]));
  });

  it('refuses until it allows again', async () => {
    proxy.refuse();
    const refused = await dial();
    await eventually(() => expect(refused.isClosed()).toBe(true));
    proxy.allow();
    const { socket, answers } = await dial();
    socket.write(request(0, 1));
    await eventually(() => expect(answers).toEqual([1]));
  });

  it('ends the side it has held back when the other one is gone, and stops', async () => {
    const deaf: Socket[] = [];
    const target = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pause(); // it never reads, so the proxy stops reading from the client
      deaf.push(socket);
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo;
    const before = await startTcpProxy({ target: `127.0.0.1:${port}` });
    const client = connect({ host: '127.0.0.1', port: before.port });
    client.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    client.write(Buffer.alloc(64 * 1024 * 1024));
    await eventually(() => expect(deaf).toHaveLength(1));
    await sleep(200);
    deaf[0]?.destroy();
    await closed;
    await before.stop();
    await new Promise((resolve) => target.close(resolve));
  });

  it('refuses a target that is no address', () =>
    expect(startTcpProxy({ target: 'broker' })).rejects.toThrow("host:port, not 'broker'"));
});
