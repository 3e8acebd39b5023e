/** The part of ws (which brings no types) that the bare pipeline and the swarm of chargers use. */
declare module 'ws' {
  export class WebSocket {
    constructor(
      url: string,
      protocols: string[],
      options: { headers: Record<string, string>; perMessageDeflate: false },
    );
    on(event: 'message', listener: (data: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'open' | 'close', listener: () => void): this;
    send(text: string): void;
    terminate(): void;
  }
  export class WebSocketServer {
    constructor(
      options: {
        host: string;
        port: number;
        handleProtocols?: (protocols: Set<string>) => string | false;
      },
      listening?: () => void,
    );
    on(event: 'connection', listener: (socket: WebSocket) => void): this;
    address(): { port: number };
    close(): void;
  }
}
