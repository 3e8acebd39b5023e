import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from './account';
import { Api } from './api';
import { VirtualClock } from './clock';
import { ControlError, clockReading, moveClock, plantFault, summary } from './control';
import { FaultList } from './faults';
import { addFixedWebhooks } from './resources/webhook-endpoint';
import { settingsFrom, type StripeSandboxOptions } from './settings';
import { StateJournal } from './state-journal';
import { Store } from './store';
import { runDue } from './timers';
import { WebhookDelivery } from './webhook-delivery';

const tickMs = 200;
const bodyLimitBytes = 1_000_000;
const settleWebhooksMs = 10_000;

/** A sandbox that accepts connections. */
export interface RunningSandbox {
  port: number;
  url: string;
  stop(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new ControlError('the request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const send = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body, null, 2));
};

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const parsedBody = (text: string): Record<string, unknown> => {
  try {
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // Answered below like any other body that is not an object.
  }
  throw new ControlError('the body must be a JSON object');
};

/** The sandbox's own endpoints under `/_sandbox/`. */
const answerControl = async (
  account: Account,
  deliveries: WebhookDelivery,
  method: string,
  path: string,
  text: string,
): Promise<object | undefined> => {
  switch (`${method} ${path.slice('/_sandbox'.length)}`) {
    case 'GET /health':
      return { status: 'ok' };
    case 'GET /clock':
      return clockReading(account);
    case 'POST /clock':
      moveClock(account, parsedBody(text));
      await deliveries.settle(settleWebhooksMs);
      return clockReading(account);
    case 'GET /faults':
      return { faults: account.faults.all(), happened: account.faults.happened() };
    case 'POST /faults':
      return plantFault(account, parsedBody(text));
    case 'DELETE /faults':
      account.faults.clear();
      return { faults: [] };
    case 'GET /summary':
      runDue(account);
      return summary(account);
    default:
      return undefined;
  }
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const accountOf = (options: StripeSandboxOptions): Account => {
  const settings = settingsFrom(options);
  const directory = options.stateDirectory;
  const store = new Store(directory === undefined ? undefined : new StateJournal(directory));
  const clock = new VirtualClock(store, options.clockOffsetSeconds ?? 0);
  const account = { store, clock, settings, faults: new FaultList(), request: null };
  store.transaction(() => addFixedWebhooks(account, options.webhooks ?? []));
  return account;
};

const openAccount = (options: StripeSandboxOptions, giveUp: () => void): Account => {
  try {
    return accountOf(options);
  } catch (error) {
    giveUp();
    throw error;
  }
};

/** Starts a Stripe account on loopback; resolves when it accepts requests. */
export const startStripeSandbox = async (
  options: StripeSandboxOptions,
): Promise<RunningSandbox> => {
  const { host } = settingsFrom(options);
  const server = createServer();
  // The port is taken before the state is read: a second sandbox on the same one fails here.
  const port = await listen(server, options.port, host);
  // Longer than clients keep idle connections, so that none is closed under a request on its way.
  server.keepAliveTimeout = 75_000;
  const account = openAccount(options, () => server.close());
  const api = new Api(account);
  const deliveries = new WebhookDelivery(account);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
    const method = request.method ?? 'GET';
    const text = await bodyOf(request);
    if (path.startsWith('/_sandbox/')) {
      const body = await answerControl(account, deliveries, method, path, text);
      if (body === undefined) send(response, 404, { error: `no such endpoint: ${path}` });
      else send(response, 200, body);
      return;
    }
    const answer = await api.answer({
      method,
      path,
      form: method === 'POST' ? text : query,
      authorization: header(request, 'authorization'),
      version: header(request, 'stripe-version'),
      idempotencyKey: header(request, 'idempotency-key'),
    });
    deliveries.pump();
    if (answer.silenceMilliseconds === undefined) {
      send(response, answer.status, answer.body, answer.headers);
    } else {
      setTimeout(() => request.socket.destroy(), answer.silenceMilliseconds).unref();
    }
  };

  server.on('request', (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const isOurs = error instanceof ControlError;
      if (!isOurs) console.error('stripe-sandbox failed', error);
      if (!response.headersSent) {
        send(response, isOurs ? 400 : 500, { error: isOurs ? error.message : 'internal error' });
      }
    });
  });

  const tick = setInterval(() => {
    try {
      runDue(account);
    } catch (error) {
      // Its transaction was undone; the next tick tries again and says so again.
      console.error('stripe-sandbox failed on what was due', error);
    }
    deliveries.pump();
  }, tickMs);

  return {
    port,
    url: `http://${host}:${port}`,
    stop: async () => {
      clearInterval(tick);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await deliveries.stop();
      await closed;
      account.store.close();
    },
  };
};
