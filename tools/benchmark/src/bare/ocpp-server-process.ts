import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { RPCServer } from 'ocpp-rpc';

// A bare ocpp-rpc server that checks schemas and knows nothing: what OCPP itself costs in Node.js.

/** Registered by hand, because ocpp-rpc's types know less than its server-side client has. */
type Peer = Readonly<{
  handle: (action: string, handler: () => object) => void;
  on: (event: 'socketError', listener: () => void) => void;
}>;

const idTagInfo = { status: 'Accepted' };
const answers: Readonly<Record<string, () => object>> = {
  Authorize: () => ({ idTagInfo }),
  BootNotification: () => ({
    status: 'Accepted',
    currentTime: new Date().toISOString(),
    interval: 300,
  }),
  StatusNotification: () => ({}),
  StartTransaction: () => ({ idTagInfo, transactionId: 1 }),
  StopTransaction: () => ({ idTagInfo }),
};

const rpc = new RPCServer({
  protocols: ['ocpp1.6'],
  strictMode: true,
  wssOptions: { perMessageDeflate: false },
});
rpc.auth((accept) => accept({}, 'ocpp1.6'));
rpc.on('client', (peer: Peer) => {
  peer.on('socketError', () => undefined);
  for (const [action, answer] of Object.entries(answers)) peer.handle(action, answer);
});
const server = createServer();
server.on(
  'upgrade',
  (request, socket: Socket, head) => void rpc.handleUpgrade(request, socket, head),
);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.send?.({ ready: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit(0));
