import { createServer, type Server } from 'node:http';
import { RPCServer } from 'ocpp-rpc';
import { pause } from '../station-clock';
import type { SessionCharged, SessionOutcome } from '../session-terms';

export type Params = Record<string, unknown>;
export type Call = Readonly<{ messageId: string; action: string; params: Params }>;
type Client = {
  handle(
    handler: (call: { messageId?: string; method?: string; params?: Params }) => Promise<Params>,
  ): void;
  call(action: string, params: Params): Promise<unknown>;
  close(options: { force: boolean }): Promise<unknown>;
  on(event: string, listener: (detail: { error: Error }) => void): void;
};

// Below the ports of outgoing connections: who dials one of those again and again while nobody listens
// there can be connected to itself, and the server then cannot come back.
const anyPort = (): number => 10_000 + Math.floor(Math.random() * 10_000);

/** False if somebody else is there. */
const isListening = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });

const versions = ['ocpp1.6', 'ocpp2.0.1'];

/** A server that checks every frame against the OCPP schemas and writes down what it got. */
export class RecordingServer {
  readonly calls: Call[] = [];
  readonly violations: string[] = [];
  /** Decides about a call before the usual answer: throw to refuse, return to answer otherwise. */
  meddle: (call: Call) => Params | undefined | Promise<undefined> = () => undefined;
  private http: Server | undefined;
  private clients: Client[] = [];
  private port = anyPort();
  private readonly transactionIds = new Map<string, number>();

  async listen(): Promise<void> {
    const rpc = new RPCServer({ protocols: versions, strictMode: versions });
    rpc.auth((accept, reject, handshake) => {
      if (handshake.identity === 'CP-LOCKED' && handshake.password?.toString() !== 'secret') {
        return reject(401, 'Unauthorized');
      }
      return accept({});
    });
    rpc.on('client', (client: Client) => this.welcome(client));
    const http = createServer();
    http.on('upgrade', (request, socket, head) => {
      rpc.handleUpgrade(request, socket as never, head).catch(() => socket.destroy());
    });
    while (!(await isListening(http, this.port))) this.port = anyPort();
    this.http = http;
  }

  /** As kill -9 looks from outside: sockets reset, nobody listening. */
  async die(): Promise<void> {
    const closed = new Promise((resolve) => this.http?.close(resolve));
    for (const client of this.clients.splice(0)) void client.close({ force: true });
    await closed;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ocpp`;
  }

  actions(): string[] {
    return this.calls.map(({ action, params }) =>
      action === 'StatusNotification'
        ? String(params['status'] ?? params['connectorStatus'])
        : action,
    );
  }

  of(action: string): Params[] {
    return this.calls.filter((call) => call.action === action).map(({ params }) => params);
  }

  async command(action: string, params: Params): Promise<unknown> {
    const client = this.clients.at(-1);
    if (!client) throw new Error('no charger is connected');
    return client.call(action, params);
  }

  async saw(action: string, times = 1): Promise<void> {
    for (
      let waited = 0;
      this.actions().filter((one) => one === action).length < times;
      waited += 5
    ) {
      if (waited > 60_000) throw new Error(`${action} not seen in: ${this.actions().join(', ')}`);
      await pause(5);
    }
  }

  private welcome(client: Client): void {
    this.clients.push(client);
    client.on('strictValidationFailure', ({ error }) => this.violations.push(error.message));
    client.handle(async ({ messageId, method, params }) => {
      const call = { messageId: messageId ?? '', action: method ?? '', params: params ?? {} };
      this.calls.push(call);
      return (await this.meddle(call)) ?? this.answer(call);
    });
  }

  private answer({ action, params }: Call): Params {
    switch (action) {
      case 'BootNotification':
        return { status: 'Accepted', currentTime: new Date(0).toISOString(), interval: 300 };
      case 'Heartbeat':
        return { currentTime: new Date(0).toISOString() };
      case 'Authorize':
        return params['idToken'] === undefined ? acceptedTag : acceptedToken;
      case 'StopTransaction':
        return acceptedTag;
      case 'TransactionEvent':
        return params['idToken'] === undefined ? {} : acceptedToken;
      case 'StartTransaction': {
        // As our gateway does: the same start, resent, gets the same transaction id.
        const fingerprint = JSON.stringify(params);
        const known = this.transactionIds.get(fingerprint) ?? this.transactionIds.size + 1001;
        this.transactionIds.set(fingerprint, known);
        return { transactionId: known, idTagInfo: { status: 'Accepted' } };
      }
      default:
        return {};
    }
  }
}

const acceptedTag = { idTagInfo: { status: 'Accepted' } };
const acceptedToken = { idTokenInfo: { status: 'Accepted' } };

export const charged = (outcome: SessionOutcome): SessionCharged => {
  if (!outcome.started) throw new Error(`declined: ${outcome.authorizeStatus}`);
  return outcome;
};

export const withoutHeartbeats = (server: RecordingServer) =>
  server.actions().filter((action) => action !== 'Heartbeat');

type Sampled = { value: string; measurand: string; context: string };
type Metered = { timestamp: string; sampledValue: Sampled[] };

const meteredOf = (params: Params): Metered => {
  const [first] = params['meterValue'] as Metered[];
  if (!first) throw new Error('MeterValues without a value');
  return first;
};

export const sampleOf = (params: Params, measurand: string): string =>
  meteredOf(params).sampledValue.find((sample) => sample.measurand === measurand)?.value ?? '';

export const readingOf = (params: Params) => {
  const { timestamp, sampledValue } = meteredOf(params);
  return {
    at: timestamp,
    wh: BigInt(sampleOf(params, 'Energy.Active.Import.Register')),
    context: sampledValue[0]?.context,
  };
};
