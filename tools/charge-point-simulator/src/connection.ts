import { createRPCError, RPCClient } from 'ocpp-rpc';
import type { Backoff } from './backoff';
import type { Payload } from './message-lane';
import { pause } from './station-clock';

/** Answers one kind of call from the server. */
export type CommandHandler = (params: Payload) => Payload | Promise<Payload>;

/** The server answered the WebSocket handshake with an HTTP status instead of a connection. */
export class HandshakeRefused extends Error {
  constructor(
    readonly chargePointId: string,
    readonly statusCode: number,
    statusText: string,
  ) {
    super(`charge point ${chargePointId}: handshake refused with ${statusCode} ${statusText}`);
    this.name = 'HandshakeRefused';
  }
}

export type ConnectionSetting = Readonly<{
  /** Address without the charge point id, e.g. `ws://127.0.0.1:9310/ocpp`. */
  url: string;
  id: string;
  password: string | undefined;
  /** The WebSocket subprotocol, e.g. `ocpp1.6`. */
  protocol: string;
  callTimeoutMs: number;
  backoff: Backoff;
  commands: ReadonlyMap<string, CommandHandler>;
  onOpen: () => void;
  onLost: () => void;
  log: (event: string, detail: Payload) => void;
}>;

/**
 * The one WebSocket of a charger. Once it has been open it is dialled again, for ever and with
 * back-off, until it is closed here.
 */
export class Connection {
  private client: RPCClient | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly setting: ConnectionSetting) {}

  get isOpen(): boolean {
    return this.client?.state === RPCClient.OPEN;
  }

  /**
   * Dials for the first time. A server that is not there yet is tried again for `patienceMs` real
   * milliseconds; one that refuses (wrong password, unknown charger) is an error at once.
   */
  async open(patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.dial();
      } catch (error) {
        const refused = error instanceof HandshakeRefused && error.statusCode < 500;
        if (refused || performance.now() > deadline || this.closing.signal.aborted) throw error;
        this.setting.log('connect-failed', { reason: reasonOf(error) });
        await pause(this.setting.backoff.delayMs(failures), this.closing.signal);
      }
    }
  }

  /** Sends a call and waits for its result; rejects on CALLERROR, time-out or lost connection. */
  async call(action: string, payload: Payload): Promise<Payload> {
    if (!this.client) throw new Error('not connected');
    this.setting.log('sent', { action, payload });
    const answer = (await this.client.call(action, payload)) as Payload;
    this.setting.log('answered', { action, answer });
    return answer;
  }

  /** Breaks the socket as a dead line would; it is dialled again. */
  cut(): void {
    void this.client?.close({ force: true });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.client?.close({ code: 1000, reason: 'charger switched off' });
  }

  private async dial(): Promise<void> {
    const { setting } = this;
    const client = new RPCClient({
      endpoint: setting.url,
      identity: setting.id,
      password: setting.password ?? null,
      protocols: [setting.protocol],
      callTimeoutMs: setting.callTimeoutMs,
      callConcurrency: 1,
      pingIntervalMs: 10_000,
      deferPingsOnActivity: false,
      reconnect: false,
      maxReconnects: 0,
      backoff: { initialDelay: 1000, maxDelay: 10_000, factor: 2, randomisationFactor: 0 },
      // What we send is checked by the server, so that a misbehaving charger can exist at all.
      strictMode: false,
      strictModeValidators: [],
      respondWithDetailedErrors: false,
      maxBadMessages: Number.POSITIVE_INFINITY,
      wsOpts: { handshakeTimeout: setting.callTimeoutMs },
      headers: {},
    });
    client.handle(({ method, params }) => this.obey(method ?? '', params ?? {}));
    // The reason follows in the close event; an error without a listener would end the process.
    client.on('socketError', (error: Error) =>
      setting.log('socket-error', { reason: error.message }),
    );
    try {
      await client.connect();
    } catch (error) {
      throw handshakeRefusal(setting.id, error) ?? error;
    }
    if (this.closing.signal.aborted) {
      await client.close();
      return;
    }
    this.client = client;
    client.once('close', () => this.lose());
    // The socket may have gone before the listener was there.
    if (client.state !== RPCClient.OPEN) return this.lose();
    setting.log('connected', {});
    setting.onOpen();
  }

  private lose(): void {
    this.client = undefined;
    this.setting.log('disconnected', {});
    this.setting.onLost();
    if (!this.closing.signal.aborted) void this.redial();
  }

  private async redial(): Promise<void> {
    for (let failures = 1; !this.closing.signal.aborted; failures += 1) {
      await pause(this.setting.backoff.delayMs(failures), this.closing.signal);
      if (this.closing.signal.aborted) return;
      try {
        return await this.dial();
      } catch (error) {
        this.setting.log('reconnect-failed', { reason: reasonOf(error) });
      }
    }
  }

  private async obey(method: string, params: Payload): Promise<Payload> {
    this.setting.log('command', { action: method, payload: params });
    const handler = this.setting.commands.get(method);
    if (!handler) {
      throw createRPCError('NotImplemented', `${method} is not implemented`, {}) as Error;
    }
    return handler(params);
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

const handshakeRefusal = (id: string, error: unknown): HandshakeRefused | undefined => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number'
    ? new HandshakeRefused(id, code, (error as Error).message)
    : undefined;
};
