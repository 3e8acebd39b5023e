/** The part of ws (which brings no types) that the bare pipeline uses. */
declare module 'ws' {
  export class WebSocket {
    on(event: 'message', listener: (data: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    send(text: string): void;
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
