import { RPCClient } from 'ocpp-rpc';
import type { Json, Subprotocol } from './corpus-case';

export type SocketSetting = Readonly<{
  /** Address without the charge point id, e.g. `ws://127.0.0.1:9310/ocpp`. */
  url: string;
  chargePointId: string;
  password: string | undefined;
  protocol: Subprotocol;
  /** How long an answer may take, in milliseconds. */
  patienceMs: number;
}>;

/** CALLRESULT or CALLERROR. */
export type AnswerFrame = readonly [3, string, Json] | readonly [4, string, string, ...Json[]];

type Waiting = Readonly<{
  isFor: (messageId: string) => boolean;
  settle: (frame: AnswerFrame) => void;
  fail: (error: Error) => void;
}>;

/**
 * The WebSocket of a charger that may say anything at all. Answers are matched by their message id and
 * nothing is checked; calls of the server are answered NotImplemented.
 */
export class RawSocket {
  private waiting: Waiting[] = [];
  private isOver = false;

  private constructor(
    private readonly client: RPCClient,
    private readonly patienceMs: number,
  ) {}

  static async open(setting: SocketSetting): Promise<RawSocket> {
    const client = new RPCClient({
      endpoint: setting.url,
      identity: setting.chargePointId,
      protocols: [setting.protocol],
      password: setting.password ?? null,
      reconnect: false,
      strictMode: false,
      maxBadMessages: Number.POSITIVE_INFINITY,
      wsOpts: { handshakeTimeout: setting.patienceMs },
    } as unknown as ConstructorParameters<typeof RPCClient>[0]);
    const socket = new RawSocket(client, setting.patienceMs);
    client.on('message', ({ message, outbound }: { message: unknown; outbound: boolean }) => {
      if (!outbound) socket.hear(String(message));
    });
    // The reason follows in the close event; an error without a listener would end the process.
    client.on('socketError', () => {});
    await client.connect();
    client.once('close', () => socket.end());
    return socket;
  }

  /** Sends text; resolves with the first answer to one of these messages. */
  ask(text: string, isFor: (messageId: string) => boolean): Promise<AnswerFrame> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => waiting.fail(new Error(`no answer within ${this.patienceMs} ms`)),
        this.patienceMs,
      );
      const leave = (): void => {
        clearTimeout(timer);
        this.waiting = this.waiting.filter((other) => other !== waiting);
      };
      const waiting: Waiting = {
        isFor,
        settle: (frame) => (leave(), resolve(frame)),
        fail: (error) => (leave(), reject(error)),
      };
      this.waiting.push(waiting);
      if (this.isOver) waiting.fail(new Error('the server has closed the connection'));
      else this.tell(text);
    });
  }

  /** Sends text to which no answer is expected. */
  tell(text: string): void {
    this.client.sendRaw(text);
  }

  async close(how: 'close' | 'cut'): Promise<void> {
    await this.client.close(how === 'cut' ? { force: true } : { code: 1000, reason: '' });
  }

  private hear(text: string): void {
    const frame = JSON.parse(text) as AnswerFrame | readonly [2, string, string, Json];
    if (frame[0] === 2) return;
    this.waiting.find(({ isFor }) => isFor(frame[1]))?.settle(frame);
  }

  private end(): void {
    this.isOver = true;
    for (const { fail } of [...this.waiting]) fail(new Error('the connection was closed'));
  }
}
