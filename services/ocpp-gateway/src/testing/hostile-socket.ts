import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { password } from './gateway-stage';

/** How a WebSocket frame is laid out, rightly or not (RFC 6455, section 5.2). */
export type FrameShape = Readonly<{
  opcode?: number;
  isFinal?: boolean;
  isMasked?: boolean;
  /** What the header says, where that is not the length of the payload. */
  claimedBytes?: number;
}>;

const lengthField = (bytes: number, maskBit: number): Buffer => {
  if (bytes < 126) return Buffer.from([maskBit | bytes]);
  const field = Buffer.alloc(bytes < 65_536 ? 3 : 9);
  field[0] = maskBit | (bytes < 65_536 ? 126 : 127);
  if (bytes < 65_536) field.writeUInt16BE(bytes, 1);
  else field.writeBigUInt64BE(BigInt(bytes), 1);
  return field;
};

const encodeFrame = (payload: Buffer, shape: FrameShape): Buffer => {
  const { opcode = 1, isFinal = true, isMasked = true, claimedBytes = payload.length } = shape;
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([
    Buffer.from([(isFinal ? 0x80 : 0) | opcode]),
    lengthField(claimedBytes, isMasked ? 0x80 : 0),
    ...(isMasked ? [mask, masked] : [payload]),
  ]);
};

/** A charger's line without a WebSocket library, so that it can break the protocol anywhere. */
export class HostileSocket {
  private isOver = false;
  private received = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('close', () => (this.isOver = true));
  }

  /** Connects and asks for the WebSocket; resolves when there was an answer, whatever it was. */
  static open(port: number, identity: string, protocol: string): Promise<HostileSocket> {
    const socket = connect(port, '127.0.0.1');
    const hostile = new HostileSocket(socket);
    const credentials = Buffer.from(`${identity}:${password}`).toString('base64');
    socket.write(
      `GET /ocpp/${identity} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Protocol: ${protocol}\r\nAuthorization: Basic ${credentials}\r\n\r\n`,
    );
    return new Promise((resolve) => {
      socket.once('close', () => resolve(hostile));
      socket.once('data', () => {
        socket.on('data', (chunk) => (hostile.received += chunk.length));
        resolve(hostile);
      });
    });
  }

  get isClosed(): boolean {
    return this.isOver;
  }

  /** Answers of the server so far, in bytes. */
  get receivedBytes(): number {
    return this.received;
  }

  say(payload: string | Buffer, shape: FrameShape = {}): void {
    this.write(encodeFrame(Buffer.from(payload as string), shape));
  }

  write(bytes: Buffer | string): void {
    if (!this.isOver) this.socket.write(bytes);
  }

  /** Leaves answers where they are, so that the server has to keep them. */
  stopReading(): void {
    this.socket.pause();
  }

  cut(): void {
    this.socket.destroy();
  }
}
