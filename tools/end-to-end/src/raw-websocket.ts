import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';

export type RefusedHandshake = Readonly<{ status: number; body: string }>;
export type FrameIn = Readonly<{ opcode: number; payload: Buffer }>;

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A client frame as RFC 6455 section 5.2 has it, masked, in one piece. */
export const encodeFrame = (opcode: number, payload: Buffer, mask: Buffer): Buffer => {
  const { length } = payload;
  const head = [0x80 | opcode];
  if (length < 126) head.push(0x80 | length);
  else if (length < 65_536) head.push(0x80 | 126, length >> 8, length & 0xff);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
    head.push(0x80 | 127, ...size);
  }
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from(head), mask, masked]);
};

/** Reads the first whole server frame (unmasked); undefined while it is not all there. */
export const decodeFrame = (
  bytes: Buffer,
): Readonly<{ frame: FrameIn; rest: Buffer }> | undefined => {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < headLength) return undefined;
  const length =
    short === 126
      ? bytes.readUInt16BE(2)
      : short === 127
        ? Number(bytes.readBigUInt64BE(2))
        : short;
  const end = headLength + length;
  if (bytes.length < end) return undefined;
  return {
    frame: { opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(headLength, end) },
    rest: bytes.subarray(end),
  };
};

/** A WebSocket that sends whatever it is told to, also what no library would. */
export class RawWebSocket {
  private received: Buffer = Buffer.alloc(0);
  private readonly messages: string[] = [];
  private closeCode: number | undefined;
  private isEnded = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly socket: Duplex,
    head: Buffer,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
    if (head.length > 0) this.take(head);
  }

  send(text: string): void {
    this.sendFrame('text', Buffer.from(text));
  }

  sendFrame(kind: keyof typeof opcodes, payload: Buffer): void {
    this.socket.write(encodeFrame(opcodes[kind], payload, randomBytes(4)));
  }

  /** The next text message. @throws when none comes in time, or the connection ends. */
  async next(timeoutMs = 60_000): Promise<string> {
    const message = await this.wait(() => this.messages.shift(), timeoutMs);
    if (message === undefined) throw new Error(`closed with ${this.closeCode ?? 'no code'}`);
    return message;
  }

  /** Sends an OCPP CALL and returns what was answered, as an array. */
  async call(action: string, payload: unknown, messageId = randomBytes(8).toString('hex')) {
    this.send(JSON.stringify([2, messageId, action, payload]));
    return JSON.parse(await this.next()) as unknown[];
  }

  /** Waits until the server has closed; the close code, or undefined when it gave none. */
  async closed(timeoutMs = 60_000): Promise<number | undefined> {
    await this.wait(() => (this.closeCode === undefined ? undefined : true), timeoutMs);
    return this.closeCode;
  }

  end(): void {
    this.socket.destroy();
  }

  private async wait<T>(look: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined || this.isEnded) return found;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`nothing was received within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    for (let next = decodeFrame(this.received); next; next = decodeFrame(this.received)) {
      const { frame, rest } = next;
      this.received = rest;
      if (frame.opcode === opcodes.text) this.messages.push(frame.payload.toString());
      if (frame.opcode === opcodes.ping) this.sendFrame('pong', frame.payload);
      if (frame.opcode === opcodes.close) {
        this.closeCode = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
        this.sendFrame('close', frame.payload.subarray(0, 2));
      }
    }
    this.wake();
  }
}

export type Handshake = Readonly<{
  /** The server, e.g. `ws://127.0.0.1:9310`. */
  origin: string;
  path: string;
  subprotocol?: string;
  basic?: Readonly<{ user: string; password: string }>;
}>;

/** Asks for a WebSocket: one is opened, or the refusal is returned as it came. */
export const handshake = (wanted: Handshake): Promise<RawWebSocket | RefusedHandshake> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(wanted.origin);
    const { basic, subprotocol, path } = wanted;
    const asked = request({
      hostname,
      port,
      path,
      timeout: 60_000,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...(subprotocol === undefined ? {} : { 'sec-websocket-protocol': subprotocol }),
        ...(basic === undefined
          ? {}
          : {
              authorization: `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`,
            }),
      },
    });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer to the handshake`)));
    asked.on('upgrade', (_response, socket, head) => resolve(new RawWebSocket(socket, head)));
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    asked.end();
  });
