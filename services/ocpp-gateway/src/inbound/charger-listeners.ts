import { constants } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, BlockList, isIPv6, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from '@tallywatt/service-kit';
import type { TlsMaterial } from '../outbound/tls-files';
import { plain, tlsTransport, type Transport } from './client-certificate';
import { ConnectionQuota, type Quota } from './connection-quota';
import type { OcppMetrics } from './ocpp-metrics';
import { refuseSocket } from './refusal';

/** Who connects, and how. */
export type Origin = Readonly<{ remoteAddress: string; transport: Transport }>;

export type Admit = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  origin: Origin,
) => Promise<void>;

export type ListenerParts = Readonly<{
  host: string;
  port: number;
  /** TLS in this process, beside the plain port. */
  tls?: Readonly<{ port: number; material: TlsMaterial; asksForCertificate: boolean }> | undefined;
  /** Addresses and networks (CIDR) of proxies at which TLS ends, and whose word is taken for it. */
  trustedProxies: readonly string[];
  handshakeSeconds: number;
  connections: Quota;
  admit: Admit;
  metrics: OcppMetrics;
  logger: Logger;
}>;

export type ChargerListeners = Readonly<{
  port: number;
  tlsPort: number | undefined;
  /** From now on; open connections keep what they began with. */
  renewTls: (material: TlsMaterial) => void;
  close: () => Promise<void>;
  closeAllConnections: () => void;
}>;

/** The four that the OCPP security white paper wants of a CSMS, the same for RSA keys, TLS 1.3. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
].join(':');

const headerBytesMax = 8 * 1024;
/** A fleet that comes back connects at once; what the queue does not hold, TCP repeats seconds later. */
const backlog = 4_096;

const contextOf = ({ cert, key, clientCas }: TlsMaterial) => ({
  cert,
  key,
  ca: [...clientCas.values()].flat().map((certificate) => certificate.toString()),
  minVersion: 'TLSv1.2' as const,
  ciphers,
  honorCipherOrder: true,
  // A resumed session would not be looked at again: neither its certificate's dates nor its CA.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
});

const proxyList = (entries: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
};

/** What a trusted proxy says of who is behind it; the last entry is the one that it wrote itself. */
const originBehindProxy = ({ headers }: IncomingMessage, proxy: string): Origin => {
  const lastOf = (value: string | string[] | undefined): string =>
    String(value ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? '';
  const isTls = /^(https|wss)$/i.test(lastOf(headers['x-forwarded-proto']));
  return {
    remoteAddress: lastOf(headers['x-forwarded-for']) || proxy,
    transport: isTls ? { kind: 'tls-at-proxy' } : plain,
  };
};

const refuseOverQuota = (socket: Socket): void => {
  refuseSocket(
    socket,
    'HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  );
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

/** The ports that chargers connect to, and what a connection may cost before it says who it is. */
class Listeners {
  private readonly proxies: BlockList;
  private readonly quota: ConnectionQuota;
  /** Chargers behind proxies, by the address that their proxy names. */
  private readonly forwarded: ConnectionQuota;

  constructor(private readonly parts: ListenerParts) {
    this.proxies = proxyList(parts.trustedProxies);
    this.quota = new ConnectionQuota(parts.connections);
    this.forwarded = new ConnectionQuota({ ...parts.connections, total: Infinity });
  }

  get options(): ServerOptions {
    const handshakeMs = this.parts.handshakeSeconds * 1_000;
    return {
      maxHeaderSize: headerBytesMax,
      headersTimeout: handshakeMs,
      requestTimeout: handshakeMs,
      handshakeTimeout: handshakeMs,
      connectionsCheckingInterval: Math.min(1_000, handshakeMs),
    };
  }

  private isProxy(address: string): boolean {
    return this.proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  private count(socket: Socket, isTls: boolean): void {
    const address = socket.remoteAddress ?? '';
    // Many chargers come through one proxy; they are counted when it has named them. To the TLS port
    // chargers come themselves, from whichever network: nobody's word is taken there.
    const isNamedLater = !isTls && this.isProxy(address);
    const place = this.quota.take(isNamedLater ? `${address} ${socket.remotePort}` : address);
    if (typeof place === 'function') {
      socket.once('close', place);
    } else {
      this.parts.metrics.limitReached(place);
      socket.destroy();
    }
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { admit, logger, metrics } = this.parts;
    // A socket that fails without a listener would end the process.
    socket.on('error', (error) => logger.debug({ err: error }, 'handshake socket failed'));
    const address = socket.remoteAddress ?? '';
    let origin: Origin = {
      remoteAddress: address,
      transport: socket instanceof TLSSocket ? tlsTransport(socket) : plain,
    };
    if (origin.transport.kind === 'plain' && this.isProxy(address)) {
      origin = originBehindProxy(request, address);
      const place = this.forwarded.take(origin.remoteAddress);
      if (typeof place !== 'function') {
        metrics.limitReached(place);
        return refuseOverQuota(socket);
      }
      socket.once('close', place);
    }
    admit(request, socket, head, origin).catch((error: unknown) => {
      logger.error({ err: error }, 'handshake failed');
      refuseSocket(socket, 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    });
  }

  wire(server: Server, isTls = false): Server {
    server.on('connection', (socket: Socket) => this.count(socket, isTls));
    server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', 'content-type': 'text/plain' });
      response.end('OCPP is spoken here over WebSocket, at /ocpp/<chargePointId>');
    });
    server.on('clientError', (error: Error & { code?: string }, socket) => {
      const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      if (isLate) this.parts.metrics.limitReached('handshake-time');
      const status = isLate ? '408 Request Timeout' : '400 Bad Request';
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
      else socket.destroy();
    });
    server.on('tlsClientError', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') {
        this.parts.metrics.limitReached('handshake-time');
      }
      this.parts.logger.debug({ err: error }, 'TLS handshake failed');
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
    return server;
  }
}

/** Listens for chargers, on the plain port and, where there is a certificate, with TLS beside it. */
export const listenForChargers = async (parts: ListenerParts): Promise<ChargerListeners> => {
  const { host, tls } = parts;
  const listeners = new Listeners(parts);
  const server = listeners.wire(createServer(listeners.options));
  const port = await listen(server, parts.port, host);
  const tlsServer =
    tls === undefined
      ? undefined
      : createTlsServer({
          ...listeners.options,
          ...contextOf(tls.material),
          requestCert: tls.asksForCertificate,
          // Judged in the handshake: a charger of profile 2 has none.
          rejectUnauthorized: false,
        });
  let tlsPort: number | undefined;
  if (tlsServer !== undefined && tls !== undefined) {
    tlsPort = await listen(listeners.wire(tlsServer, true), tls.port, host);
  }
  const servers: Server[] = tlsServer === undefined ? [server] : [server, tlsServer];
  return {
    port,
    tlsPort,
    renewTls: (material) => tlsServer?.setSecureContext(contextOf(material)),
    close: async () => {
      await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
    },
    closeAllConnections: () => servers.forEach((one) => one.closeAllConnections()),
  };
};
